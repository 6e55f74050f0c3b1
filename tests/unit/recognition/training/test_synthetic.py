from __future__ import annotations

import numpy as np
import pytest

from recognition.training.synthetic import covers, draw_name
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
