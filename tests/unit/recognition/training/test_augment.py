from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.preprocess import line_image
from recognition.training.augment import distort
from recognition.training.augment_cells import set_in_cells
from recognition.training.augment_hand import raise_capitals
from recognition.training.augment_paper import Framed, ink_box
from recognition.training.augment_params import FULL, LIGHT, AugmentParams
from recognition.training.augment_struck import strike_out
from recognition.training.synthetic import draw_name
from tests.unit.recognition.training.sources import FONTS

STEPS = (
    "geometry", "pen", "uneven", "tall", "struck", "comb", "field", "stamp", "cut", "tone",
    "coarse", "blur", "jpeg", "binary", "fax", "specks",
)  # fmt: skip
NEVER = dict.fromkeys(STEPS, 0.0)
REMNANTS = ("ruling", "dots", "erased", "label", "edge")
LIMITS = {"turn_deg", "slant", "stretch", "bend", "tall_most", "cut_share"}


@pytest.fixture(scope="module")
def crop():
    drawn = draw_name("Ada King", font_path=FONTS[0], height_px=56, rng=np.random.default_rng(1))
    drawn.setflags(write=False)
    return drawn


def test_without_any_step_nothing_changes(crop):
    same = distort(crop, np.random.default_rng(1), AugmentParams(**NEVER))

    np.testing.assert_array_equal(same, crop)


@pytest.mark.parametrize("step", [name for name in NEVER if name not in {"field", "comb"}])
def test_each_step_changes_the_crop_and_leaves_the_ink(crop, step):
    before = crop.copy()
    params = AugmentParams(**{**NEVER, step: 1.0})

    changed = [distort(crop, np.random.default_rng(seed), params) for seed in range(8)]

    np.testing.assert_array_equal(crop, before)
    assert any(c.shape != crop.shape or not np.array_equal(c, crop) for c in changed)
    for c in changed:
        assert c.dtype == np.uint8
        assert line_image(c).mean() > 5  # ink is still there


@pytest.mark.parametrize("part", ["ruling", "dots", "label", "edge"])
def test_a_field_may_hold_remnants_of_its_form(crop, part):
    plain = {**NEVER, "field": 1.0, **dict.fromkeys(REMNANTS, 0.0)}
    pairs = [
        [
            distort(crop, np.random.default_rng(seed), AugmentParams(**p))
            for p in (plain, {**plain, part: 1.0})
        ]
        for seed in range(12)
    ]

    assert any(not np.array_equal(a, b) for a, b in pairs)
    for without, added in pairs:
        if without.shape == added.shape:  # what would hide the writing is left out, field and all
            assert (added <= without).all()  # remnants only add ink
        else:
            np.testing.assert_array_equal(added, crop)


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
            if field.name not in LIMITS:
                assert 0 <= getattr(params, field.name) <= 1


def letters_apart(count: int) -> np.ndarray:
    """Bars of a letter's size, well apart, as block capitals are."""
    drawn = np.full((40, 30 * count + 10), 255, np.uint8)
    for x in range(10, 30 * count, 30):
        drawn[4:36, x : x + 5] = 0
        drawn[4:8, x : x + 16] = drawn[30:36, x : x + 16] = 0
    return drawn


def framed(crop: np.ndarray) -> Framed:
    box = ink_box(crop)
    assert box is not None
    return Framed(crop=crop, box=box)


def test_each_letter_gets_a_cell_of_its_own_and_keeps_its_ink():
    crop = letters_apart(4)
    frame = framed(crop)

    for seed in range(12):
        cells = set_in_cells(frame, np.random.default_rng(seed), FULL)

        left, top, right, bottom = cells.box
        inside = cells.crop[top:bottom, left:right] == 0
        assert inside.sum() >= (crop == 0).sum()
        assert (cells.crop == 255).any()
        assert cells.crop.shape[1] > crop.shape[1] / 2


def test_joined_writing_is_not_set_into_cells():
    crop = np.full((40, 300), 255, np.uint8)
    crop[10:30, 10:290] = 0
    frame = framed(crop)

    assert set_in_cells(frame, np.random.default_rng(1), FULL) is frame


def test_a_struck_attempt_stands_beside_the_writing_which_stays_whole(crop):
    frame = framed(crop)

    for seed in range(12):
        both = strike_out(frame, np.random.default_rng(seed), FULL)

        left, top, right, bottom = both.box
        x0, y0, x1, y1 = frame.box
        assert both.crop.shape[1] > crop.shape[1]
        np.testing.assert_array_equal(both.crop[top:bottom, left:right], crop[y0:y1, x0:x1])


def test_print_that_hides_the_writing_is_not_found_as_writing():
    crop = letters_apart(4)
    hidden = np.pad(crop, ((0, 90), (0, 0)), constant_values=255)
    hidden[50:128, 10:110] = 0

    assert framed(crop).is_found()
    assert not Framed(crop=hidden, box=framed(crop).box).is_found()


def test_a_fax_knows_only_black_and_white(crop):
    params = AugmentParams(**{**NEVER, "fax": 1.0})

    sent = distort(crop, np.random.default_rng(1), params)

    assert set(np.unique(sent)) == {0, 255}
    assert sent.shape == crop.shape


def test_capitals_grow_against_small_letters_but_block_capitals_stay(crop):
    block = letters_apart(5)

    grown = [raise_capitals(crop, np.random.default_rng(seed), FULL) for seed in range(8)]

    assert len({g.shape[0] for g in grown}) > 1
    assert raise_capitals(block, np.random.default_rng(1), FULL) is block


def test_steps_can_be_taken_more_rarely_and_none_is_forgotten(crop):
    half, never = FULL.taken(0.5), FULL.taken(0.0)

    assert {name for name in STEPS if getattr(half, name) == getattr(FULL, name) / 2} == set(STEPS)
    assert all(getattr(half, name) == getattr(FULL, name) for name in LIMITS)
    np.testing.assert_array_equal(distort(crop, np.random.default_rng(1), never), crop)
