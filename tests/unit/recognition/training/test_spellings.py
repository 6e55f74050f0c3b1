from __future__ import annotations

import pytest
import torch

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.training.objective import accent_folding, line_losses
from recognition.training.spellings import spellings
from recognition.types import FrameLogProbs
from tests.unit.recognition.training.test_objective import line

NAMES = Alphabet(NAME_ALPHABET)


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        pytest.param("Ada", ("ADA", "Ada", "ada"), id="plain"),
        pytest.param("İnci", ("İNCI", "İnci", "İnci"), id="dotted-capital-i"),
        pytest.param("Weiß", ("WEISS", "Weiß", "weiß"), id="sharp-s"),
    ],
)
def test_a_text_is_written_in_each_case_that_the_alphabet_can_spell(text, ways):
    assert spellings(text, NAMES) == ways


@pytest.mark.parametrize("text", sorted(set(NAME_ALPHABET) - set(" ")))
def test_every_letter_of_the_alphabet_can_be_learned_with_its_case_open(text):
    values = torch.zeros(8, 1, NAMES.size).log_softmax(-1)
    log_probs = FrameLogProbs(values=values, frames=torch.tensor([8]))

    losses = line_losses(log_probs, [line(text, open_case=True)], NAMES, accent_folding(NAMES))

    assert bool(torch.isfinite(losses).all())
