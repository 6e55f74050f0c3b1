from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segmentation import Box, WritingStyle
from worker.samples.blank import Content, Place
from worker.samples.filling import FONT_FOLDER
from worker.samples.hand import Hand, baseline_row, fit, lay, tick, write_comb, write_line

PRINT, JOINED = FONT_FOLDER / "patrick-hand.ttf", FONT_FOLDER / "la-belle-aurore.ttf"
HAND = Hand(
    font=PRINT,
    block_font=PRINT,
    capitals=False,
    cap_px=60,
    pen_px=0,
    gray=40,
    pressure=0.8,
    grain=0.0,
    drift_px=5,
    stray=0.0,
)
COMB = Place(
    content=Content.LAST_NAME,
    box=Box(x_px=20, y_px=30, width_px=480, height_px=100),
    style=WritingStyle.COMB,
    cells=6,
)


def rng():
    return np.random.default_rng(3)


def paper(height=200, width=520, gray=255):
    page = np.full((height, width), gray, np.uint8)
    page.flags.writeable = False  # no function may write into what it was given
    return page


def test_capitals_come_out_at_the_height_of_the_hand():
    heights = [
        write_line("EHTH", replace(HAND, font=font, block_font=font), rng()).shape[0]
        for font in (PRINT, JOINED)
    ]

    assert heights == pytest.approx([66, 66], rel=0.25)  # with margin, slant and spread


def test_a_signature_is_larger_than_the_same_name_in_a_field():
    usual = write_line("Mbeki", HAND, rng())

    large = write_line("Mbeki", HAND, rng(), size=1.5)

    assert large.shape[0] > 1.3 * usual.shape[0]


def test_joined_writers_print_their_capitals():
    hand = replace(HAND, font=JOINED)

    capitals, name = (write_line(text, hand, rng()) for text in ("COHEN", "Cohen"))

    np.testing.assert_array_equal(capitals, write_line("COHEN", HAND, rng()))
    assert name.shape != write_line("Cohen", HAND, rng()).shape


def test_ink_is_a_share_of_cover():
    ink = write_line("Zoé", replace(HAND, grain=0.4), rng())

    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert 0.5 < ink.max() <= 1


def test_a_broad_pen_leaves_more_ink():
    fine, broad = (write_line("Lopes", replace(HAND, pen_px=pen), rng()) for pen in (0, 2))

    assert broad.sum() > 1.2 * fine.sum()


def test_writing_that_is_too_long_is_squeezed_and_other_writing_is_not():
    ink = write_line("Zimmermann", HAND, rng())

    squeezed = fit(ink, 0.7 * ink.shape[1])

    assert squeezed.shape[1] == pytest.approx(0.7 * ink.shape[1], abs=1)
    assert fit(ink, 2 * ink.shape[1]) is ink


def test_the_baseline_is_above_the_tails():
    ink = np.zeros((50, 100), np.float32)
    ink[10:30, 5:95] = 1  # letters
    ink[30:45, 40:50] = 1  # one tail

    assert baseline_row(ink) == 29


def test_each_letter_of_a_comb_stands_in_its_own_cell():
    page = write_comb(paper(), COMB, "A-B É", HAND, rng())

    cells = np.split(255 - page[30:130, 20:500], COMB.cells, axis=1)
    filled = [bool(cell[:, 8:-8].any()) for cell in cells]
    assert filled == [True, True, True, False, True, False]
    assert np.count_nonzero(page[:30] < 255) == 0


def test_a_hyphen_floats_and_an_apostrophe_floats_higher():
    rows = [
        np.flatnonzero((write_comb(paper(), COMB, char, HAND, rng()) < 200).any(axis=1)).max()
        for char in ("'", "-", "A")
    ]

    assert rows == sorted(rows)
    assert rows[2] - rows[0] > 20


def test_a_name_longer_than_its_comb_is_a_callers_bug():
    with pytest.raises(ValueError, match="at most 6 letters"):
        write_comb(paper(), COMB, "ANDERSS", HAND, rng())


def test_a_tick_covers_the_box_it_is_for():
    ticks = [tick(38, HAND, np.random.default_rng(seed)) for seed in range(8)]

    for ink in ticks:
        middle = ink[ink.shape[0] // 4 : -ink.shape[0] // 4, ink.shape[1] // 4 : -ink.shape[1] // 4]
        assert middle.sum() > 0.5 * ink.sum()


def test_a_pen_darkens_paper_and_never_lightens_print():
    ink = np.full((10, 10), 1.0, np.float32)

    on_paper, on_print = lay(paper(), ink, 50, 20, 60), lay(paper(gray=0), ink, 50, 20, 60)

    assert set(np.unique(on_paper[20:30, 50:60])) == {60}
    assert np.count_nonzero(on_paper < 255) == 100
    assert on_print.max() == 0


@pytest.mark.parametrize(
    ("x", "y", "seen"),
    [
        pytest.param(-4, 20, 60, id="left"),
        pytest.param(516, 20, 40, id="right"),
        pytest.param(50, -7, 30, id="top"),
        pytest.param(50, 199, 10, id="bottom"),
        pytest.param(900, 900, 0, id="off"),
    ],
)
def test_writing_past_the_edge_of_the_page_is_cut_off(x, y, seen):
    ink = np.full((10, 10), 1.0, np.float32)

    page = lay(paper(), ink, x, y, 0)

    assert np.count_nonzero(page == 0) == seen
