from __future__ import annotations

import numpy as np
import pytest

from segmentation.matching import (
    CAREFUL,
    Features,
    MatchParams,
    blank_features,
    page_features,
    pair_features,
)
from segmentation.pyramid import halvings
from segmentation.warp import move
from tests.drawing import Distortion, draw_form, scan

WAYS = [pytest.param(MatchParams(), id="orb"), pytest.param(CAREFUL, id="sift")]


def smallest(image):
    return halvings(image, long_side_px=800)[-1]


@pytest.mark.parametrize("params", WAYS)
@pytest.mark.parametrize("turn_deg", [0, 90, 180])
def test_most_pairs_join_the_same_place_of_form_and_scan(params, turn_deg):
    form = draw_form(3)
    page, sheet_to_page = scan(form.image, Distortion(turn_deg=turn_deg, noise=3, skew_deg=2))

    pairs = pair_features(
        page_features(smallest(page), params), blank_features(smallest(form.image), params), params
    )

    off = np.linalg.norm(move(pairs.template, sheet_to_page) - pairs.page, axis=1)
    assert len(pairs.page) > 60
    assert (off < 8).mean() > 0.5


def test_of_two_keypoints_that_want_the_same_partner_the_nearer_gets_it():
    rng = np.random.default_rng(5)
    form = Features(
        points=np.array([[10.0, 10], [500, 700]]),
        descriptors=rng.integers(0, 256, (2, 32), dtype=np.uint8),
    )
    close = form.descriptors[0].copy()
    close[0] ^= 0b111
    page = Features(
        points=np.array([[90.0, 90], [20, 20], [600, 800]]),
        descriptors=np.stack([close, form.descriptors[0], form.descriptors[1]]),
    )

    pairs = pair_features(page, form, MatchParams())

    np.testing.assert_array_equal(pairs.page, [[20, 20], [600, 800]])
    np.testing.assert_array_equal(pairs.template, form.points)


@pytest.mark.parametrize("params", WAYS)
def test_a_white_page_has_no_keypoints_and_no_pairs(params):
    white = page_features(smallest(np.full((1100, 850), 255, np.uint8)), params)
    form = blank_features(smallest(draw_form(4).image), params)

    assert len(white.points) == 0
    assert len(pair_features(white, form, params).page) == 0
    assert len(pair_features(form, white, params).page) == 0


def test_one_keypoint_alone_cannot_be_told_from_chance():
    form = blank_features(smallest(draw_form(4).image), MatchParams())
    one = Features(points=form.points[:1], descriptors=form.descriptors[:1])

    assert len(pair_features(form, one, MatchParams()).page) == 0
