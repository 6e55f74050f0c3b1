"""Fit a calibrator: ridge logistic regression with a weight that is not below 0.

Newton's method (iteratively reweighted least squares) on two numbers; the same lines
always give the same calibrator. The ridge draws the weight towards that of a calibrator which
takes the network at its word, so that a handful of lines changes it little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.confidence import Calibrator, log_odds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.types import Evidence

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogisticParams:
    """How a calibrator is fitted."""

    weight_ridge: float = 1.0  # a few lines' worth; hundreds of lines outweigh it
    intercept_ridge: float = 0.01  # only keeps it finite where all lines are right, or none
    steps: int = 100  # it takes about ten
    tolerance: float = 1e-9  # of the largest step


def fit_calibrator(
    evidence: Sequence[Evidence],
    right: Sequence[bool],
    *,
    start: Calibrator,
    params: LogisticParams | None = None,
) -> Calibrator:
    """Find the calibrator under which the outcomes are most probable.

    Args:
        evidence: one a line.
        right: whether that line's text was exactly right.
        start: takes the network at its word; the fit is drawn towards it.
        params: how to fit.

    Raises:
        ValueError: the numbers differ.
    """
    if len(evidence) != len(right):
        raise ValueError(f"got {len(evidence)} lines for {len(right)} outcomes")
    if not right:
        return start
    limits = params or LogisticParams()
    features = np.array([(1.0, log_odds(own)) for own in evidence])  # (N, 2)
    outcome = np.array(right, np.float64)
    first, ridge = (
        np.array([start.intercept, start.weight]),
        np.array([limits.intercept_ridge, limits.weight_ridge]),
    )
    found = _newton(features, outcome, first=first, ridge=ridge, limits=limits)
    if found[1] < 0:  # evidence must not count against itself: the share that is right is left
        alone = _newton(features[:, :1], outcome, first=first[:1], ridge=ridge[:1], limits=limits)
        found = np.array([alone[0], 0.0])
    return Calibrator(intercept=float(found[0]), weight=float(found[1]))


def _newton(
    features: Floats, outcome: Floats, *, first: Floats, ridge: Floats, limits: LogisticParams
) -> Floats:
    """Minimise the ridge's and the outcomes' negative log probability: (K,) of (N, K)."""

    def cost(weights: Floats) -> float:
        odds = features @ weights
        drawn = 0.5 * ridge @ (weights - first) ** 2
        return float(np.logaddexp(0, odds).sum() - outcome @ odds + drawn)

    weights = first.copy()
    for _ in range(limits.steps):
        chance = 0.5 * (1 + np.tanh(features @ weights / 2))
        slope = features.T @ (chance - outcome) + ridge * (weights - first)
        curve = (features.T * (chance * (1 - chance))) @ features + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        size = 1.0
        while cost(weights - size * step) > cost(weights) and size > limits.tolerance:
            size /= 2  # a full step may overshoot where nearly all lines are certain
        weights = weights - size * step
        if np.abs(size * step).max() < limits.tolerance:
            break
    return weights
