"""Strokes that run into print are followed, and print is not taken for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import Box
from segmentation.ink import find_pieces, grow
from segmentation.over_print import OverPrintParams, closer_zone, plain_zone
from segmentation.printed import CropFrame, FieldPrint
from tests.unit.segmentation.conftest import read_only

PARAMS = OverPrintParams()
SIZE = (200, 700)
FRAME = CropFrame(
    width_px=SIZE[1], height_px=SIZE[0], box=Box(x_px=50, y_px=20, width_px=600, height_px=80)
)


def text(said="check if you are one of us", *, at=(60, 140)):
    """Print a label under the field: (h, w), 255 on it."""
    mask = np.zeros(SIZE, np.uint8)
    cv2.putText(mask, said, at, cv2.FONT_HERSHEY_SIMPLEX, 1.2, 255, 3)
    return mask


def tail(x=330):
    """Draw a stroke from the field down through the label."""
    mask = np.zeros(SIZE, np.uint8)
    cv2.line(mask, (x, 40), (x + 10, 165), 255, 7)
    return mask


def zones(labels, scanned, pen, *, shade=None, gray=(60, 60)):
    """Give the plain zone and the closer one of a scan's print and pen, both dark."""
    printed = FieldPrint(
        frame=FRAME,
        crop_to_template=np.eye(3),
        rulings=(),
        labels=read_only(labels),
        others=(),
        shade=shade,
    )
    flat = np.full(SIZE, 255, np.uint8)
    flat[scanned > 0] = gray[0]
    flat[pen > 0] = gray[1]
    left = scanned | pen
    zone = plain_zone(printed, PARAMS)
    own = np.asarray(cv2.subtract(left, zone.cleared), np.uint8)
    closer = closer_zone(
        zone,
        left=read_only(left),
        own=read_only(own),
        flat=read_only(flat),
        printed=printed,
        params=PARAMS,
    )
    return zone, closer


@pytest.mark.parametrize("off", [(0, 0), (2, -1), (-2, 2)])
def test_a_tail_is_followed_through_a_label_that_lies_a_little_off_its_place(off):
    scanned, pen = text(at=(60 + off[0], 140 + off[1])), tail()

    zone, closer = zones(text(), scanned, pen)

    hidden = (pen > 0) & (zone.cleared > 0)
    kept = hidden & (closer.cleared == 0)
    assert kept.sum() > 0.6 * hidden.sum()
    print_kept = (scanned > 0) & (grow(pen, 2) == 0) & (closer.cleared == 0)
    assert print_kept.sum() < 20


def test_where_no_stroke_runs_into_print_its_zone_is_the_plain_one():
    above = np.zeros(SIZE, np.uint8)
    cv2.line(above, (300, 40), (300, 90), 255, 7)

    assert zones(text(), text(), above)[1] is None
    assert zones(np.zeros(SIZE, np.uint8), np.zeros(SIZE, np.uint8), tail())[1] is None


def test_no_stroke_is_followed_into_print_that_is_not_the_blanks():
    assert zones(text("the old words in this place"), text(), tail())[1] is None


def test_no_stroke_is_followed_into_a_label_that_is_written_on_all_over():
    pen = np.zeros(SIZE, np.uint8)
    for x in range(60, 600, 12):
        cv2.line(pen, (x, 60), (x, 165), 255, 5)

    assert zones(text(), text(), pen)[1] is None


def test_a_darker_pen_is_told_from_pale_print_to_the_pixel():
    labels, pen = text(), tail()
    shade = np.where(labels > 0, np.uint8(100), np.uint8(0))

    zone, closer = zones(labels, text(), pen, shade=shade, gray=(155, 50))

    assert (closer.cleared[grow(pen, 2) == 0] == zone.cleared[grow(pen, 2) == 0]).all()
    assert (closer.cleared[cv2.erode(pen, np.ones((3, 3), np.uint8)) > 0] == 0).all()
    assert closer.blind.max() == 0


@pytest.mark.parametrize(
    ("gray", "pale"),
    [
        pytest.param((155, 150), True, id="a pen as pale"),
        pytest.param((155, 50), False, id="a letter that the blank has black"),
    ],
)
def test_what_may_be_print_is_not_told_by_its_darkness(gray, pale):
    labels, pen = text(), tail()
    shade = np.where(labels > 0, np.uint8(100), np.uint8(0))
    if not pale:
        pieces = find_pieces(labels)
        shade[pieces.draw(pieces.count_where(pen > 0) > 0) > 0] = 200

    _, closer = zones(labels, text(), pen, shade=shade, gray=gray)

    assert closer is None or closer.blind.max() > 0
