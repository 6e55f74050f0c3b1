from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation.upright import UprightParams, set_upright, turn_over
from segmentation.warp import move
from tests.drawing import text_page

PARAMS = UprightParams()


def turned(page, deg):
    """Turn a page counter-clockwise about its middle, on paper of the same size."""
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), deg, 1.0)
    return cv2.warpAffine(page, turn, (width, height), borderValue=255)


@pytest.fixture(scope="module")
def page():
    return text_page(3, width_px=1275, height_px=1650)


def test_a_level_page_keeps_its_very_pixels(page):
    found = set_upright(page, PARAMS)

    assert (found.turn_deg, found.skew_deg) == (0, 0.0)
    assert found.image is page


@pytest.mark.parametrize("deg", [-12.0, -1.3, 0.6, 4.0, 14.0])
def test_skew_is_measured_and_undone(page, deg):
    found = set_upright(turned(page, deg), PARAMS)

    again = set_upright(found.image, PARAMS)
    assert found.skew_deg == pytest.approx(deg, abs=0.12)
    assert again.skew_deg == pytest.approx(0.0, abs=0.13)


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_page_on_its_side_is_set_on_its_head_or_foot(page, quarters):
    side = np.ascontiguousarray(np.rot90(page, quarters))

    found = set_upright(side, PARAMS)

    upright = found if quarters == 3 else turn_over(found)
    np.testing.assert_array_equal(upright.image, page)
    assert upright.turn_deg == 90 * quarters


def test_points_of_the_page_are_carried_along(page):
    marked = page.copy()
    marked[200:220, 300:320] = 0
    skewed = turned(marked, 3.0)
    found = turn_over(set_upright(skewed, PARAMS))
    middle = np.array([[309.5, 209.5]])
    turn = np.vstack([cv2.getRotationMatrix2D((1275 / 2, 1650 / 2), 3.0, 1.0), [0, 0, 1]])

    x, y = move(move(middle, turn), found.from_page)[0]

    assert found.image[round(y) - 5 : round(y) + 5, round(x) - 5 : round(x) + 5].max() < 60
