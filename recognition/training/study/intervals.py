"""How sure a figure is that some seeds gave on some test items: two-level bootstrap.

Seeds and items are both drawn again with replacement (Efron and Tibshirani 1993, chapter 8), so an
interval covers another start of the training and other test items alike. Three seeds say little
about all seeds: the intervals are, if anything, too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_RESAMPLES = 2000
_LEVEL = 0.95
_SEED = 1  # so that a report can be written again


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure, and between what it lies in 95 of 100 resamples."""

    value: float
    low: float
    high: float


def ratio(numerators: npt.NDArray[np.float64], denominators: npt.NDArray[np.float64]) -> Interval:
    """Give all numerators over all denominators, and its interval.

    Args:
        numerators: (S, N), of S seeds and N items.
        denominators: (N,), of the items.

    Raises:
        ValueError: there is no item, or the shapes differ.
    """
    seeds, items = numerators.shape
    if not items or denominators.shape != (items,):
        raise ValueError(f"want (S, N) and (N,), got {numerators.shape} and {denominators.shape}")
    rng = np.random.default_rng(_SEED)
    found = np.empty(_RESAMPLES)
    for index in range(_RESAMPLES):
        often = np.bincount(rng.integers(items, size=items), minlength=items)
        drawn = numerators[rng.integers(seeds, size=seeds)].mean(axis=0)
        found[index] = (drawn @ often) / (denominators @ often)
    low, high = np.quantile(found, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    value = float(numerators.mean(axis=0).sum() / denominators.sum())
    return Interval(value=value, low=float(low), high=float(high))
