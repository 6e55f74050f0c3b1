from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.preprocess import line_image
from recognition.training.augment import FULL, LIGHT, AugmentParams, distort
from recognition.training.synthetic import draw_name
from tests.unit.recognition.training.sources import FONTS

STEPS = ("geometry", "pen", "field", "cut", "tone", "coarse", "blur", "jpeg", "binary", "specks")
NEVER = dict.fromkeys(STEPS, 0.0)


@pytest.fixture(scope="module")
def crop():
    drawn = draw_name("Ada King", font_path=FONTS[0], height_px=56, rng=np.random.default_rng(1))
    drawn.setflags(write=False)
    return drawn


def test_without_any_step_nothing_changes(crop):
    same = distort(crop, np.random.default_rng(1), AugmentParams(**NEVER))

    np.testing.assert_array_equal(same, crop)


@pytest.mark.parametrize("step", [name for name in NEVER if name != "field"])
def test_each_step_changes_the_crop_and_leaves_the_ink(crop, step):
    before = crop.copy()
    params = AugmentParams(**{**NEVER, step: 1.0})

    changed = [distort(crop, np.random.default_rng(seed), params) for seed in range(4)]

    np.testing.assert_array_equal(crop, before)
    assert any(c.shape != crop.shape or not np.array_equal(c, crop) for c in changed)
    for c in changed:
        assert c.dtype == np.uint8
        assert line_image(c).mean() > 5  # ink is still there


@pytest.mark.parametrize("part", ["ruling", "label", "edge"])
def test_a_field_may_hold_remnants_of_its_form(crop, part):
    plain = {**NEVER, "field": 1.0, "ruling": 0.0, "erased": 0.0, "label": 0.0, "edge": 0.0}
    pairs = [
        [
            distort(crop, np.random.default_rng(seed), AugmentParams(**p))
            for p in (plain, {**plain, part: 1.0})
        ]
        for seed in range(12)
    ]

    assert any(not np.array_equal(a, b) for a, b in pairs)
    for without, added in pairs:
        assert without.shape == added.shape
        assert (added <= without).all()  # remnants only add ink


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([FULL, LIGHT]))
def test_any_seed_gives_a_crop_that_can_be_read(seed, params):
    rng = np.random.default_rng(seed)
    crop = np.full((int(rng.integers(8, 90)), int(rng.integers(8, 300))), 255, np.uint8)
    crop[3:6, 2:-2] = 0

    changed = distort(crop, rng, params)

    assert changed.ndim == 2
    assert changed.dtype == np.uint8
    assert changed.size


def test_every_share_is_a_probability():
    for params in (FULL, LIGHT):
        for field in fields(params):
            if field.name not in {"turn_deg", "slant", "stretch", "bend", "cut_share"}:
                assert 0 <= getattr(params, field.name) <= 1
