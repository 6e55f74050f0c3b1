from __future__ import annotations

import math
from fractions import Fraction

import pytest

from worker.binomial import is_below, least_count, upper_bound


def at_most(errors, count, rate):
    """The chance of at most so many errors, counted in whole fractions."""
    rate = Fraction(rate)
    return sum(math.comb(count, k) * rate**k * (1 - rate) ** (count - k) for k in range(errors + 1))


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_at_the_bound_so_few_errors_have_exactly_the_chance_that_is_left(count, level):
    for errors in range(count):
        bound = upper_bound(errors, count, level=level)
        assert float(at_most(errors, count, bound)) == pytest.approx(1 - level, rel=1e-9)
        assert errors / count < bound < 1


def test_without_errors_the_bound_is_the_root_that_algebra_gives():
    assert upper_bound(0, 299, level=0.95) == pytest.approx(1 - 0.05 ** (1 / 299))


def test_the_bound_covers_the_true_rate_as_often_as_it_says():
    for rate in (0.01, 0.1, 0.37, 0.8):
        bounds = [upper_bound(errors, 25, level=0.95) for errors in range(26)]
        covered = sum(
            math.comb(25, k) * rate**k * (1 - rate) ** (25 - k)
            for k, bound in enumerate(bounds)
            if bound >= rate
        )
        assert covered >= 0.95


@pytest.mark.parametrize("count", [0, 1, 5])
def test_where_all_values_are_wrong_or_there_are_none_anything_is_credible(count):
    assert upper_bound(count, count, level=0.95) == 1
    assert not is_below(0.99, count, count, level=0.95)


def test_large_samples_neither_overflow_nor_take_long():
    assert upper_bound(1000, 200_000, level=0.95) == pytest.approx(0.00527, abs=1e-5)


@pytest.mark.parametrize(("errors", "count"), [(0, 298), (0, 299), (1, 472), (1, 473), (9, 1600)])
def test_being_below_a_target_is_what_the_bound_says(errors, count):
    below = is_below(0.01, errors, count, level=0.95)

    assert below == (upper_bound(errors, count, level=0.95) <= 0.01)


@pytest.mark.parametrize("target", [0.005, 0.02, 0.3, 0.6])
@pytest.mark.parametrize("errors", [0, 1, 4])
def test_the_least_count_is_enough_and_one_less_is_not(errors, target):
    count = least_count(errors, target, level=0.95)

    assert is_below(target, errors, count, level=0.95)
    assert count - 1 <= errors or not is_below(target, errors, count - 1, level=0.95)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: upper_bound(3, 2, level=0.95),
        lambda: upper_bound(-1, 2, level=0.95),
        lambda: upper_bound(0, 2, level=1.0),
        lambda: is_below(0.0, 0, 2, level=0.95),
        lambda: least_count(-1, 0.01, level=0.95),
    ],
)
def test_what_is_no_sample_or_no_rate_is_the_callers_bug(wrong):
    with pytest.raises(ValueError, match="got"):
        wrong()
