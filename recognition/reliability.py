"""How far confidences can be believed: their calibration, and what they let through unseen."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BINS = 10
TARGET_ERRORS = (0.005, 0.01, 0.02)  # shares of wrong values among those accepted unseen


def calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Give the expected calibration error (Guo et al. 2017, arXiv:1706.04599).

    Values fall into ten bins of equal width by confidence; a bin's error is the distance of its
    mean confidence from the share that is right, and bins count by their number of values.

    Raises:
        ValueError: the numbers differ, or there is nothing to judge.
    """
    _check(confidences, right)
    gaps = [0.0] * BINS
    for confidence, outcome in zip(confidences, right, strict=True):
        gaps[min(int(confidence * BINS), BINS - 1)] += confidence - outcome
    return sum(map(abs, gaps)) / len(right)


def straight_through(
    confidences: Sequence[float], right: Sequence[bool], target_error: float
) -> float:
    """Give the largest share of values that one threshold accepts at the target error.

    Values are ranked by confidence; a threshold accepts those from the top down to some
    confidence, all that have it or none. The largest such part whose share of wrong values is
    at most the target counts. The threshold is chosen on the very values it is judged on: a
    measure of how well confidence ranks, no promise about other values.

    Args:
        confidences: one a value, in [0, 1].
        right: whether that value is exactly right.
        target_error: share of wrong values among those accepted, in [0, 1].

    Raises:
        ValueError: the numbers differ, or there is nothing to judge.
    """
    _check(confidences, right)
    ranked = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    accepted = wrong = best = 0
    for _, tied in groupby(ranked, key=lambda pair: pair[0]):
        outcomes = [outcome for _, outcome in tied]
        accepted += len(outcomes)
        wrong += outcomes.count(False)
        if wrong <= target_error * accepted:
            best = accepted
    return best / len(right)


def straight_through_shares(
    confidences: Sequence[float], right: Sequence[bool]
) -> Mapping[str, float]:
    """Give the straight-through share at each of the usual target errors, by its number.

    Raises:
        ValueError: the numbers differ, or there is nothing to judge.
    """
    return {f"{target:g}": straight_through(confidences, right, target) for target in TARGET_ERRORS}


def _check(confidences: Sequence[float], right: Sequence[bool]) -> None:
    if len(confidences) != len(right) or not right:
        raise ValueError(f"got {len(confidences)} confidences for {len(right)} outcomes")
