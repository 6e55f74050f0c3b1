"""What errors in a sample say about the error rate behind it: exact, one-sided bounds.

Clopper and Pearson (1934, doi:10.1093/biomet/26.4.404): with ``level`` 0.95, a bound is below
the true rate in at most one sample of twenty, whatever that rate is.
"""

from __future__ import annotations

import math

_HALVINGS = 60  # of [0, 1]: as fine as a float is


def upper_bound(errors: int, count: int, *, level: float) -> float:
    """Give the highest error rate that ``errors`` among ``count`` values leave credible.

    Args:
        errors: found among the values.
        count: values looked at; 0 says nothing, so the bound is 1.
        level: how sure to be that the true rate is no higher, in (0, 1).

    Raises:
        ValueError: there are more errors than values, or the level is no probability.
    """
    _check(errors, count, level)
    if errors == count:
        return 1.0
    low, high = errors / count, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _at_most(errors, count, middle) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def is_below(target: float, errors: int, count: int, *, level: float) -> bool:
    """Say whether the upper bound is at most ``target``, which is quicker than finding it.

    Raises:
        ValueError: there are more errors than values, or a rate is not inside (0, 1).
    """
    _check(errors, count, level)
    _check_rate(target)
    return errors < count and _at_most(errors, count, target) <= 1 - level


def least_count(errors: int, target: float, *, level: float) -> int:
    """Give the fewest values among which so many errors leave the bound at ``target`` or below.

    Raises:
        ValueError: there are fewer errors than 0, or a rate is not inside (0, 1).
    """
    few, enough = errors, 2 * errors + 1
    while not is_below(target, errors, enough, level=level):
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        if is_below(target, errors, middle, level=level):
            enough = middle
        else:
            few = middle
    return enough


def _at_most(errors: int, count: int, rate: float) -> float:
    """Give the chance of at most so many errors among so many values at an inner error rate."""
    log_rate, log_rest = math.log(rate), math.log1p(-rate)
    return math.fsum(
        math.exp(
            math.lgamma(count + 1)
            - math.lgamma(k + 1)
            - math.lgamma(count - k + 1)
            + k * log_rate
            + (count - k) * log_rest
        )
        for k in range(errors + 1)
    )


def _check(errors: int, count: int, level: float) -> None:
    if not 0 <= errors <= count:
        raise ValueError(f"got {errors} errors among {count} values")
    _check_rate(level)


def _check_rate(rate: float) -> None:
    if not 0 < rate < 1:
        raise ValueError(f"want a rate between 0 and 1, got {rate}")
