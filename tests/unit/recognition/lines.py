"""Made-up frame probabilities, and all that can be read in them, path by path."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np

from recognition.folding import fold_letters


def random_line(frames: int, labels: int, *, seed: int, sharpness: float = 2.0) -> np.ndarray:
    """(T, C) float32 log probabilities, the sharper the more certain."""
    logits = np.random.default_rng(seed).normal(0, sharpness, (frames, labels))
    return _log_softmax(logits)


def written_line(
    text: str, characters: str, *, rivals: dict[int, tuple[str, float]] | None = None
) -> np.ndarray:
    """(T, C) of a clear text, three frames a letter, the middle one inked.

    ``rivals`` gives a place in the text another character and its probability there.
    """
    probs = np.full((3 * len(text) + 1, len(characters) + 1), 1e-6)
    probs[:, 0] = 1
    for place, char in enumerate(text):
        frame = 3 * place + 1
        rival, share = (rivals or {}).get(place, (char, 0.0))
        probs[frame, 0] = 1e-6
        probs[frame, characters.index(rival) + 1] = share
        probs[frame, characters.index(char) + 1] = 1 - share
    return _log_softmax(np.log(probs))


def every_text(log_probs: np.ndarray, characters: str) -> dict[str, float]:
    """Probability of every folded text, as the sum over all paths that spell it."""
    totals: defaultdict[str, float] = defaultdict(float)
    frames, labels = log_probs.shape
    probs = np.exp(log_probs.astype(np.float64))
    for path in itertools.product(range(labels), repeat=frames):
        text = "".join(characters[label - 1] for label, _ in itertools.groupby(path) if label)
        totals[fold_letters(text)] += float(np.prod(probs[np.arange(frames), list(path)]))
    return {text: total for text, total in totals.items() if total > 0}


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return (shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))).astype(np.float32)
