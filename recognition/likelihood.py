"""How probable the ink makes one text, whatever the case and marks of its letters.

The labels of each letter are joined in every frame, and CTC's forward algorithm sums over all
paths that spell the text (Graves et al. 2006, doi:10.1145/1143844.1143891). It takes 0.2 ms a
line, where ``scoring``, which keeps a letter's labels apart, takes 2 ms; texts rank alike. Only
where two ways of one letter stand side by side, as in ``Lloyd`` or ``Renée``, are they kept apart:
joined, they would want a blank between them, which the ink need not give.
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import ctc_loss

from recognition.folding import fold_letter, fold_letters
from recognition.ink import cut_ink
from recognition.scoring import ink_log_probs

if TYPE_CHECKING:
    import numpy.typing as npt

    from recognition.ink import LogProbs

_LEAST = 1e-30  # keeps the log finite where float32 has no smaller probability


def text_log_prob(log_probs: LogProbs, text: str, characters: str) -> float:
    """Give the natural log of a text's probability, at most 0; -inf for the impossible.

    Args:
        log_probs: (T, C) of the line's own frames.
        text: of the alphabet's characters, as the frames spell it.
        characters: the model's alphabet; its label i + 1 stands at i.

    Raises:
        ValueError: C is not the alphabet's size.
        KeyError: the text holds a letter that the alphabet lacks.
    """
    joined, columns = _joined_labels(characters)
    if log_probs.ndim != 2 or log_probs.shape[1] != len(joined):
        raise ValueError(f"want (T, {len(joined)}) log probabilities, got {log_probs.shape}")
    if not len(log_probs):
        return -np.inf if text else 0.0
    if _stands_beside_itself(text):
        apart = cut_ink(log_probs, characters, floor=0.0)
        return min(0.0, float(ink_log_probs(apart, [fold_letters(text)])[0]))
    probs = np.exp(log_probs.astype(np.float32)) @ joined
    values = torch.from_numpy(np.log(np.maximum(probs, _LEAST)))[:, None]
    labels = torch.tensor([[columns[fold_letter(char)] for char in text]], dtype=torch.long)
    frames, letters = torch.tensor([len(log_probs)]), torch.tensor([len(text)])
    loss = ctc_loss(values, labels, frames, letters, reduction="none")
    return min(0.0, -float(loss))


def _stands_beside_itself(text: str) -> bool:
    """Say whether two neighbours are one letter, written in two ways."""
    return any(a != b and fold_letter(a) == fold_letter(b) for a, b in itertools.pairwise(text))


@lru_cache(maxsize=8)
def _joined_labels(characters: str) -> tuple[npt.NDArray[np.float32], dict[str, int]]:
    """Give the (C, K) matrix that adds up each letter's labels, and each letter's column."""
    letters = [fold_letter(char) for char in characters]
    columns = {letter: at for at, letter in enumerate(sorted(set(letters)), start=1)}
    joined = np.zeros((len(characters) + 1, len(columns) + 1), np.float32)
    joined[0, 0] = 1
    for label, letter in enumerate(letters, start=1):
        joined[label, columns[letter]] = 1
    joined.setflags(write=False)
    return joined, columns
