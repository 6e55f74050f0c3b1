from __future__ import annotations

import itertools

import numpy as np
import pytest

from recognition.alphabet import Alphabet
from recognition.decode import best_path

AB = Alphabet("ab")


def spell(path, certainty=0.9):
    """(T, 3) log probabilities whose best path is ``path``."""
    probs = np.full((len(path), 3), (1 - certainty) / 2, np.float32)
    probs[np.arange(len(path)), list(path)] = certainty
    return np.log(probs)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((0, 0, 0), ""),
        ((1, 1, 2), "ab"),
        ((1, 0, 1), "aa"),
        ((0, 2, 2, 0, 1), "ba"),
        ((), ""),
    ],
    ids=["blank", "joined", "parted", "mixed", "no-frames"],
)
def test_repeats_are_joined_and_blanks_dropped(path, text):
    assert best_path(spell(path), AB)[0] == text


def test_each_character_has_its_frames_and_its_best_probability():
    log_probs = spell((0, 1, 1, 0, 2))
    log_probs[2, 1] = np.log(0.97)

    _, chars, _ = best_path(log_probs, AB)

    assert [(c.char, c.start_frame, c.end_frame) for c in chars] == [("a", 1, 3), ("b", 4, 5)]
    assert chars[0].probability == pytest.approx(0.97)


def test_no_path_is_more_probable_than_the_best():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4, 3)).astype(np.float32)
    log_probs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    _, _, score = best_path(log_probs, AB)

    paths = itertools.product(range(3), repeat=4)
    assert score == pytest.approx(max(sum(log_probs[i, k] for i, k in enumerate(p)) for p in paths))


def test_log_probabilities_of_another_alphabet_are_a_callers_bug():
    with pytest.raises(ValueError, match=r"\(T, 3\)"):
        best_path(np.zeros((4, 5), np.float32), AB)
