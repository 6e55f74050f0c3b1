from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.pyramid import halvings, scaling, shrink
from segmentation.sampling import level_for, pull_level
from segmentation.warp import move


def dot_at(x, y, shape=(640, 480)):
    """Draw a soft dot and give the image."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    blob = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 9.0**2))
    return (255 - 200 * blob).astype(np.uint8)


def centroid(image):
    weight = 255.0 - image
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.array([(columns * weight).sum(), (rows * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("long_side_px", [160, 250, 333])
def test_a_dot_lies_on_every_level_where_the_map_says(long_side_px):
    image = dot_at(211.0, 340.0)

    levels = halvings(image, long_side_px=160)
    small = shrink(levels[-1], long_side_px=long_side_px)

    for level in (*levels, small):
        found = move(centroid(level.image)[None], level.to_original())[0]
        np.testing.assert_allclose(found, [211.0, 340.0], atol=0.2)


@given(height=st.integers(1, 900), width=st.integers(1, 900), long_side_px=st.integers(1, 400))
@settings(deadline=None)
def test_the_smallest_level_is_at_least_as_long_as_asked_and_under_twice_that(
    height, width, long_side_px
):
    image = np.zeros((height, width), np.uint8)

    levels = halvings(image, long_side_px=long_side_px)

    longest = max(levels[-1].image.shape)
    assert levels[0].image is image
    assert longest >= min(max(image.shape), long_side_px)
    assert longest < 2 * long_side_px or min(levels[-1].image.shape) == 1


def test_an_image_already_small_is_not_enlarged():
    level = halvings(np.zeros((50, 40), np.uint8), long_side_px=100)[0]

    assert shrink(level, long_side_px=100) is level


def test_a_window_is_cut_from_the_level_that_skips_no_pixels():
    levels = halvings(np.zeros((1600, 1200), np.uint8), long_side_px=200)

    chosen = {
        step: level_for(levels, scaling(step, step), np.array([5.0, 5.0])).scale_x
        for step in (0.5, 1.5, 2.5, 5.0, 100.0)
    }

    assert chosen == {0.5: 1, 1.5: 1, 2.5: 2, 5.0: 4, 100.0: levels[-1].scale_x}


def test_a_coarse_window_shows_the_mean_of_what_it_covers():
    lines = np.full((800, 600), 255, np.uint8)
    lines[::4] = 0  # a fine pattern, gray from afar
    levels = halvings(lines, long_side_px=100)

    window = pull_level(levels, scaling(4.0, 4.0), width_px=150, height_px=200)

    assert abs(float(window.mean()) - 191) < 3
    assert float(cv2.meanStdDev(window)[1].item()) < 12
