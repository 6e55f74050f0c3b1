from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from segmentation.printed import Ruling
from segmentation.rulings import RulingParams, find_streaks, remove_rulings
from tests.unit.segmentation.conftest import read_only

PARAMS = RulingParams()
ACROSS = Ruling(upright=False, at_px=80, start_px=20, end_px=580, thickness_px=4)


def crop(*, at=80, thickness=4, slope_px=0):
    """Draw an ink mask with one ruled line, which may rise along the way."""
    ink = np.zeros((140, 600), np.uint8)
    cv2.line(ink, (20, at), (580, at - slope_px), 255, thickness)
    return ink


def test_a_line_alone_is_cleared():
    left = remove_rulings(read_only(crop()), [ACROSS], PARAMS)

    assert left.left.max() == 0
    assert left.seen > 0.9
    assert left.gap_px <= PARAMS.trace.chunk_px  # its very end may share a chunk with paper


@pytest.mark.parametrize("slope_px", [-3, 3])
def test_a_line_is_followed_where_the_page_is_bent(slope_px):
    left = remove_rulings(crop(slope_px=slope_px), [ACROSS], PARAMS)

    assert left.left.max() == 0


@pytest.mark.parametrize("off_px", [-10, -6, 6, 10])
def test_a_line_printed_elsewhere_by_up_to_a_millimetre_is_found_under_writing(off_px):
    ink = crop(at=ACROSS.at_px + off_px)
    for x in range(60, 500, 40):  # letters that rest on it
        cv2.line(ink, (x, 30), (x, ACROSS.at_px + off_px), 255, 6)

    left = remove_rulings(ink, [ACROSS], PARAMS)

    assert left.seen > 0.9
    assert left.gap_px <= PARAMS.trace.chunk_px
    assert left.left[ACROSS.at_px + off_px + 3 :].max() == 0


def test_a_line_much_farther_off_is_not_taken_for_the_fields_own():
    left = remove_rulings(crop(at=ACROSS.at_px + 30), [ACROSS], PARAMS)

    assert left.seen == 0.0


def test_a_double_line_is_followed_line_by_line():
    lower = dataclasses.replace(ACROSS, at_px=ACROSS.at_px + 10)
    ink = crop(at=ACROSS.at_px + 6) | crop(at=lower.at_px + 6)

    left = remove_rulings(ink, [ACROSS, lower], PARAMS)

    assert left.left.max() == 0
    assert left.seen > 0.9


def test_the_ticks_of_a_comb_are_found_together_where_they_are_printed_elsewhere():
    ticks = [
        Ruling(upright=True, at_px=x, start_px=30, end_px=100, thickness_px=3)
        for x in range(60, 560, 50)
    ]
    ink = np.zeros((140, 600), np.uint8)
    for tick in ticks:
        cv2.line(ink, (tick.at_px + 8, 30), (tick.at_px + 8, 100), 255, 3)
    letters = np.zeros_like(ink)
    for tick in ticks[::2]:  # stems just where the blank has its ticks
        cv2.line(letters, (tick.at_px - 4, 35), (tick.at_px - 4, 90), 255, 6)

    left = remove_rulings(ink | letters, ticks, PARAMS).left

    np.testing.assert_array_equal(left, letters)


def test_a_line_thickened_by_the_scanner_is_cleared():
    assert remove_rulings(crop(thickness=6), [ACROSS], PARAMS).left.max() == 0


def test_a_stroke_that_crosses_stays_whole():
    ink = crop()
    stroke = np.zeros_like(ink)
    cv2.line(stroke, (200, 30), (230, 120), 255, 7)

    left = remove_rulings(ink | stroke, [ACROSS], PARAMS).left

    assert (left[stroke > 0] > 0).mean() > 0.96
    assert cv2.countNonZero(left) < 1.2 * cv2.countNonZero(stroke)


def test_a_stroke_that_ends_on_the_line_loses_no_more_than_the_line():
    ink = crop()
    stroke = np.zeros_like(ink)
    cv2.line(stroke, (300, 20), (300, 80), 255, 7)

    left = remove_rulings(ink | stroke, [ACROSS], PARAMS).left

    above = stroke.copy()
    above[77:] = 0
    assert (left[above > 0] > 0).all()
    assert cv2.countNonZero(left[83:]) == 0


def test_writing_that_rests_on_the_line_does_not_lead_the_trace_astray():
    ink = crop()
    cv2.rectangle(ink, (100, 66), (420, 77), 255, cv2.FILLED)  # heavy writing just above

    left = remove_rulings(ink, [ACROSS], PARAMS).left

    assert cv2.countNonZero(left[79:]) == 0
    assert cv2.countNonZero(left[66:76, 100:420]) == 10 * 320


def test_an_upright_line_is_cleared_as_well():
    ruling = Ruling(upright=True, at_px=300, start_px=20, end_px=120, thickness_px=4)
    ink = np.zeros((140, 600), np.uint8)
    cv2.line(ink, (300, 20), (300, 120), 255, 4)

    assert remove_rulings(ink, [ruling], PARAMS).left.max() == 0


def test_a_line_under_writing_from_end_to_end_is_cleared_where_the_blank_has_it():
    ruling = Ruling(upright=True, at_px=300, start_px=20, end_px=80, thickness_px=4)
    ink = np.zeros((140, 600), np.uint8)
    cv2.rectangle(ink, (292, 10), (308, 90), 255, cv2.FILLED)  # a thick stem along the line

    left = remove_rulings(ink, [ruling], PARAMS).left

    np.testing.assert_array_equal(left, ink)  # the stem crosses it, so it stays


def test_a_line_that_is_not_there_takes_nothing_with_it():
    ink = np.zeros((140, 600), np.uint8)
    cv2.line(ink, (100, 20), (160, 60), 255, 7)

    left = remove_rulings(ink, [ACROSS], PARAMS)

    np.testing.assert_array_equal(left.left, ink)
    assert left.seen == 0.0


def test_a_covered_stretch_of_a_line_is_measured():
    ink = crop()
    ink[:, 200:400] = 0

    left = remove_rulings(ink, [ACROSS], PARAMS)

    assert left.gap_px == pytest.approx(200, abs=2 * PARAMS.trace.chunk_px)
    assert 0.5 < left.seen < 0.75


def test_without_rulings_nothing_is_missing():
    left = remove_rulings(crop(), [], PARAMS)

    assert (left.seen, left.gap_px) == (1.0, 0)


def test_a_stroke_drawn_along_the_line_stays():
    ink = crop()
    cv2.line(ink, (300, 30), (300, 80), 255, 7)  # the stem of an L, and its foot on the line
    cv2.line(ink, (300, 80), (345, 80), 255, 9)

    left = remove_rulings(ink, [ACROSS], PARAMS).left

    assert cv2.countNonZero(left[76:85, 305:340]) > 0.95 * 9 * 35
    assert cv2.countNonZero(left[:, :280]) == 0


def test_no_line_is_left_under_a_stroke_that_runs_just_above_it():
    ink = crop()
    stroke = np.zeros_like(ink)
    cv2.line(stroke, (300, 73), (345, 73), 255, 8)  # touches the line

    left = remove_rulings(ink | stroke, [ACROSS], PARAMS).left

    assert cv2.countNonZero(left[80:]) == 0
    assert cv2.countNonZero(left[68:77, 302:343]) > 0.85 * 9 * 41


def test_a_stroke_that_lies_partly_on_the_line_keeps_a_pens_width():
    ink = crop()
    stroke = np.zeros_like(ink)
    cv2.line(stroke, (200, 20), (200, 76), 255, 7)
    cv2.line(stroke, (200, 76), (260, 76), 255, 7)

    left = remove_rulings(ink | stroke, [ACROSS], PARAMS).left

    assert cv2.countNonZero(left[:, 210:255]) > 0.7 * cv2.countNonZero(stroke[:, 210:255])
    assert cv2.countNonZero(left[82:]) == 0


def test_a_line_grown_thicker_over_a_long_way_is_still_the_line():
    ink = crop()
    cv2.line(ink, (100, 80), (300, 80), 255, 6)

    assert remove_rulings(ink, [ACROSS], PARAMS).left.max() == 0


def test_a_streak_of_the_scanner_is_found_and_a_tall_letter_is_not():
    ink = np.zeros((140, 600), np.uint8)
    cv2.line(ink, (200, 0), (200, 139), 255, 2)
    cv2.line(ink, (400, 30), (400, 120), 255, 2)
    cv2.rectangle(ink, (500, 0), (530, 139), 255, cv2.FILLED)

    (streak,) = find_streaks(ink, PARAMS)

    assert abs(streak.at_px - 200) <= 1
    assert remove_rulings(ink, [streak], PARAMS).left[:, 190:210].max() == 0


def foot_on_a_gray_line(*, stem_px, foot=(300, 345)):
    """Draw an L whose foot is no thicker than the gray line it lies on: its ink, and its image."""
    flat = np.full((140, 600), 255, np.uint8)
    cv2.line(flat, (20, 80), (580, 80), 140, 4)
    cv2.line(flat, (foot[0], 80 - stem_px), (foot[0], 80), 50, 4)
    cv2.line(flat, (foot[0], 80), (foot[1], 80), 50, 4)
    return np.where(flat < 200, np.uint8(255), np.uint8(0)), read_only(flat)


def test_a_foot_no_thicker_than_the_line_stays_where_the_pen_is_darker():
    ink, flat = foot_on_a_gray_line(stem_px=50)

    left = remove_rulings(read_only(ink), [ACROSS], PARAMS, flat=flat).left

    assert cv2.countNonZero(left[78:83, 305:342]) >= 4 * 37
    assert cv2.countNonZero(left[:, :290]) == 0
    assert cv2.countNonZero(left[:, 352:]) == 0


def test_a_line_printed_darker_in_places_is_still_cleared():
    ink, flat = foot_on_a_gray_line(stem_px=0)

    assert remove_rulings(ink, [ACROSS], PARAMS, flat=flat).left.max() == 0


def test_where_writing_covers_the_whole_line_none_of_it_is_taken_for_the_pen():
    ink, flat = foot_on_a_gray_line(stem_px=50, foot=(30, 570))
    for x in range(60, 560, 40):
        cv2.line(ink, (x, 30), (x, 80), 255, 4)

    left = remove_rulings(ink, [ACROSS], PARAMS, flat=flat).left

    np.testing.assert_array_equal(left, remove_rulings(ink, [ACROSS], PARAMS).left)
