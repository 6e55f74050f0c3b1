from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation.ink import find_pieces
from segmentation.own_ink import OwnInkParams, own_pieces
from segmentation.printed import CropFrame, FieldPrint
from segmentation.types import Box

HEIGHT, WIDTH = 220, 800
BOX = Box(x_px=100, y_px=60, width_px=600, height_px=100)
PARAMS = OwnInkParams()


def frame(*others):
    return FieldPrint(
        frame=CropFrame(width_px=WIDTH, height_px=HEIGHT, box=BOX),
        crop_to_template=np.eye(3),
        rulings=(),
        labels=np.zeros((HEIGHT, WIDTH), np.uint8),
        others=others,
    )


def kept(*strokes, others=()):
    """Draw strokes as (start, end) lines or (centre, radius) dots; tell which are kept."""
    ink = np.zeros((HEIGHT, WIDTH), np.uint8)
    places = []
    for start, end in strokes:
        if isinstance(end, int):
            cv2.circle(ink, start, end, 255, cv2.FILLED)
            places.append(start)
        else:
            cv2.line(ink, start, end, 255, 7)
            places.append(((start[0] + end[0]) // 2, (start[1] + end[1]) // 2))
    pieces = find_pieces(ink)
    usable = np.ones(len(pieces.area), bool)
    keep = own_pieces(pieces, usable, frame(*others), PARAMS)
    return [bool(keep[pieces.labels[y, x]]) for x, y in places]


WORD = ((300, 70), (340, 150))


@pytest.mark.parametrize(
    ("stroke", "own"),
    [
        pytest.param(WORD, True, id="inside"),
        pytest.param(((400, 110), (380, 215)), True, id="descender"),
        pytest.param(((400, 20), (420, 140)), True, id="tall-capital"),
        pytest.param(((500, 5), (500, 75)), False, id="descender-of-the-line-above"),
        pytest.param(((500, 150), (500, 215)), False, id="writing-below"),
        pytest.param(((20, 100), (60, 120)), False, id="writing-far-to-the-left"),
    ],
)
def test_a_stroke_belongs_to_the_field_it_is_written_in(stroke, own):
    assert kept(WORD, stroke)[1] is own


def test_a_name_too_long_for_its_line_is_followed_out_of_it():
    last = ((640, 80), (680, 150))
    beyond = ((725, 80), (725, 150))
    further = ((765, 80), (765, 150))

    assert kept(last, beyond, further) == [True, True, True]


def test_what_stands_in_the_next_field_is_left_there():
    last, beyond = ((640, 80), (680, 150)), ((725, 80), (725, 150))
    neighbour = Box(x_px=705, y_px=60, width_px=300, height_px=100)

    assert kept(last, beyond, others=(neighbour,)) == [True, False]


def test_the_dot_of_an_i_above_the_box_is_kept_and_a_stray_dot_is_not():
    stem = ((300, 75), (300, 150))

    assert kept(stem, ((300, 52), 5), ((500, 30), 5)) == [True, True, False]


def test_a_dot_cut_by_the_edge_is_no_dot():
    stem = ((300, 30), (300, 150))

    assert kept(stem, ((300, 2), 5)) == [True, False]


def test_specks_in_the_box_are_dust():
    assert kept(((300, 100), 1)) == [False]


def test_nothing_written_keeps_nothing():
    assert kept(((20, 20), (60, 20))) == [False]
