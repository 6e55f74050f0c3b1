from __future__ import annotations

import numpy as np
import pytest

from recognition.ink import cut_ink

CERTAIN_BLANK = [0.0, -np.inf, -np.inf]
LETTER = np.log([0.3, 0.6, 0.1])


def test_blanks_that_follow_a_blank_are_left_out_and_counted():
    line = np.array([np.log([0.9, 0.05, 0.05]), np.log([0.8, 0.1, 0.1]), LETTER, CERTAIN_BLANK])

    ink = cut_ink(line, "ab", floor=0.2)

    assert ink.frames.tolist() == [0, 2, 3]
    assert ink.left_out == pytest.approx(np.log(0.8))


def test_improbable_labels_are_dropped_and_their_columns_with_them():
    ink = cut_ink(LETTER[None], "éb", floor=0.2)

    assert ink.letters == ("", "E")
    assert ink.labels.tolist() == [0, 1]
    np.testing.assert_allclose(ink.probs, [[0.3, 0.6]])


def test_a_frames_best_label_is_never_dropped():
    ink = cut_ink(LETTER[None], "ab", floor=0.99)

    np.testing.assert_allclose(ink.probs, [[0.3, 0.6]])


def test_a_line_without_frames_is_cut_to_nothing():
    ink = cut_ink(np.zeros((0, 3), np.float32), "ab", floor=0.001)

    assert ink.probs.shape == (0, 1)
    assert ink.left_out == 0


def test_the_callers_array_is_left_alone():
    line = np.tile(LETTER, (3, 1))
    line.setflags(write=False)

    cut_ink(line, "ab", floor=0.2)

    np.testing.assert_array_equal(line, np.tile(LETTER, (3, 1)))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(np.zeros((4, 4)), id="another-alphabet"),
        pytest.param(np.zeros(3), id="no-frames-axis"),
        pytest.param(np.full((2, 3), -np.inf), id="nothing-possible"),
        pytest.param(np.full((2, 3), np.nan), id="not-numbers"),
        pytest.param(np.full((2, 3), np.inf), id="infinite"),
    ],
)
def test_what_is_no_distribution_is_the_callers_bug(line):
    with pytest.raises(ValueError, match=r"log probabilities|a frame's probabilities"):
        cut_ink(line, "ab", floor=0.001)
