"""From a path's log probability to the chance that the whole text is right.

The best path of a good line is nearly certain in every frame, so the product over its frames
is the natural raw score. A temperature, fitted on validation lines (Guo et al. 2017,
arXiv:1706.04599), turns it into a probability that can be compared with a threshold.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_TEMPERATURES = np.geomspace(0.1, 20.0, 200)


def path_confidence(log_probability: float, temperature: float = 1.0) -> float:
    """Give the confidence in [0, 1] of a path with this natural log probability."""
    return math.exp(min(0.0, log_probability / temperature))


def fit_temperature(log_probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Find the temperature under which the confidences explain ``right`` best.

    Args:
        log_probabilities: of the best paths, one a line.
        right: whether that line's text was exactly right.

    Raises:
        ValueError: the numbers differ, or there is nothing to fit.
    """
    if len(log_probabilities) != len(right) or not right:
        raise ValueError(f"got {len(log_probabilities)} scores for {len(right)} outcomes")
    scores = np.minimum(0.0, np.asarray(log_probabilities, np.float64))
    outcome = np.asarray(right, np.bool_)
    confidence = np.exp(scores[None] / _TEMPERATURES[:, None]).clip(1e-6, 1 - 1e-6)
    likelihood = np.where(outcome[None], np.log(confidence), np.log1p(-confidence)).sum(axis=1)
    return float(_TEMPERATURES[int(likelihood.argmax())])
