from __future__ import annotations

import itertools

import numpy as np
import pytest

from recognition.reliability import calibration_error, straight_through, straight_through_shares


def test_the_calibration_error_is_the_hand_counted_one():
    # Two bins: 0.95 and 1.0 with one of two right (0.475 off), 0.25 with none (0.25 off).
    found = calibration_error([0.95, 1.0, 0.25, 0.25], [True, False, False, False])

    assert found == pytest.approx((2 * 0.475 + 2 * 0.25) / 4)


def test_confidences_that_outcomes_follow_have_next_to_no_calibration_error():
    rng = np.random.default_rng(3)
    confidences = rng.random(20_000)

    assert (
        calibration_error(confidences.tolist(), (rng.random(20_000) < confidences).tolist()) < 0.02
    )


def test_values_go_straight_through_down_to_the_last_place_where_the_error_is_on_target():
    right = [True, True, False, True, True, False, False]

    shares = [straight_through([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], right, t) for t in (0.1, 0.2)]

    assert shares == [2 / 7, 5 / 7]


def test_values_of_one_confidence_go_through_together_or_not_at_all():
    assert straight_through([0.9, 0.8, 0.8], [True, True, False], 0.1) == 1 / 3


def test_nothing_goes_through_where_the_surest_value_is_wrong():
    assert straight_through([0.9, 0.1], [False, True], 0.01) == 0


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_does_better(seed):
    rng = np.random.default_rng(seed)
    confidences = rng.integers(0, 6, 12) / 6  # with ties
    right = rng.random(12) < confidences

    found = straight_through(confidences.tolist(), right.tolist(), 0.25)

    accepted = [confidences >= threshold for threshold in np.unique(confidences)]
    best = max((kept.mean() for kept in accepted if (~right[kept]).mean() <= 0.25), default=0.0)
    assert found == pytest.approx(best)


def test_shares_are_named_by_their_target_and_grow_with_it():
    shares = straight_through_shares([0.9] * 99 + [0.8], [True] * 99 + [False])

    assert list(shares) == ["0.005", "0.01", "0.02"]
    assert all(a <= b for a, b in itertools.pairwise(shares.values()))
    assert shares == {"0.005": 0.99, "0.01": 1.0, "0.02": 1.0}


@pytest.mark.parametrize("measure", [calibration_error, straight_through_shares])
@pytest.mark.parametrize(("confidences", "right"), [([], []), ([0.5], [True, False])])
def test_nothing_to_judge_is_the_callers_bug(measure, confidences, right):
    with pytest.raises(ValueError, match="outcomes"):
        measure(confidences, right)
