"""Best path decoding: log probabilities to text with spans, greedy and without any prior.

The most probable label of each frame, repeats joined, blanks dropped (Graves et al. 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recognition.alphabet import BLANK
from recognition.types import CharReading

if TYPE_CHECKING:
    import numpy.typing as npt

    from recognition.alphabet import Alphabet


def best_path(
    log_probs: npt.NDArray[np.float32], alphabet: Alphabet
) -> tuple[str, tuple[CharReading, ...], float]:
    """Decode one line.

    Args:
        log_probs: (T, C), the line's own frames only.
        alphabet: of C labels.

    Returns:
        The text, its characters with spans, and the natural log of the path's probability.

    Raises:
        ValueError: C is not the alphabet's size.
    """
    if log_probs.ndim != 2 or log_probs.shape[1] != alphabet.size:
        raise ValueError(f"want (T, {alphabet.size}) log probabilities, got {log_probs.shape}")
    labels = log_probs.argmax(axis=1)
    best = log_probs[np.arange(len(labels)), labels]
    starts = np.flatnonzero(np.diff(labels, prepend=-1) != 0)
    ends = np.append(starts[1:], len(labels))[: len(starts)]  # none where there are no frames
    chars = tuple(
        CharReading(
            char=alphabet.characters[labels[start] - 1],
            probability=float(np.exp(best[start:end].max())),
            start_frame=int(start),
            end_frame=int(end),
        )
        for start, end in zip(starts, ends, strict=True)
        if labels[start] != BLANK
    )
    return "".join(char.char for char in chars), chars, float(best.sum())
