from __future__ import annotations

import numpy as np
import pytest

from worker.binomial import is_below, upper_bound
from worker.database.audits import Audit
from worker.routing import Target, pick_routes

TARGET = Target(error=0.1)  # without errors, 29 values are enough; with one, 46


def audit(confidence, right, **changes):
    return Audit(
        **{
            "template_id": "clinic",
            "field_name": "full_name",
            "confidence": confidence,
            "may_pass": True,
            "right": right,
            **changes,
        }
    )


def ranked(outcomes):
    """Readings from the most confident downward, R right, W wrong, ? not looked at."""
    meant = {"R": True, "W": False, "?": None}
    return [audit(1 - at / 1000, meant[outcome]) for at, outcome in enumerate(outcomes)]


def pick(audits, target=TARGET):
    (route,) = pick_routes(audits, target)
    return route


def test_readings_go_through_down_to_the_last_one_that_the_bound_allows():
    route = pick(ranked("R" * 40 + "W"))

    assert route.threshold == 1 - 39 / 1000
    assert (route.audited, route.accepted, route.errors) == (41, 40, 0)
    assert route.bound == upper_bound(0, 40, level=0.95) <= 0.1
    assert route.through == pytest.approx(40 / 41)
    assert route.more_needed == 0


def test_errors_are_allowed_where_enough_readings_outweigh_them():
    route = pick(ranked("R" * 60 + "W" + "R" * 20))

    assert (route.accepted, route.errors) == (81, 1)
    assert route.bound == upper_bound(1, 81, level=0.95) <= 0.1


def test_the_first_no_ends_the_walk_even_if_the_bound_would_pass_again_further_down():
    outcomes = "R" * 35 + "W" + "R" * 60
    assert not is_below(0.1, 1, 36, level=0.95)
    assert is_below(0.1, 1, 96, level=0.95)

    assert pick(ranked(outcomes)).accepted == 35


def test_too_few_audited_readings_send_the_field_to_review_and_say_how_many_are_lacking():
    route = pick(ranked("R" * 20))

    assert route.threshold is None
    assert (route.through, route.bound, route.more_needed) == (0, None, 9)


def test_an_error_among_the_surest_readings_raises_how_many_are_lacking():
    route = pick(ranked("W" + "R" * 28))

    assert route.threshold is None
    assert route.more_needed == 46 - 29


def test_a_field_that_nobody_has_looked_at_needs_as_many_as_any():
    route = pick(ranked("????"))

    assert (route.audited, route.readings, route.more_needed) == (0, 4, 29)


def test_the_share_that_goes_through_counts_readings_that_nobody_looked_at():
    route = pick(ranked("R?" * 40 + "W" + "?" * 19))

    assert route.accepted == 40
    assert route.through == pytest.approx(79 / 100)  # down to the last audited one that passed


def test_readings_of_one_confidence_go_through_together_or_not_at_all():
    audits = [*ranked("R" * 40), audit(0.5, True), audit(0.5, False)]

    assert pick(audits).accepted == 40


def test_what_confidence_does_not_decide_neither_goes_through_nor_counts_as_audited():
    misplaced = [audit(1.0, False, may_pass=False)] * 10

    route = pick([*ranked("R" * 40), *misplaced])

    assert (route.audited, route.errors) == (40, 0)
    assert route.through == pytest.approx(40 / 50)


def test_each_field_of_each_form_is_decided_alone():
    sure = [audit(0.9, True, field_name="guardian")] * 40
    other = [audit(0.9, True, template_id="school")] * 3

    routes = pick_routes([*other, *sure, *ranked("W")], TARGET)

    found = [(r.template_id, r.field_name, r.threshold) for r in routes]
    assert found == [
        ("clinic", "full_name", None),
        ("clinic", "guardian", 0.9),
        ("school", "full_name", None),
    ]


def test_no_readings_give_no_fields():
    assert pick_routes([], TARGET) == []


def test_a_threshold_whose_true_error_is_above_the_target_is_picked_as_seldom_as_promised():
    rng = np.random.default_rng(11)
    target, runs, failures = Target(error=0.1, level=0.9), 300, 0
    for _ in range(runs):  # the surest readings err least, and the error rises past the target
        confidence = np.sort(rng.random(150))[::-1]
        error = 0.02 + 0.4 * (1 - confidence)
        right = rng.random(150) >= error
        route = pick(map(audit, confidence.tolist(), right.tolist()), target)
        if route.threshold is not None:
            failures += error[confidence >= route.threshold].mean() > target.error
    assert 0 < failures / runs <= 0.1
