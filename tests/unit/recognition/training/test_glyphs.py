from __future__ import annotations

import numpy as np
import pytest

from recognition.training.glyphs import covers, glyph, kerning, suits
from tests.unit.recognition.training.sources import FONTS

JOINED = next(path for path in FONTS if path.stem == "cedarville-cursive")
PRINT = next(path for path in FONTS if path.stem == "patrick-hand")


def test_a_font_covers_only_what_it_has_glyphs_for():
    assert covers(FONTS[0], "Ada King")
    assert not covers(FONTS[0], "Ada 漢")


@pytest.mark.parametrize("size_px", [20, 40, 72, 100])
def test_a_glyph_scales_to_the_size_that_is_asked_for(size_px):
    drawn, large = glyph(PRINT, "A", size_px), glyph(PRINT, "A", 144)

    assert 0.5 < drawn.scale <= 1
    assert drawn.advance * drawn.scale == pytest.approx(large.advance * size_px / 144, rel=0.1)
    assert drawn.top < 0
    assert drawn.ink.any()
    assert not drawn.ink.flags.writeable


def test_letters_drawn_apart_and_kerned_are_as_wide_as_the_pair():
    pair, first, second = (glyph(PRINT, text, 72) for text in ("To", "T", "o"))

    apart = first.advance + second.advance + kerning(PRINT, "T", "o", 72)

    assert apart == pytest.approx(pair.advance)


def test_nobody_writes_a_word_in_the_capitals_of_joined_writing():
    assert suits(JOINED, "Ada King")
    assert suits(JOINED, "A. King")
    assert not suits(JOINED, "Ada KING")
    assert suits(PRINT, "Ada KING")
    assert not suits(PRINT, "Ada 漢")


def test_glyphs_are_kept():
    assert glyph(PRINT, "g", 60).ink is glyph(PRINT, "g", 50).ink
    assert np.array_equal(glyph(PRINT, "gh", 60).ink, glyph(PRINT, "gh", 60).ink)
