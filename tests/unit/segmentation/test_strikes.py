from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation.strikes import StrikeParams, is_struck_out
from tests.unit.segmentation.conftest import read_only

PARAMS = StrikeParams()


def writing(text="Hawkins Miller", pen=5):
    """Write a name as a pen might: (h, w), 255 on ink."""
    ink = np.zeros((160, 760), np.uint8)
    cv2.putText(ink, text, (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.4, 255, pen, cv2.LINE_AA)
    return np.asarray((ink > 100) * 255, np.uint8)


@pytest.mark.parametrize("pen", [4, 8])
@pytest.mark.parametrize("text", ["Hawkins Miller", "Matthew Pitt", "AHEARN", "Lee", "", "O"])
def test_names_as_they_are_written_are_not_struck_out(text, pen):
    assert not is_struck_out(read_only(writing(text, pen)), PARAMS)


@pytest.mark.parametrize("slant_px", [-40, 0, 40])
@pytest.mark.parametrize("ends", [(20, 600), (60, 330)], ids=["whole", "in-part"])
def test_a_stroke_through_a_name_is_seen(ends, slant_px):
    ink = writing()
    left, right = ends
    drop = slant_px * (right - left) // 580
    cv2.line(ink, (left, 78 - drop // 2), (right, 78 + drop // 2), 255, 5)

    assert is_struck_out(ink, PARAMS)


def test_a_stroke_drawn_by_hand_need_not_be_straight():
    ink = writing()
    columns = np.arange(20, 620, 10)
    wave = 78 + 2 * np.sin(columns / 60)
    cv2.polylines(ink, [np.column_stack([columns, wave]).astype(np.int32)], False, 255, 5)

    assert is_struck_out(ink, PARAMS)


@pytest.mark.parametrize("row", [112, 40], ids=["under", "over"])
def test_a_line_under_or_over_a_name_strikes_nothing_out(row):
    ink = writing()
    cv2.line(ink, (20, row), (620, row), 255, 5)

    assert not is_struck_out(ink, PARAMS)


def test_a_scribble_over_a_name_is_seen():
    ink = writing()
    columns = np.arange(40, 300, 9)
    rows = np.where(np.arange(len(columns)) % 2, 50, 102)
    cv2.polylines(ink, [np.column_stack([columns, rows]).astype(np.int32)], False, 255, 4)

    assert is_struck_out(ink, PARAMS)
