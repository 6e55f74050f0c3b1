from __future__ import annotations

import itertools
import math

import pytest
import torch

from recognition.ctc import ctc_losses, mixture_losses
from recognition.errors import LineTooNarrowError
from recognition.types import FrameLogProbs


def frames(t, n, c, *, seed=3, own=None):
    values = torch.randn(t, n, c, generator=torch.Generator().manual_seed(seed)).log_softmax(-1)
    return FrameLogProbs(values=values, frames=torch.tensor(own or [t] * n))


def collapse(path):
    return [k for k, _ in itertools.groupby(path) if k != 0]


def probability(values, target):
    """Sum over every path that collapses to ``target``; values (T, C)."""
    t, c = values.shape
    paths = (p for p in itertools.product(range(c), repeat=t) if collapse(p) == list(target))
    return sum(math.exp(sum(float(values[i, k]) for i, k in enumerate(p))) for p in paths)


@pytest.mark.parametrize(
    "target", [[], [1], [2, 1], [1, 1], [2, 1, 2]], ids=["none", "one", "two", "twice", "three"]
)
def test_the_loss_is_the_sum_over_all_paths(target):
    log_probs = frames(4, 1, 3)

    loss = ctc_losses(log_probs, [target])

    assert float(loss[0]) == pytest.approx(
        -math.log(probability(log_probs.values[:, 0], target)), 1e-5
    )


def test_frames_of_padding_do_not_count():
    short = frames(3, 1, 3)
    padded = FrameLogProbs(
        values=torch.cat([short.values, frames(5, 1, 3, seed=9).values]), frames=short.frames
    )

    assert ctc_losses(padded, [[1, 2]])[0] == pytest.approx(float(ctc_losses(short, [[1, 2]])[0]))


def test_a_line_too_narrow_for_its_text_is_named():
    with pytest.raises(LineTooNarrowError) as caught:
        ctc_losses(frames(4, 2, 3, own=[4, 2]), [[1, 2], [1, 1]])

    assert (caught.value.line, caught.value.frames, caught.value.needed) == (1, 2, 3)


@pytest.mark.parametrize(
    "targets", [[[1]], [[1], [3]], [[1], [0]]], ids=["too-few", "beyond-alphabet", "blank"]
)
def test_targets_that_do_not_fit_are_a_callers_bug(targets):
    with pytest.raises(ValueError, match="target"):
        ctc_losses(frames(4, 2, 3), targets)


def test_a_mixture_is_the_weighted_sum_of_its_spellings():
    log_probs = frames(3, 1, 3)
    values = log_probs.values[:, 0]

    loss = mixture_losses(log_probs, [[[1, 2]], [[2]]], [0.7, 0.3])

    expected = 0.7 * probability(values, [1, 2]) + 0.3 * probability(values, [2])
    assert float(loss[0]) == pytest.approx(-math.log(expected), 1e-5)
