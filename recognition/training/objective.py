"""What training makes small: plain CTC, or CTC that leaves letter case and accents open.

Some sources label every crop in upper case without accents, whatever the ink says. Taught
as they stand, such labels would unlearn small letters. For these lines the loss is the negative
log of a mixture over spellings (upper, title and lower case), each over classes in which an
accented letter also counts, in part, as its plain one.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import torch

from recognition.ctc import ctc_losses, mixture_losses
from recognition.training.spellings import spellings
from recognition.types import FrameLogProbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from recognition.alphabet import Alphabet
    from recognition.training.dataset import TrainingLine

CASE_WEIGHTS = (0.85, 0.1, 0.05)  # upper, title, lower: how a form's name is likely written
ACCENT_SHARE = 0.5  # how far an accented letter counts as its plain one
_TINY = 1e-12  # keeps the log finite


def accent_folding(alphabet: Alphabet) -> Tensor:
    """Give (C, C): row i spreads label i over the labels it counts as; rows sum to 1.

    Rows must sum to 1: torch's CTC gradient holds only for log probabilities that do.
    """
    folding = torch.eye(alphabet.size)
    for char in alphabet.characters:
        plain = unicodedata.normalize("NFD", char)[0]
        if plain != char and alphabet.covers(plain):
            own, base = alphabet.encode(char)[0], alphabet.encode(plain)[0]
            folding[own, own] = 1 - ACCENT_SHARE
            folding[own, base] = ACCENT_SHARE
    return folding


def line_losses(
    log_probs: FrameLogProbs, lines: Sequence[TrainingLine], alphabet: Alphabet, folding: Tensor
) -> Tensor:
    """Give each line's loss by its own kind: (N,) float32, in the order of ``lines``.

    Raises:
        AlphabetError: a text cannot be spelled.
        LineTooNarrowError: a line gives fewer frames than its text needs.
    """
    losses = log_probs.values.new_zeros(len(lines))
    strict = [i for i, line in enumerate(lines) if not line.open_case]
    loose = [i for i, line in enumerate(lines) if line.open_case]
    if strict:
        targets = [alphabet.encode(lines[i].text) for i in strict]
        losses[strict] = ctc_losses(_part(log_probs, strict), targets)
    if loose:
        part = _part(log_probs, loose)
        folded = torch.log(part.values.exp() @ folding + _TINY)
        written = [spellings(lines[i].text, alphabet) for i in loose]
        variants = [[alphabet.encode(text) for text in case] for case in zip(*written, strict=True)]
        losses[loose] = mixture_losses(
            FrameLogProbs(values=folded, frames=part.frames), variants, CASE_WEIGHTS
        )
    return losses


def surprise_of_any(log_probs: FrameLogProbs) -> Tensor:
    """Give what smooths CTC's labels: a line's mean of -log p over its frames and all labels.

    Least where every label is as likely as any other (Kim et al. 2018, arXiv:1707.07413, with
    the uniform distribution).

    Returns:
        (N,) float32.
    """
    frames = log_probs.frames.to(log_probs.values.device)
    own = torch.arange(len(log_probs.values), device=frames.device)[:, None] < frames[None]
    each = -log_probs.values.mean(dim=2)  # (T, N)
    return torch.where(own, each, 0.0).sum(dim=0) / frames


def _part(log_probs: FrameLogProbs, indexes: Sequence[int]) -> FrameLogProbs:
    return FrameLogProbs(
        values=log_probs.values[:, indexes], frames=log_probs.frames[list(indexes)]
    )
