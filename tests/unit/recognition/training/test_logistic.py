from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.confidence import UNCALIBRATED, Calibrator
from recognition.training.logistic import fit_calibrator
from recognition.types import Evidence

START = UNCALIBRATED.ink


def drawn(count, *, intercept, weight, seed=2):
    """Evidence and outcomes as a calibrator would have them."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(1.0, 2.5, count)
    evidence = [Evidence(ink_log_prob=-math.log1p(math.exp(-x)), share=None) for x in odds]
    chance = 1 / (1 + np.exp(-(intercept + weight * odds)))
    return evidence, (rng.random(count) < chance).tolist()


def test_the_fit_is_what_outcomes_were_drawn_with():
    found = fit_calibrator(*drawn(20_000, intercept=-0.7, weight=1.4), start=START)

    assert found.intercept == pytest.approx(-0.7, abs=0.1)
    assert found.weight == pytest.approx(1.4, abs=0.1)


def test_the_same_lines_always_give_the_same_calibrator():
    lines = drawn(300, intercept=0.0, weight=1.0)

    assert fit_calibrator(*lines, start=START) == fit_calibrator(*lines, start=START)


def test_a_few_lines_move_the_weight_little():
    found = fit_calibrator(*drawn(5, intercept=0.0, weight=1.0), start=START)

    assert found.weight == pytest.approx(1.0, abs=0.6)


@pytest.mark.parametrize("outcome", [True, False])
def test_lines_of_one_outcome_only_give_a_finite_fit_that_expects_it(outcome):
    evidence, _ = drawn(50, intercept=0.0, weight=1.0)

    found = fit_calibrator(evidence, [outcome] * 50, start=START)

    confidences = [found.confidence(own) for own in evidence]
    assert (min(confidences) > 0.5) if outcome else (max(confidences) < 0.5)
    assert math.isfinite(found.intercept)


def test_evidence_that_misleads_is_given_no_weight_rather_than_turned_round():
    evidence, _ = drawn(400, intercept=0.0, weight=1.0)
    right = [own.ink_log_prob < math.log(0.6) for own in evidence]

    found = fit_calibrator(evidence, right, start=START)

    assert found.weight == 0
    assert found.confidence(evidence[0]) == pytest.approx(sum(right) / 400, abs=0.01)


def test_nothing_to_fit_leaves_the_calibrator_as_it_is():
    start = Calibrator(intercept=3.0, weight=0.2)

    assert fit_calibrator([], [], start=start) is start


def test_outcomes_without_evidence_are_the_callers_bug():
    with pytest.raises(ValueError, match="outcomes"):
        fit_calibrator([], [True], start=START)
