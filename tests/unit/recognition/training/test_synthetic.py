from __future__ import annotations

import numpy as np
import pytest

from recognition.training.glyphs import covers
from recognition.training.synthetic import HANDS, HandParams, draw_name
from tests.unit.recognition.training.sources import FONTS


@pytest.mark.parametrize("font", FONTS, ids=lambda path: path.stem)
def test_every_shipped_font_draws_a_tight_box_of_ink(font):
    crop = draw_name("Ada King", font_path=font, height_px=48, rng=np.random.default_rng(1))

    ink = crop < 128
    assert crop.dtype == np.uint8
    assert 20 < crop.shape[0] < 96
    assert crop.shape[1] > 2 * crop.shape[0]
    assert 0.01 < ink.mean() < 0.6
    assert (crop[0] > 200).all()
    assert (crop[-1] > 200).all()


def test_the_same_seed_draws_the_same_and_another_seed_does_not():
    first, again, other = (
        draw_name("Ada", font_path=FONTS[0], height_px=40, rng=np.random.default_rng(seed))
        for seed in (3, 3, 4)
    )

    np.testing.assert_array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("text", "height_px"), [("   ", 40), ("Ada", 0)], ids=["no-ink", "no-height"]
)
def test_what_cannot_be_drawn_is_a_callers_bug(text, height_px):
    with pytest.raises(ValueError, match=r"no ink|height_px"):
        draw_name(text, font_path=FONTS[0], height_px=height_px, rng=np.random.default_rng(1))


def test_a_font_covers_only_what_it_has_glyphs_for():
    assert covers(FONTS[0], "Ada King")
    assert not covers(FONTS[0], "Ada 漢")


STEADY = {
    "oversampling": 1, "slant_deg": (0, 0), "size_spread": 0, "lift": 0, "wave": 0, "tracking": 0,
    "loose_letters": 0, "heavy_pen": 0,
}  # fmt: skip


def draw(text, seed=1, **changes):
    return draw_name(
        text,
        font_path=FONTS[-1],
        height_px=56,
        rng=np.random.default_rng(seed),
        params=HandParams(**{**STEADY, **changes}),
    )


def test_a_steady_hand_keeps_to_the_font():
    np.testing.assert_array_equal(draw("Ada King", seed=1), draw("Ada King", seed=2))


def test_capitals_grow_in_mixed_case_only():
    growing = {"tall_capitals": 1.0, "capital_growth": 2.0, "loose_letters": 1.0}

    assert draw("Ada", **growing).shape[0] > 1.1 * draw("Ada", loose_letters=1.0).shape[0]
    assert draw("ADA", **growing).shape == draw("ADA", loose_letters=1.0).shape


def test_a_wide_gap_parts_the_words():
    narrow, wide = (draw("Ada King", word_gap=(gap, gap)).shape[1] for gap in (0.2, 1.2))

    assert wide - narrow == pytest.approx(56, abs=2)


def test_a_slant_leans_the_letters():
    back, forward = ((draw("l", slant_deg=(deg, deg)) < 128).nonzero() for deg in (-15, 35))

    assert np.corrcoef(*back)[0, 1] > 0.5  # further right further down
    assert np.corrcoef(*forward)[0, 1] < -0.5


def test_a_felt_pen_leaves_more_ink_and_never_fills_the_letters():
    thin = (draw("Ada King") < 128).mean()
    thick = [
        (draw("Ada King", seed, heavy_pen=1.0, pen_growth=0.3) < 128).mean() for seed in range(8)
    ]

    assert max(thick) > 1.3 * thin
    assert max(thick) < 0.6


@pytest.mark.parametrize("font", FONTS, ids=lambda path: path.stem)
def test_every_hand_for_training_leaves_ink(font):
    for seed in range(6):
        crop = draw_name(
            "O'Neil-Mc Kay",
            font_path=font,
            height_px=48,
            rng=np.random.default_rng(seed),
            params=HANDS,
        )

        assert 0.005 < (crop < 128).mean() < 0.6
