from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest

from segmentation import CombCells, Page, WritingStyle, as_line, segment_page
from segmentation.cells import CellParams, find_cells, mark_written
from segmentation.types import Box
from tests.unit.segmentation.conftest import PARAMS
from tests.unit.segmentation.test_fields import crop_of

CELLS = CellParams()
HEIGHT, LEFT, TOP, TALL, FOOT = 240, 100, 60, 100, 160
WALLS = tuple(range(LEFT, LEFT + 9 * 80, 80))  # eight cells


def box_around(walls, *, off_px=0):
    return Box(
        x_px=walls[0] + off_px,
        y_px=TOP + off_px,
        width_px=walls[-1] - walls[0] - 2 * off_px,
        height_px=TALL - 2 * off_px,
    )


def shared_walls(walls, *, top=TOP):
    """Draw cells that share their walls, or from further down, ticks on a line."""
    printed = np.zeros((HEIGHT, walls[-1] + 100), np.uint8)
    for wall in walls:
        cv2.line(printed, (wall, top), (wall, FOOT), 255, 3)
    cv2.line(printed, (walls[0], FOOT), (walls[-1], FOOT), 255, 3)
    return printed


def boxes_apart(walls, *, room=9):
    printed = np.zeros((HEIGHT, walls[-1] + 100), np.uint8)
    for left, right in itertools.pairwise(walls):
        cv2.rectangle(printed, (left + room, TOP), (right - room, FOOT), 255, 3)
    return printed


def letters_in(walls, numbers):
    """Draw a letter into each of some cells: (h, w), 255 on ink."""
    own = np.zeros((HEIGHT, walls[-1] + 100), np.uint8)
    for number in numbers:
        middle = (walls[number] + walls[number + 1]) // 2
        cv2.rectangle(own, (middle - 15, TOP + 20), (middle + 15, FOOT - 20), 255, 4)
    return own


@pytest.mark.parametrize("off_px", [-10, 0, 6])
@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(shared_walls, id="shared-walls"),
        pytest.param(boxes_apart, id="boxes-apart"),
        pytest.param(lambda walls: shared_walls(walls, top=FOOT - 30), id="ticks-on-a-line"),
    ],
)
def test_the_walls_of_a_comb_are_found_however_it_is_drawn_and_its_box(draw, off_px):
    found = find_cells(draw(WALLS), box_around(WALLS, off_px=off_px), CELLS)

    assert len(found) == len(WALLS)
    assert np.abs(np.subtract(found, WALLS)).max() <= 10


def test_a_wall_that_is_not_printed_is_known_by_the_others():
    found = find_cells(shared_walls(WALLS[:3] + WALLS[4:]), box_around(WALLS), CELLS)

    assert len(found) == len(WALLS)


@pytest.mark.parametrize(
    "printed",
    [
        pytest.param(shared_walls(WALLS[::8]), id="one-box"),
        pytest.param(shared_walls((100, 190, 300, 345, 470, 600, 740)), id="uneven"),
        pytest.param(boxes_apart(WALLS, room=20), id="boxes-as-far-apart-as-wide"),
        pytest.param(boxes_apart(WALLS, room=17), id="boxes-far-apart"),
        pytest.param(np.zeros((HEIGHT, 840), np.uint8), id="nothing"),
        pytest.param(np.full((HEIGHT, 840), 255, np.uint8), id="all-print"),
    ],
)
def test_what_has_no_even_walls_has_no_cells(printed):
    assert find_cells(printed, box_around(WALLS), CELLS) == ()


def test_a_box_too_narrow_for_cells_has_none():
    narrow = Box(x_px=10, y_px=TOP, width_px=20, height_px=TALL)

    assert find_cells(np.zeros((HEIGHT, 60), np.uint8), narrow, CELLS) == ()


def test_a_cell_is_written_in_where_a_letter_stands_and_not_where_a_neighbour_leans_in():
    own = letters_in(WALLS, [0, 2, 3])
    own[TOP + 40 : TOP + 44, WALLS[4] - 10 : WALLS[4] + 12] = 255  # the arm of the last letter
    own[TOP + 50 : TOP + 53, WALLS[6] + 40 : WALLS[6] + 43] = 255  # dust

    cells = mark_written(own, WALLS, CELLS)

    assert cells is not None
    assert cells.walls_px == WALLS
    assert cells.written == (True, False, True, True, False, False, False, False)
    assert cells.letter_each is True
    assert str(cells) == "3 of 8 cells written"
    assert mark_written(own, (), CELLS) is None


def test_an_empty_cell_between_letters_is_twice_as_wide_to_read_and_others_are_not():
    own = letters_in(WALLS, [1, 2, 4, 5])
    image = 255 - own
    image.setflags(write=False)
    cells = mark_written(own, WALLS, CELLS)

    line = as_line(image, cells)

    assert line.shape == (HEIGHT, image.shape[1] + 80)
    assert (line < 128).sum() == (image < 128).sum()
    columns = np.flatnonzero((line < 128).any(axis=0))
    gaps = sorted(np.diff(columns)[np.diff(columns) > 20].tolist())
    before = sorted(g for g in np.diff(np.flatnonzero(own.any(axis=0))).tolist() if g > 20)
    assert gaps == [*before[:-1], before[-1] + 80]


def test_an_empty_cell_that_a_stroke_runs_through_stays_as_it_is():
    own = letters_in(WALLS, [1, 3])
    image = 255 - own
    image[TOP + 30 : TOP + 34, WALLS[1] : WALLS[4]] = 0

    cells = CombCells(
        walls_px=WALLS, written=(False, True, False, True, *[False] * 4), letter_each=True
    )

    assert as_line(image, cells).shape == image.shape


def test_a_name_written_across_the_cells_stays_as_it_is_though_some_are_empty():
    own = np.zeros((HEIGHT, WALLS[-1] + 100), np.uint8)
    for left in range(WALLS[0] + 25, WALLS[-1] - 60, 110):  # letters at a pitch of their own
        cv2.rectangle(own, (left, TOP + 20), (left + 70, FOOT - 20), 255, 4)
    own[:, WALLS[5] : WALLS[6]] = 0
    image = 255 - own

    cells = mark_written(own, WALLS, CELLS)

    assert cells is not None
    assert not cells.letter_each
    assert str(cells) == "7 of 8 cells written, across their walls"
    assert as_line(image, cells) is image


@pytest.mark.parametrize("numbers", [[], [4], [0, 1, 2, 3, 4, 5, 6, 7]])
def test_a_comb_without_an_empty_cell_between_letters_stays_as_it_is(numbers):
    own = letters_in(WALLS, numbers)
    image = 255 - own

    assert as_line(image, mark_written(own, WALLS, CELLS)) is image
    assert as_line(image, None) is image


def test_a_crop_knows_the_cells_of_its_comb_and_a_line_has_none(form_and_catalog):
    template, catalog = form_and_catalog
    comb = template.fields[0]
    assert comb.style is WritingStyle.COMB
    sheet = template.image.copy()
    walls = catalog.forms[0].fields[0].printed.walls_px
    step = comb.box.width_px / (len(walls) - 1)
    for number in (0, 1, 3):
        left = (round(comb.box.x_px + (number + 0.3) * step), comb.box.y_px + 10)
        right = (
            round(comb.box.x_px + (number + 0.7) * step),
            comb.box.y_px + comb.box.height_px - 10,
        )
        cv2.rectangle(sheet, left, right, 30, 3)

    crop = crop_of(form_and_catalog, sheet)
    blank, *others = segment_page(Page(image=template.image), catalog, PARAMS).crops

    assert [i for i, written in enumerate(crop.cells.written) if written] == [0, 1, 3]
    assert as_line(crop.image, crop.cells).shape[1] > crop.image.shape[1]
    assert blank.cells is not None
    assert not any(blank.cells.written)
    assert [other.cells is not None for other in others] == [
        spec.style is WritingStyle.COMB for spec in template.fields[1:]
    ]
