from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.confidence import fit_temperature, path_confidence


@pytest.mark.parametrize(
    ("score", "temperature", "confidence"),
    [(0.0, 1.0, 1.0), (math.log(0.25), 2.0, 0.5), (-1000.0, 1.0, 0.0), (1e-7, 1.0, 1.0)],
    ids=["certain", "softened", "hopeless", "rounding"],
)
def test_confidence_is_the_softened_probability_of_the_path(score, temperature, confidence):
    assert path_confidence(score, temperature) == pytest.approx(confidence)


def test_the_fitted_temperature_is_the_one_outcomes_were_drawn_with():
    rng = np.random.default_rng(5)
    scores = -rng.exponential(2.0, 20_000)
    right = rng.random(20_000) < np.exp(scores / 3.0)

    assert fit_temperature(scores.tolist(), right.tolist()) == pytest.approx(3.0, rel=0.08)


@pytest.mark.parametrize(("scores", "right"), [([], []), ([-1.0], [True, False])])
def test_nothing_to_fit_is_a_callers_bug(scores, right):
    with pytest.raises(ValueError, match="outcomes"):
        fit_temperature(scores, right)
