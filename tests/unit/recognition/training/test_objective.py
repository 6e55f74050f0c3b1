from __future__ import annotations

import numpy as np
import pytest
import torch

from recognition.alphabet import Alphabet
from recognition.ctc import ctc_losses
from recognition.training.dataset import TrainingLine
from recognition.training.objective import CASE_WEIGHTS, accent_folding, line_losses
from recognition.types import FrameLogProbs

ALPHABET = Alphabet("aAbBéÉ")
FOLDING = accent_folding(ALPHABET)


def line(text, *, open_case):
    return TrainingLine(image=np.zeros((32, 40), np.uint8), text=text, open_case=open_case)


def says(text, frames=7):
    """Frames that say ``text`` almost surely, a blank between letters."""
    logits = torch.zeros(frames, 1, ALPHABET.size)
    labels = [0] * frames
    labels[1 : 2 * len(text) : 2] = ALPHABET.encode(text)
    for t, label in enumerate(labels):
        logits[t, 0, label] = 12.0
    return FrameLogProbs(values=logits.log_softmax(-1), frames=torch.tensor([frames]))


def test_rows_of_the_folding_sum_to_one():
    torch.testing.assert_close(FOLDING.sum(dim=1), torch.ones(ALPHABET.size))
    # Without the plain letter in the alphabet an accented one counts only as itself.
    assert FOLDING[5].count_nonzero() == 1


@pytest.mark.parametrize(
    ("written", "weight"),
    [("AB", CASE_WEIGHTS[0]), ("Ab", CASE_WEIGHTS[1]), ("ab", CASE_WEIGHTS[2])],
    ids=["upper", "title", "lower"],
)
def test_an_open_label_accepts_each_case_at_its_weight(written, weight):
    losses = line_losses(says(written), [line("AB", open_case=True)], ALPHABET, FOLDING)

    assert float(losses[0]) == pytest.approx(-np.log(weight), abs=0.01)


def test_a_written_label_accepts_only_what_is_written():
    losses = line_losses(says("Ab"), [line("AB", open_case=False)], ALPHABET, FOLDING)

    assert float(losses[0]) > 5


def test_an_open_label_accepts_accents_in_part():
    alphabet = Alphabet("aAàÀ")
    folding = accent_folding(alphabet)
    logits = torch.zeros(3, 1, alphabet.size)
    for t, label in enumerate((0, 4, 0)):
        logits[t, 0, label] = 12.0
    says_accent = FrameLogProbs(values=logits.log_softmax(-1), frames=torch.tensor([3]))

    accent = line_losses(says_accent, [line("A", open_case=True)], alphabet, folding)

    # One letter in upper case and in title case is the same text, so both weights count.
    expected = -np.log(0.5 * (CASE_WEIGHTS[0] + CASE_WEIGHTS[1]))
    assert float(accent[0]) == pytest.approx(expected, abs=0.01)


def test_losses_come_in_the_order_of_the_lines():
    values = torch.randn(6, 3, ALPHABET.size, generator=torch.Generator().manual_seed(1))
    log_probs = FrameLogProbs(values=values.log_softmax(-1), frames=torch.tensor([6, 6, 6]))
    lines = [line("ab", open_case=False), line("B", open_case=True), line("a", open_case=False)]

    losses = line_losses(log_probs, lines, ALPHABET, FOLDING)

    targets = [ALPHABET.encode(text) for text in ("ab", "B", "a")]
    plain = ctc_losses(log_probs, targets)
    assert losses[0] == plain[0]
    assert losses[2] == plain[2]
    assert losses[1] != plain[1]


def test_the_gradient_is_that_of_finite_differences():
    logits = torch.randn(5, 1, ALPHABET.size, generator=torch.Generator().manual_seed(4)).double()
    lines = [line("AB", open_case=True)]

    def loss(scores):
        log_probs = FrameLogProbs(values=scores.log_softmax(-1), frames=torch.tensor([5]))
        return line_losses(log_probs, lines, ALPHABET, FOLDING.double()).sum()

    assert torch.autograd.gradcheck(loss, logits.requires_grad_())
