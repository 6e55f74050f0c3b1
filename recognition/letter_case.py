"""What is known of a field's letter case, put into a line's frame probabilities before decoding.

In a field of capitals, a frame that looks like ``s`` says ``S``: the probability of each small
letter goes to its capital. A capital is a letter's upper case where that is one character and
the model has a label for it; ``ß`` and signs keep theirs. Frames remain distributions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from recognition.ink import LogProbs


def only_capitals(log_probs: LogProbs, characters: str) -> LogProbs:
    """Fold every small letter into its capital.

    Args:
        log_probs: (T, C) natural logs; never written to.
        characters: the model's alphabet; its label i + 1 stands at i.

    Returns:
        (T, C), -inf for the labels that were folded away.

    Raises:
        ValueError: C is not the alphabet's size.
    """
    if log_probs.ndim != 2 or log_probs.shape[1] != len(characters) + 1:
        raise ValueError(
            f"want (T, {len(characters) + 1}) log probabilities, got {log_probs.shape}"
        )
    folded = log_probs.copy()
    for small, capital in _pairs(characters):
        folded[:, capital] = np.logaddexp(folded[:, capital], log_probs[:, small])
        folded[:, small] = -np.inf
    return folded


def _pairs(characters: str) -> list[tuple[int, int]]:
    """Give the labels of each small letter and its capital."""
    labels = {char: label for label, char in enumerate(characters, start=1)}
    return [
        (label, labels[char.upper()])
        for char, label in labels.items()
        if char.upper() != char and char.upper() in labels
    ]
