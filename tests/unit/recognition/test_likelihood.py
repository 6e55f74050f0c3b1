from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET
from recognition.ink import cut_ink
from recognition.likelihood import text_log_prob
from recognition.scoring import ink_log_probs
from tests.unit.recognition.lines import every_text, random_line, written_line


@pytest.mark.parametrize("seed", range(4))
def test_with_one_label_a_letter_it_is_the_sum_over_every_path(seed):
    characters = "ABC"
    log_probs = random_line(5, 4, seed=seed)
    log_probs.setflags(write=False)

    for text, total in every_text(log_probs, characters).items():
        found = text_log_prob(log_probs, text, characters)
        assert found == pytest.approx(math.log(total), abs=1e-4)


def test_case_and_marks_of_a_letter_are_added_up():
    characters = "EéeX"
    log_probs = np.log(np.array([[0.1, 0.3, 0.2, 0.3, 0.1]], np.float32))

    for way in "Eée":
        assert text_log_prob(log_probs, way, characters) == pytest.approx(math.log(0.8), abs=1e-5)


def test_it_agrees_with_the_slower_score_that_keeps_labels_apart():
    characters = "AaBbNn"
    log_probs = written_line("Banana", characters, rivals={1: ("A", 0.3), 4: ("N", 0.1)})
    ink = cut_ink(log_probs, characters, floor=0.0)

    fast = text_log_prob(log_probs, "Banana", characters)

    assert fast == pytest.approx(float(ink_log_probs(ink, ["BANANA"])[0]), abs=1e-3)


def test_a_text_that_the_frames_cannot_spell_is_impossible():
    log_probs = random_line(2, 3, seed=0)

    assert text_log_prob(log_probs, "AA", "AB") == -math.inf
    assert text_log_prob(log_probs[:0], "A", "AB") == -math.inf


def test_no_text_is_the_blank_in_every_frame():
    log_probs = random_line(3, 3, seed=1)

    assert text_log_prob(log_probs, "", "AB") == pytest.approx(float(log_probs[:, 0].sum()))
    assert text_log_prob(log_probs[:0], "", "AB") == 0


def test_certain_ink_has_a_log_probability_of_at_most_0():
    log_probs = np.log(np.array([[0, 1], [1, 0]], np.float32) + np.float32(1e-9))

    assert -1e-5 < text_log_prob(log_probs, "A", "A") <= 0


@pytest.mark.parametrize("shape", [(3,), (3, 5)])
def test_another_alphabet_is_the_callers_bug(shape):
    with pytest.raises(ValueError, match="want"):
        text_log_prob(np.zeros(shape, np.float32), "A", "AB")


@pytest.mark.parametrize("text", ["Lloyd", "Renée", "Aaron"])
def test_two_ways_of_one_letter_side_by_side_need_no_blank_between_them(text):
    log_probs = written_line(text, NAME_ALPHABET)[1::3]  # the inked frames alone

    assert len(log_probs) == len(text)
    assert -0.1 < text_log_prob(log_probs, text, NAME_ALPHABET) <= 0


@pytest.mark.parametrize("text", ["Lloyd", "Renée", "Aaron"])
def test_with_a_blank_between_them_they_are_as_probable(text):
    log_probs = written_line(text, NAME_ALPHABET)

    assert -0.1 < text_log_prob(log_probs, text, NAME_ALPHABET) <= 0
