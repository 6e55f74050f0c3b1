"""Geometry, for any page that a scanner or a phone could have made of a form."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.errors import RegistrationError
from segmentation.placing import PlacingParams, fit_correction
from segmentation.printed import Ruling
from segmentation.registration import RegistrationParams, fit_registration
from segmentation.rulings import RulingParams, remove_rulings
from segmentation.warp import inverse, move

SIZE = (1100, 850)  # H, W of a letter page at 100 dpi
PARAMS = RegistrationParams()
PLACING = PlacingParams()
RULING = RulingParams()

turns = st.floats(-180, 180)
tilts = st.lists(st.floats(-0.05, 0.05), min_size=8, max_size=8)  # of the corners, in widths
seeds = st.integers(0, 2**32 - 1)


def page_to_form(turn_deg, scale, corners):
    """Make the map of a page that was turned, scaled and seen from aside."""
    height, width = SIZE
    form = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    angle = np.radians(turn_deg)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    page = (form - form.mean(axis=0)) @ turn.T + 2000 + np.reshape(corners, (4, 2)) * width * scale
    made = cv2.getPerspectiveTransform(page.astype(np.float32), form.astype(np.float32))
    return np.asarray(made, np.float64)


@settings(deadline=None, max_examples=60)
@given(turn_deg=turns, scale=st.floats(1, 6), corners=tilts, seed=seeds, wrong=st.floats(0, 0.5))
def test_a_homography_is_found_again_among_wrong_pairs(turn_deg, scale, corners, seed, wrong):
    rng = np.random.default_rng(seed)
    true = page_to_form(turn_deg, scale, corners)
    form = rng.uniform([0, 0], SIZE[::-1], (80, 2))
    page = move(form, inverse(true))
    seen = form + rng.normal(0, 0.4, form.shape)
    astray = rng.random(len(form)) < wrong
    seen[astray] = rng.uniform([0, 0], SIZE[::-1], (int(astray.sum()), 2))

    found = fit_registration(page, seen, SIZE, PARAMS)

    off = np.linalg.norm(move(page, found.page_to_template) - form, axis=1)
    assert off.max() < PARAMS.inlier_px
    assert found.inliers[~astray].mean() > 0.95


@settings(deadline=None, max_examples=60)
@given(seed=seeds, count=st.integers(0, 80))
def test_pairs_that_have_nothing_in_common_never_make_a_page(seed, count):
    rng = np.random.default_rng(seed)
    page, form = rng.uniform([0, 0], SIZE[::-1], (2, count, 2))

    with pytest.raises(RegistrationError):
        fit_registration(page, form, SIZE, PARAMS)


@settings(deadline=None, max_examples=100)
@given(
    shift=st.tuples(st.floats(-6, 6), st.floats(-6, 6)),
    stretch=st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)),
    seed=seeds,
    wrong=st.integers(0, 3),
)
def test_a_field_is_moved_as_most_of_the_print_around_it(shift, stretch, seed, wrong):
    rng = np.random.default_rng(seed)
    middle = np.array([400.0, 300.0])
    places = middle + rng.uniform(-150, 150, (10, 2))
    moved = np.array(shift) + (places - middle) * stretch
    moved[:wrong] += rng.choice([-7, 7], (wrong, 2))

    correction, consistent = fit_correction(places, moved, np.ones(10), middle, PLACING)

    off = move(middle[None], correction)[0] - middle - shift
    assert np.abs(off).max() < PLACING.consistent_px
    assert consistent.sum() >= 10 - wrong


@settings(deadline=None, max_examples=60)
@given(
    shift_px=st.integers(-12, 12),
    slope_px=st.integers(-6, 6),
    thickness=st.integers(2, 7),
    upright=st.booleans(),
)
def test_a_line_is_followed_wherever_a_form_printed_again_has_it(
    shift_px, slope_px, thickness, upright
):
    ruling = Ruling(upright=upright, at_px=90, start_px=30, end_px=570, thickness_px=thickness)
    ink = np.zeros((180, 600), np.uint8)
    rows = (90 + shift_px - slope_px // 2, 90 + shift_px - slope_px // 2 + slope_px)
    cv2.line(ink, (30, rows[0]), (570, rows[1]), 255, thickness)

    left = remove_rulings(ink.T.copy() if upright else ink, [ruling], RULING)

    assert left.left.max() == 0
    assert left.gap_px <= 2 * RULING.trace.chunk_px
