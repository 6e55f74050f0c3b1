from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.ink import cut_ink
from recognition.scoring import ink_log_probs, written_as
from tests.unit.recognition.lines import every_text, random_line, written_line

CHARACTERS = "aAb"


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=0, max_value=10_000),
    st.sampled_from([0.5, 2.0, 6.0]),
)
def test_every_text_has_the_sum_of_its_paths(frames, seed, sharpness):
    line = random_line(frames, 4, seed=seed, sharpness=sharpness)
    truth = every_text(line, CHARACTERS)

    log_probs = ink_log_probs(cut_ink(line, CHARACTERS, floor=0), sorted(truth))

    for text, log_prob in zip(sorted(truth), log_probs, strict=True):
        assert math.exp(log_prob) == pytest.approx(truth[text], rel=1e-5)


def test_texts_the_line_cannot_hold_are_impossible():
    ink = cut_ink(random_line(3, 4, seed=1), CHARACTERS, floor=0)

    log_probs = ink_log_probs(ink, ["ABAB", "BBB", "X", "A"])

    assert np.isneginf(log_probs[:3]).all()
    assert math.isfinite(log_probs[3])


def test_no_texts_have_no_probabilities():
    assert ink_log_probs(cut_ink(random_line(3, 4, seed=1), CHARACTERS, floor=0), []).shape == (0,)


def test_a_text_scores_the_same_alone_and_among_longer_ones():
    ink = cut_ink(random_line(9, 4, seed=4), CHARACTERS, floor=0)

    alone = ink_log_probs(ink, ["AB"])[0]
    among = ink_log_probs(ink, ["", "ABABA", "AB"])[2]

    assert among == pytest.approx(alone, rel=1e-12)


def test_the_ink_says_how_each_letter_is_written():
    line = written_line("bAab", CHARACTERS)

    chars = written_as(cut_ink(line, CHARACTERS, floor=1e-3), "BAAB", CHARACTERS)

    assert "".join(char.char for char in chars) == "bAab"
    assert [(char.start_frame, char.end_frame) for char in chars] == [
        (1, 2),
        (4, 5),
        (7, 8),
        (10, 11),
    ]
    assert all(char.probability == pytest.approx(1, abs=1e-4) for char in chars)


def test_a_less_likely_text_gets_the_frames_that_speak_for_it():
    line = written_line("abb", CHARACTERS, rivals={1: ("A", 0.3)})

    chars = written_as(cut_ink(line, CHARACTERS, floor=1e-3), "AAB", CHARACTERS)

    assert "".join(char.char for char in chars) == "aAb"
    assert chars[1].probability == pytest.approx(0.3, abs=1e-3)
    assert chars[1].start_frame == 4


def test_an_empty_text_has_no_letters():
    ink = cut_ink(np.zeros((0, 4)), CHARACTERS, floor=0)

    assert written_as(ink, "", CHARACTERS) == ()


@settings(deadline=None, max_examples=50)
@given(st.integers(min_value=0, max_value=10_000))
def test_letters_stand_in_order_and_spell_the_text(seed):
    line = random_line(8, 4, seed=seed)
    ink = cut_ink(line, CHARACTERS, floor=0)

    chars = written_as(ink, "ABA", CHARACTERS)

    assert "".join(char.char for char in chars).upper() == "ABA"
    edges = [edge for char in chars for edge in (char.start_frame, char.end_frame)]
    assert edges == sorted(edges)
    assert edges[-1] <= 8
