from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from recognition.preprocess import PARAMS, even_ink, line_image, line_view, writing_box


def paper(height=60, width=300, grey=255):
    return np.full((height, width), grey, np.uint8)


def write(crop, text="Ada", *, at=(40, 42), scale=1.0, ink=0):
    cv2.putText(crop, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 2, cv2.LINE_AA)
    crop.setflags(write=False)
    return crop


def ink_rows(line):
    rows = np.flatnonzero((line > 127).any(axis=1))
    return rows[0], rows[-1] + 1


def test_writing_fills_the_line_image_whatever_its_size_in_the_crop():
    small = line_image(write(paper(60, 300), scale=0.6))
    large = line_image(write(paper(120, 400), at=(40, 90), scale=2.0))

    for line in (small, large):
        assert line.shape[0] == PARAMS.height_px
        top, bottom = ink_rows(line)
        assert bottom - top == pytest.approx(PARAMS.writing_px, abs=3)
    assert small.shape[1] == pytest.approx(large.shape[1], rel=0.15)


def test_where_the_writing_stands_in_the_field_changes_little():
    left = line_image(write(paper(90, 700), at=(20, 40)))
    right = line_image(write(paper(90, 700), at=(520, 70)))

    assert left.shape == right.shape
    assert np.abs(left.astype(int) - right).mean() < 8


def test_faint_ink_on_grey_paper_looks_like_black_on_white():
    strong = line_image(write(paper()))
    faint = line_image(write(paper(grey=220), ink=150))

    assert strong.shape == faint.shape
    assert np.abs(strong.astype(int) - faint).mean() < 8


def test_noise_on_empty_paper_is_not_blown_up_to_ink():
    rng = np.random.default_rng(1)
    noisy = np.clip(rng.normal(240, 3, (60, 300)), 0, 255).astype(np.uint8)

    assert line_image(noisy).mean() < 10


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda c: cv2.line(c, (0, 55), (299, 55), 0, 1), id="ruling"),
        pytest.param(lambda c: cv2.rectangle(c, (150, 0), (220, 6), 0, -1), id="sliver-above"),
        pytest.param(lambda c: cv2.circle(c, (280, 50), 1, 0, -1), id="speck"),
        pytest.param(lambda c: cv2.line(c, (250, 0), (250, 59), 0, 1), id="box-edge"),
    ],
)
def test_what_is_no_writing_does_not_change_the_scale(add):
    crop = paper()
    add(crop)

    top, bottom = ink_rows_of_writing(write(crop))

    clean_top, clean_bottom = ink_rows_of_writing(write(paper()))
    assert (top, bottom) == (clean_top, clean_bottom)


def ink_rows_of_writing(crop):
    box = writing_box(even_ink(crop, PARAMS), PARAMS)
    assert box is not None
    return box[1], box[3]


def test_a_printed_label_above_does_not_shrink_the_writing():
    crop = paper(100, 300)
    cv2.putText(crop, "NAME", (10, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.3, 0, 1)

    top, _ = ink_rows_of_writing(write(crop, at=(40, 80), scale=1.2))

    assert top > 30


def test_two_lines_of_like_size_both_stay_in_view():
    crop = paper(120, 300)
    cv2.putText(crop, "ADA", (40, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 0, 2)

    top, bottom = ink_rows_of_writing(write(crop, "EVE", at=(40, 100)))

    assert top < 40
    assert bottom > 80


def test_a_very_wide_crop_is_squeezed():
    crop = paper(20, 6000)
    for x in range(0, 6000, 40):
        cv2.putText(crop, "x", (x, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1)

    assert line_image(crop).shape == (PARAMS.height_px, PARAMS.max_width_px)


@pytest.mark.parametrize(
    "crop",
    [
        pytest.param(paper(), id="blank"),
        pytest.param(np.zeros((40, 200), np.uint8), id="all-black"),
        pytest.param(np.zeros((1, 1), np.uint8), id="one-pixel"),
        pytest.param(np.full((1, 900), 255, np.uint8), id="one-row"),
        pytest.param(np.full((900, 1), 255, np.uint8), id="one-column"),
    ],
)
def test_a_crop_without_writing_gives_an_empty_line(crop):
    line = line_image(crop)

    assert line.shape[0] == PARAMS.height_px
    assert not line.any()


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=90)))
def test_any_crop_gives_a_line_image_and_stays_as_it_was(crop):
    before = crop.copy()
    crop.setflags(write=False)

    line = line_image(crop)

    assert line.dtype == np.uint8
    assert line.shape[0] == PARAMS.height_px
    assert 1 <= line.shape[1] <= PARAMS.max_width_px
    np.testing.assert_array_equal(crop, before)


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((5, 5, 3), np.uint8),
        np.zeros((5, 5), np.float32),
    ],
    ids=["empty", "colour", "float"],
)
def test_what_is_no_grey_crop_is_a_callers_bug(crop):
    with pytest.raises(ValueError, match="uint8"):
        line_image(crop)


def pickets(gap, *, count=40, height=40, tail=0):
    """Upright strokes a gap apart; the first one may reach down below the others."""
    crop = np.full((height + 60, gap * count + 40), 255, np.uint8)
    for index in range(count):
        crop[20 : 20 + height, 20 + gap * index : 23 + gap * index] = 0
    crop[20 : 20 + height + tail, 20:23] = 0
    return crop


def stroke_gap(line):
    """Columns from one upright stroke to the next."""
    inked = line[PARAMS.height_px // 2] > 127
    starts = np.flatnonzero(np.diff(inked, prepend=False) & inked)
    return float(np.diff(starts).mean())


@pytest.mark.parametrize(
    ("gap", "wanted"),
    [
        pytest.param(7, PARAMS.stroke_gap_px, id="dense"),
        pytest.param(12, 12 * PARAMS.writing_px / 40, id="as-it-is"),
        pytest.param(19, PARAMS.loose_gap_px, id="loose"),
    ],
)
def test_strokes_come_to_a_distance_that_the_network_reads(gap, wanted):
    assert stroke_gap(line_image(pickets(gap))) == pytest.approx(wanted, rel=0.08)


def test_one_long_descender_does_not_make_all_letters_small():
    plain, tailed = line_image(pickets(12)), line_image(pickets(12, tail=30))

    assert stroke_gap(tailed) == pytest.approx(stroke_gap(plain), rel=0.1)


@pytest.mark.parametrize("slope", [-0.08, 0.08])
def test_sloping_writing_is_made_level(slope):
    crop = pickets(12)
    turn = np.array([[1, 0, 0], [slope, 1, -slope * crop.shape[1] / 2]])
    sloping = cv2.warpAffine(crop, turn, crop.shape[::-1], borderValue=255)

    line = line_image(np.asarray(sloping, np.uint8))

    tops = [np.flatnonzero(column)[0] for column in (line > 127).T if column.any()]
    assert abs(np.mean(tops[:6]) - np.mean(tops[-6:])) < 2


def test_a_view_says_where_its_columns_stand_in_the_crop():
    crop = np.full((200, 900), 255, np.uint8)
    crop[60:120, 300:310] = 0
    crop[60:120, 500:510] = 0

    view = line_view(crop)

    inked = np.flatnonzero((view.image > 127).any(axis=0))
    assert view.column(inked[0]) == pytest.approx(300, abs=6)
    assert view.column(inked[-1] + 1) == pytest.approx(510, abs=6)


@pytest.mark.parametrize("edge", ["top", "bottom"])
def test_letters_that_the_edge_cuts_belong_to_their_line(edge):
    crop = np.full((60, 500), 255, np.uint8)
    for at in range(12):
        crop[34:54, 30 + 30 * at : 34 + 30 * at] = 0
    crop[40:60, 390:394] = 0  # the last two stand lower, cut by the edge
    crop[40:60, 420:424] = 0
    crop[5:12, 200:206] = 0  # another line above
    if edge == "top":
        crop = crop[::-1]

    box = writing_box(even_ink(np.ascontiguousarray(crop), PARAMS), PARAMS)

    assert box is not None
    assert box[::2] == (30, 424)


def test_slivers_of_the_line_below_do_not_widen_the_writing():
    crop = np.full((60, 500), 255, np.uint8)
    for at in range(8):
        crop[20:44, 30 + 30 * at : 34 + 30 * at] = 0
    crop[54:60, 400:440] = 0

    box = writing_box(even_ink(crop, PARAMS), PARAMS)

    assert box is not None
    assert box[::2] == (30, 244)
