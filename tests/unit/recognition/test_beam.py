from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.alphabet import Alphabet
from recognition.beam import BeamParams, NoGuide, search
from recognition.decode import best_path
from recognition.folding import fold_letters
from recognition.ink import cut_ink
from tests.unit.recognition.lines import every_text, random_line, written_line

CHARACTERS = "aAb"  # two labels that are one folded letter, and another
EXHAUSTIVE = BeamParams(width=10_000, gap_nats=math.inf)


class LikesB:
    """Gives each B two nats, forbids the text "AA", and takes one nat at the end."""

    start = 1

    def step(self, state, letter):
        return state * 2 + (letter == "A"), 2.0 if letter == "B" else 0.0

    def end(self, state):
        return -math.inf if state == 7 else -1.0


class OnlyAs:
    """Forbids every letter but A."""

    start = 0

    def step(self, state, letter):
        return state + 1, 0.0 if letter == "A" else -math.inf

    def end(self, state):  # noqa: ARG002
        return 0.0


def ink_of(line, characters=CHARACTERS, *, floor=0.0):
    return cut_ink(line, characters, floor=floor)


@settings(deadline=None)
@given(
    st.integers(min_value=0, max_value=5),
    st.integers(min_value=0, max_value=10_000),
    st.sampled_from([0.5, 2.0, 6.0]),
)
def test_a_wide_beam_finds_every_text_with_its_probability(frames, seed, sharpness):
    line = random_line(frames, 4, seed=seed, sharpness=sharpness)
    truth = every_text(line, CHARACTERS)

    found = search(ink_of(line), NoGuide(), EXHAUSTIVE)

    assert {text.letters for text in found} == set(truth)
    for text in found:
        assert math.exp(text.ink) == pytest.approx(truth[text.letters], rel=1e-5)
    assert [text.score for text in found] == sorted((t.score for t in found), reverse=True)


def test_a_guides_weights_are_added_to_the_ink():
    line = random_line(5, 4, seed=3)
    truth = every_text(line, CHARACTERS)

    found = search(ink_of(line), LikesB(), EXHAUSTIVE)

    assert {text.letters for text in found} == set(truth) - {"AA"}
    for text in found:
        assert text.weight == 2.0 * text.letters.count("B") - 1
        assert text.score == pytest.approx(math.log(truth[text.letters]) + text.weight, abs=1e-5)


def test_a_guide_that_forbids_letters_leaves_only_texts_without_them():
    line = random_line(4, 4, seed=5)
    truth = {text for text in every_text(line, CHARACTERS) if "B" not in text}

    found = search(ink_of(line), OnlyAs(), EXHAUSTIVE)

    assert {text.letters for text in found} == truth


def test_a_guide_that_forbids_all_the_ink_says_leaves_nothing():
    certain_b = np.array([[-np.inf, -np.inf, -np.inf, 0.0]])

    assert search(ink_of(certain_b), OnlyAs(), BeamParams()) == ()


def test_a_beam_of_one_reads_a_clear_line_as_the_best_path_does():
    # Only a clear line: in a blurred one the best path's text and the best text differ.
    line = written_line("abbaAb", CHARACTERS)

    found = search(ink_of(line, floor=1e-3), NoGuide(), BeamParams(width=1))

    assert [text.letters for text in found] == ["ABBAAB"]
    assert fold_letters(best_path(line, Alphabet(CHARACTERS))[0]) == "ABBAAB"


def test_the_best_text_need_not_be_the_best_paths():
    # Blank leads each frame, 0.36 over both; "A" sums three paths to 0.64.
    line = np.log(np.tile([0.6, 0.4], (2, 1)))

    best = search(ink_of(line, "a"), NoGuide(), EXHAUSTIVE)[0]

    assert best_path(line, Alphabet("a"))[0] == ""
    assert best.letters == "A"
    assert math.exp(best.ink) == pytest.approx(0.64)


def test_cases_of_a_letter_count_together():
    line = np.log([[0.3, 0.2, 0.2, 0.3]])  # blank 0.3, a 0.2, A 0.2, b 0.3

    best = search(ink_of(line), NoGuide(), EXHAUSTIVE)[0]

    assert best.letters == "A"
    assert math.exp(best.ink) == pytest.approx(0.4)


def test_two_cases_in_a_row_are_two_letters_even_without_a_blank():
    line = np.log([[1e-9, 1, 1e-9, 1e-9], [1e-9, 1e-9, 1, 1e-9]])

    best = search(ink_of(line), NoGuide(), EXHAUSTIVE)[0]

    assert best.letters == "AA"


def test_the_kept_text_is_found_whole_in_the_narrowest_beam():
    line = random_line(6, 4, seed=11)
    kept = "BAB"

    found = search(ink_of(line), NoGuide(), BeamParams(width=1), kept=kept)

    assert len(found) == 2
    assert found[1].letters == kept
    exact = {t.letters: t for t in search(ink_of(line), NoGuide(), EXHAUSTIVE)}[kept]
    assert found[1].ink <= exact.ink + 1e-9


def test_a_line_without_frames_reads_as_nothing():
    found = search(ink_of(np.zeros((0, 4))), NoGuide(), BeamParams())

    assert [(text.letters, text.ink) for text in found] == [("", 0.0)]


def test_a_line_of_blanks_reads_as_nothing():
    line = np.log(np.tile([0.97, 0.01, 0.01, 0.01], (30, 1)))

    best = search(ink_of(line), NoGuide(), BeamParams())[0]

    assert best.letters == ""
    assert best.ink == pytest.approx(30 * math.log(0.97))


def test_impossible_labels_are_never_read():
    line = np.array([[np.log(0.5), -np.inf, -np.inf, np.log(0.5)]] * 3)

    found = search(ink_of(line), NoGuide(), EXHAUSTIVE)

    assert {text.letters for text in found} == {"", "B", "BB"}


def test_a_long_line_keeps_its_digits():
    line = random_line(2000, 4, seed=2, sharpness=0.1)

    best = search(ink_of(line), NoGuide(), BeamParams(width=3))[0]

    assert math.isfinite(best.ink)
    assert best.ink < -500


def test_the_same_line_always_gives_the_same_texts():
    line = random_line(12, 4, seed=8)

    first, second = (search(ink_of(line), LikesB(), BeamParams(width=4)) for _ in range(2))

    assert first == second
