"""Fields are blank only where nothing is left that could have been written."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation import (
    Box,
    Doubt,
    FieldKind,
    FieldSpec,
    FieldState,
    Page,
    WritingStyle,
    index_templates,
    segment_page,
)
from segmentation.ink import grow
from tests.unit.segmentation.conftest import PARAMS

FONT = cv2.FONT_HERSHEY_SIMPLEX
BLANK = (FieldState.BLANK, Doubt.NONE)
WRITTEN = (FieldState.WRITTEN, Doubt.NONE)


@pytest.fixture(scope="session")
def sheet(two_forms):
    """A form with white room for a field of its own: (template without fields, the room)."""
    form = two_forms[0]
    image = form.image.copy()
    height, width = image.shape
    room = Box(x_px=width // 8, y_px=height // 2 - 110, width_px=5 * width // 8, height_px=220)
    image[room.y_px : room.y_px + room.height_px, :] = 255
    return replace(form, image=image, fields=()), room


def lay_out(sheet, draw, *, height_px=70, style=WritingStyle.BOX):
    """Give a field in the room, with what ``draw`` prints there, and its form."""
    form, room = sheet
    box = Box(x_px=room.x_px, y_px=room.y_px + 75, width_px=room.width_px, height_px=height_px)
    image = form.image.copy()
    draw(image, box)
    spec = FieldSpec(name="name", box=box, kind=FieldKind.FULL_NAME, style=style)
    template = replace(form, image=image, fields=(spec,))
    return template, index_templates([template], PARAMS)


def look(laid, *, low_px=None, spoil=None, gray=40):
    """Write a name so much under its usual place, scan the sheet, and cut the field."""
    template, catalog = laid
    page, box = template.image.copy(), template.fields[0].box
    if low_px is not None:
        foot = (box.x_px + 20, box.y_px + box.height_px - 12 + low_px)
        cv2.putText(page, "ADA LOVELACE", foot, FONT, 1.6, gray, 4, cv2.LINE_AA)
    if spoil is not None:
        spoil(page, box)
    noise = np.random.default_rng(1).normal(0, 3, page.shape)
    page = np.clip(page + noise, 0, 255).astype(np.uint8)
    return segment_page(Page(image=page), catalog, PARAMS).crops[0]


def said(crop):
    return crop.state, crop.doubt


def ink_of(crop):
    return int((crop.image < 128).sum())


def frame(image, box):
    right, foot = box.x_px + box.width_px, box.y_px + box.height_px
    cv2.rectangle(image, (box.x_px, box.y_px), (right, foot), 20, 2)


def line(image, box):
    foot = box.y_px + box.height_px - 4
    cv2.line(image, (box.x_px, foot), (box.x_px + box.width_px, foot), 20, 2)


def dots(step, radius=1, gray=30):
    def draw(image, box):
        frame(image, box)
        for y in range(box.y_px + 6, box.y_px + box.height_px - 3, step):
            for x in range(box.x_px + 6, box.x_px + box.width_px - 3, step):
                cv2.circle(image, (x, y), radius, gray, cv2.FILLED)

    return draw


def tint(image, box):
    frame(image, box)
    for y in range(box.y_px + 4, box.y_px + box.height_px - 2, 4):
        for x in range(box.x_px + 4, box.x_px + box.width_px - 2, 4):
            image[y : y + 2, x : x + 2] = 120


def words(gray):
    def draw(image, box):
        frame(image, box)
        foot = (box.x_px + 10, box.y_px + 50)
        cv2.putText(image, "PLEASE PRINT NAME", foot, FONT, 1.5, gray, 3, cv2.LINE_AA)

    return draw


def small_print(image, box):
    frame(image, box)
    for y in range(box.y_px + 12, box.y_px + box.height_px, 11):
        foot = (box.x_px + 6, y)
        cv2.putText(image, "WRITE IN CAPITAL LETTERS " * 3, foot, FONT, 0.5, 30, 1, cv2.LINE_AA)
    image[:, box.x_px + box.width_px + 2 :] = 255


@pytest.mark.parametrize(
    "printed",
    [
        *(pytest.param(dots(step), id=f"dots-every-{step}-px") for step in (6, 8, 10, 12, 16, 30)),
        pytest.param(tint, id="tint"),
    ],
)
def test_writing_over_printed_dots_comes_out_whole_and_dots_alone_are_blank(sheet, printed):
    laid = lay_out(sheet, printed)
    plain = look(lay_out(sheet, frame), low_px=0)

    crop = look(laid, low_px=0)

    assert said(look(laid)) == BLANK
    assert crop.state is not FieldState.BLANK
    assert crop.doubt is Doubt.NONE
    assert ink_of(crop) == pytest.approx(ink_of(plain), rel=0.25)


@pytest.mark.parametrize(
    ("printed", "pen"), [(40, 40), (100, 40), (150, 130)], ids=["black", "gray", "pencil-on-pale"]
)
def test_writing_over_printed_words_is_shown_whole_and_goes_to_a_person(sheet, printed, pen):
    laid = lay_out(sheet, words(printed))
    plain = look(lay_out(sheet, frame), low_px=0, gray=pen)

    crop = look(laid, low_px=0, gray=pen)

    assert said(crop) == (FieldState.MISPLACED, Doubt.INK_ON_PRINT)
    assert ink_of(crop) > 0.9 * ink_of(plain)
    assert said(look(laid)) == BLANK


def test_a_pen_that_is_much_darker_than_the_words_under_it_comes_out_alone(sheet):
    laid = lay_out(sheet, words(150))
    plain = look(lay_out(sheet, frame), low_px=0)

    crop = look(laid, low_px=0)

    writing = np.where(plain.image < 200, np.uint8(255), np.uint8(0))
    assert said(crop) == WRITTEN
    assert ink_of(crop) == pytest.approx(ink_of(plain), rel=0.05)
    assert (crop.image[grow(writing, 3) == 0] < 190).sum() < 100
    assert said(look(laid)) == BLANK


@pytest.mark.parametrize("low_px", [None, 0], ids=["unwritten", "written"])
def test_a_field_that_is_printed_all_over_is_never_called_blank(sheet, low_px):
    crop = look(lay_out(sheet, small_print), low_px=low_px)

    assert said(crop) == (FieldState.MISPLACED, Doubt.INK_ON_PRINT)


def test_dots_that_run_together_on_the_scan_are_no_writing(sheet):
    def flood(page, box):
        inside = page[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px]
        inside[:] = cv2.erode(inside, np.ones((4, 4), np.uint8))

    crop = look(lay_out(sheet, dots(6)), spoil=flood)

    assert said(crop) == (FieldState.MISPLACED, Doubt.INK_ON_PRINT)


@pytest.mark.parametrize("low_px", [8, 16, 22])
def test_writing_that_hangs_below_its_line_is_kept_whole(sheet, low_px):
    laid = lay_out(sheet, line, height_px=45, style=WritingStyle.LINE)

    level, low = look(laid, low_px=8), look(laid, low_px=low_px)

    assert said(low) == WRITTEN
    assert ink_of(low) == pytest.approx(ink_of(level), rel=0.1)


@pytest.mark.parametrize("low_px", [34, 40, 46, -36, -42])
def test_writing_just_outside_of_an_open_field_is_shown_and_goes_to_a_person(sheet, low_px):
    laid = lay_out(sheet, line, height_px=45, style=WritingStyle.LINE)

    crop = look(laid, low_px=low_px)

    assert said(crop) == (FieldState.MISPLACED, Doubt.INK_OUTSIDE)
    assert ink_of(crop) > 1000


def test_writing_on_the_next_line_leaves_a_field_blank(sheet):
    laid = lay_out(sheet, line, height_px=45, style=WritingStyle.LINE)

    assert said(look(laid, low_px=75)) == BLANK


def test_writing_in_the_boxes_around_leaves_a_closed_field_blank(sheet):
    def fill_neighbours(page, box):
        for x, y in ((20, -8), (20, box.height_px + 28), (box.width_px + 6, 40)):
            at = (box.x_px + x, box.y_px + y)
            cv2.putText(page, "ADA", at, FONT, 0.6, 40, 3, cv2.LINE_AA)

    assert said(look(lay_out(sheet, frame), spoil=fill_neighbours)) == BLANK


@pytest.mark.parametrize("low_px", [None, 0], ids=["unwritten", "written"])
def test_a_field_full_of_specks_goes_to_a_person_and_takes_little_memory(sheet, low_px):
    def speckle(page, box):
        dots(4, radius=1)(page, box)

    laid = lay_out(sheet, frame)
    tracemalloc.start()
    crop = look(laid, low_px=low_px, spoil=speckle)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert said(crop) in {
        (FieldState.MISPLACED, Doubt.INK_UNCLEAR),
        (FieldState.MISPLACED, Doubt.INK_ON_PRINT),
    }
    assert peak < 100 * 2**20
