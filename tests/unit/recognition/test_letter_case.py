from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.decode import best_path
from recognition.letter_case import only_capitals
from tests.unit.recognition.lines import random_line, written_line

CHARACTERS = "aAßi\u0131I"  # i with and without its dot have one capital, ß has none


def spelt(log_probs, names):
    """Probability of every text, as the sum over all paths; ``names`` says what labels spell."""
    probs = np.exp(log_probs.astype(np.float64))
    totals: defaultdict[str, float] = defaultdict(float)
    for path in itertools.product(range(len(names)), repeat=len(probs)):
        said = [names[label] for label in path]
        text = "".join(char for char, _ in itertools.groupby(said))
        totals[text] += float(np.prod(probs[np.arange(len(path)), list(path)]))
    return {text: total for text, total in totals.items() if total > 0}


@pytest.mark.parametrize("seed", range(4))
def test_a_text_in_capitals_has_the_probability_of_all_paths_that_spell_it_in_any_case(seed):
    line = random_line(4, len(CHARACTERS) + 1, seed=seed)

    folded = spelt(only_capitals(line, CHARACTERS), ["", *CHARACTERS])

    wanted = spelt(line, ["", "A", "A", "ß", "I", "I", "I"])
    assert len(wanted) > 20
    assert folded.keys() == wanted.keys()
    assert all(folded[text] == pytest.approx(p, rel=1e-4) for text, p in wanted.items())


def test_frames_stay_distributions():
    line = random_line(30, len(NAME_ALPHABET) + 1, seed=2, sharpness=6.0)

    folded = only_capitals(line, NAME_ALPHABET)

    assert folded.shape == line.shape
    np.testing.assert_allclose(np.exp(folded).sum(axis=1), 1, rtol=1e-4)


def test_the_best_path_of_small_letters_is_read_in_capitals_and_signs_stay():
    line = written_line("d'Aßéb-ÿx", NAME_ALPHABET)

    text, chars, _ = best_path(only_capitals(line, NAME_ALPHABET), Alphabet(NAME_ALPHABET))

    assert text == "D'AßÉB-ŸX"
    assert all(char.probability > 0.99 for char in chars)


def test_a_letter_torn_between_its_two_cases_is_sure_as_a_capital():
    line = written_line("Os", NAME_ALPHABET, rivals={1: ("S", 0.5)})

    _, chars, _ = best_path(only_capitals(line, NAME_ALPHABET), Alphabet(NAME_ALPHABET))

    assert chars[1].probability == pytest.approx(1, abs=1e-3)


def test_impossible_labels_stay_impossible_and_the_line_is_not_written_to():
    line = np.full((2, len(CHARACTERS) + 1), -np.inf, np.float32)
    line[:, 0] = 0
    line.setflags(write=False)

    folded = only_capitals(line, CHARACTERS)

    assert (folded == line).all()


def test_another_alphabets_line_is_the_callers_bug():
    with pytest.raises(ValueError, match="log probabilities"):
        only_capitals(np.zeros((5, 4), np.float32), NAME_ALPHABET)
