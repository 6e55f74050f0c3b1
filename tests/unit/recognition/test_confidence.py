from __future__ import annotations

import math

import pytest

from recognition.confidence import (
    UNCALIBRATED,
    Calibrator,
    Calibrators,
    calibrators_of,
    log_odds,
)
from recognition.errors import CheckpointError
from recognition.types import Evidence


def evidence(probability, share=None):
    log_prob = math.log(probability) if probability else -math.inf
    return Evidence(ink_log_prob=log_prob, share=share)


@pytest.mark.parametrize("probability", [0.001, 0.3, 0.5, 0.97])
def test_without_a_calibrator_confidence_is_the_probability_of_the_text(probability):
    assert UNCALIBRATED.confidence(evidence(probability)) == pytest.approx(probability)


@pytest.mark.parametrize(
    "ends", [evidence(0), evidence(1), evidence(0, 0.0), evidence(1, 1.0)], ids=repr
)
def test_the_impossible_and_the_certain_stay_within_bounds(ends):
    calibrators = Calibrators(ink=Calibrator(weight=40.0), names=Calibrator(weight=40.0))

    assert 0 <= calibrators.confidence(ends) <= 1
    assert math.isfinite(log_odds(ends))


def test_intercept_and_weight_work_on_log_odds():
    calibrator = Calibrator(intercept=-1.0, weight=0.5)

    assert calibrator.confidence(evidence(0.9)) == pytest.approx(1 / (1 + math.e / 3))


def test_more_evidence_of_either_kind_gives_more_confidence():
    by_ink = [UNCALIBRATED.confidence(evidence(p, 0.6)) for p in (0.1, 0.5, 0.9)]
    by_names = [UNCALIBRATED.confidence(evidence(0.6, share)) for share in (0.0, 0.5, 0.9)]

    assert by_ink == sorted(set(by_ink))
    assert by_names == sorted(set(by_names))


def test_each_way_of_reading_has_its_own_calibrator():
    calibrators = Calibrators(ink=Calibrator(weight=0.0), names=Calibrator(intercept=9.0))

    assert calibrators.confidence(evidence(0.9)) == 0.5
    assert calibrators.confidence(evidence(0.9, 0.9)) > 0.99


def test_calibrators_come_back_from_the_record_as_they_went_in():
    calibrators = Calibrators(ink=Calibrator(intercept=-0.5, weight=1.2))

    assert calibrators_of({"calibrators": calibrators.as_dict()}) == calibrators


@pytest.mark.parametrize(
    "record", [{}, {"temperature": 1.55}, {"calibrators": {}}], ids=["bare", "old", "empty"]
)
def test_a_record_without_calibrators_leaves_the_evidence_as_it_is(record):
    assert calibrators_of(record) == UNCALIBRATED


def test_a_record_with_one_calibrator_leaves_the_other_as_it_is():
    found = calibrators_of({"calibrators": {"ink": {"intercept": 1.0, "weight": 2.0}}})

    assert found.ink == Calibrator(intercept=1.0, weight=2.0)
    assert found.names == UNCALIBRATED.names


@pytest.mark.parametrize(
    "stored",
    [
        ["ink"],
        {"ink": 3},
        {"pencil": {"weight": 1.0}},
        {"ink": {"slope": 1.0}},
        {"ink": {"weight": "1"}},
        {"ink": {"weight": math.nan}},
        {"names": {"weight": -1.0}},
    ],
    ids=repr,
)
def test_damaged_calibrators_are_refused(stored):
    with pytest.raises(CheckpointError, match="calibrators are damaged"):
        calibrators_of({"calibrators": stored})
