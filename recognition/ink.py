"""A line's frame probabilities, cut down to the frames and labels that can matter.

Most frames of a trained network are blank beyond doubt, and most labels are never probable.
What searches a line for texts walks over what is left: a tenth of the numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recognition.folding import fold_letter

LogProbs = npt.NDArray[np.floating]  # (T, C), natural logs, label 0 is the blank


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ink:
    """What is left of a line: F of its T frames, K of its C labels."""

    probs: npt.NDArray[np.float64]  # (F, K); column 0 is the blank
    labels: npt.NDArray[np.intp]  # (K,) the model's label of each column
    letters: tuple[str, ...]  # (K,) its folded letter; "" for the blank
    frames: npt.NDArray[np.intp]  # (F,) where each frame stood among the T
    left_out: float  # log probability of the blanks left out, part of every text's


def cut_ink(log_probs: LogProbs, characters: str, *, floor: float) -> Ink:
    """Cut away improbable labels, and every blank frame that follows another.

    Args:
        log_probs: (T, C) of the line's own frames; T may be 0.
        characters: the model's alphabet; its label i + 1 stands at i.
        floor: labels below this probability are dropped from their frame, the best one never;
            0 drops nothing that is possible.

    Raises:
        ValueError: the shape is not (T, C) of this alphabet, or a frame holds no distribution.
    """
    if log_probs.ndim != 2 or log_probs.shape[1] != len(characters) + 1:
        raise ValueError(
            f"want (T, {len(characters) + 1}) log probabilities, got {log_probs.shape}"
        )
    probs = np.exp(log_probs.astype(np.float64))
    best = probs.max(axis=1, keepdims=True)
    if not (np.isfinite(probs).all() and (best > 0).all()):
        raise ValueError("a frame's probabilities are all 0, infinite or not numbers")
    written = probs[:, 1:]
    written[written < np.minimum(floor, best)] = 0

    blank = np.asarray(~written.any(axis=1), np.bool_)
    again = blank & np.concatenate([[False], blank[:-1]])
    labels = np.concatenate([[0], np.flatnonzero(written.any(axis=0)) + 1])
    return Ink(
        probs=probs[~again][:, labels],
        labels=labels,
        letters=("", *(fold_letter(characters[label - 1]) for label in labels[1:])),
        frames=np.flatnonzero(~again),
        left_out=float(np.log(probs[again, 0]).sum()),
    )
