from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.training.words import part_words


def line(*words, gap=40, ruling=False):
    """A line of blocks: each word as many bars as it has letters; and where they stand."""
    crop = np.full((64, 900), 255, np.uint8)
    places, x = [], 10
    for word in words:
        start = x
        for _ in word:
            crop[15:50, x : x + 12] = 0
            x += 16
        places.append((start, x - 4))
        x += gap - 4
    if ruling:
        cv2.line(crop, (0, 52), (899, 52), 90, 1)
    return crop[:, :x], places


@pytest.mark.parametrize("ruling", [False, True], ids=["plain", "ruled"])
def test_words_are_parted_at_the_wide_gaps(ruling):
    crop, places = line("the", "quick", "brown", ruling=ruling)

    assert part_words(crop, ["the", "quick", "brown"]) == places


def test_a_single_word_is_its_ink():
    crop, places = line("quick")

    assert part_words(crop, ["quick"]) == places


@pytest.mark.parametrize(
    ("drawn", "said", "gap"),
    [
        pytest.param(("the", "quick"), ["the", "qu", "ick"], 40, id="more-words-than-gaps"),
        pytest.param(("the", "quick"), ["the", "quick"], 7, id="gap-as-letters"),
        pytest.param(("the", "quick"), ["a", "quickbrownfoxes"], 40, id="widths-against-letters"),
        pytest.param(("a",), ["a", "b"], 40, id="no-gap"),
        pytest.param((), ["a"], 40, id="no-ink"),
    ],
)
def test_a_line_stays_whole_where_the_evidence_is_weak(drawn, said, gap):
    crop, _ = line(*drawn, gap=gap)
    if not drawn:
        crop = np.full((64, 100), 255, np.uint8)

    assert part_words(crop, said) is None
