from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.types import Box
from segmentation.warp import center, corners, inverse, jacobian, jacobians, move, pull, unit

TILT = np.array([[0.98, -0.05, 30.0], [0.04, 1.03, -12.0], [4e-5, -7e-5, 1.0]])


@given(x=st.floats(0, 900), y=st.floats(0, 1200))
def test_the_local_map_matches_a_numerical_derivative(x, y):
    at, eps = np.array([x, y]), 1e-3
    near = np.stack([at, at + [eps, 0], at + [0, eps]])
    landed = move(near, TILT)
    numerical = np.stack([landed[1] - landed[0], landed[2] - landed[0]], axis=1) / eps

    np.testing.assert_allclose(jacobian(TILT, at), numerical, atol=1e-4)
    np.testing.assert_allclose(jacobians(TILT, near)[0], jacobian(TILT, at), atol=1e-12)


@given(x=st.floats(0, 900), y=st.floats(0, 1200))
def test_there_and_back_is_where_it_began(x, y):
    points = np.array([[x, y]])

    np.testing.assert_allclose(move(move(points, TILT), inverse(TILT)), points, atol=1e-6)


def test_no_points_stay_no_points():
    assert move(np.empty((0, 2)), TILT).shape == (0, 2)


def test_a_scaled_homography_is_the_same_map():
    np.testing.assert_allclose(unit(3 * TILT), TILT)


def test_a_box_of_one_pixel_has_its_corners_half_a_pixel_off_its_centre():
    box = Box(x_px=7, y_px=3, width_px=1, height_px=1)

    np.testing.assert_array_equal(center(box), [7, 3])
    np.testing.assert_array_equal(corners(box), [[6.5, 2.5], [7.5, 2.5], [7.5, 3.5], [6.5, 3.5]])


def test_pulling_looks_up_where_each_pixel_lies():
    image = np.arange(200, dtype=np.uint8).reshape(10, 20)
    shift = np.array([[1.0, 0, 4], [0, 1.0, 2], [0, 0, 1]])

    window = pull(image, shift, width_px=5, height_px=3)

    np.testing.assert_array_equal(window, image[2:5, 4:9])


def test_a_homography_without_inverse_is_an_error():
    with pytest.raises(np.linalg.LinAlgError):
        inverse(np.zeros((3, 3)))
