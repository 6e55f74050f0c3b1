from __future__ import annotations

import numpy as np
import pytest

from recognition.training.study.intervals import ratio
from recognition.training.study.standings import reaches, standings
from tests.unit.recognition.training.study.outcomes import outcome, run

RNG = np.random.default_rng(7)


def test_an_interval_covers_the_true_share_about_as_often_as_it_says():
    covered = 0
    for _ in range(16):
        right = RNG.random((3, 300)) < 0.8
        found = ratio(right.astype(float), np.ones(300))
        covered += found.low <= 0.8 <= found.high

    assert covered >= 13


def test_what_never_varies_has_an_interval_without_width():
    found = ratio(np.ones((3, 40)), np.full(40, 2.0))

    assert (found.value, found.low, found.high) == (0.5, 0.5, 0.5)


def test_seeds_that_disagree_widen_an_interval():
    agreeing = np.tile(np.arange(400) % 2, (3, 1)).astype(float)
    apart = np.stack([np.zeros(400), agreeing[0], np.ones(400)])

    close, wide = (ratio(n, np.ones(400)) for n in (agreeing, apart))

    assert close.value == wide.value == 0.5
    assert wide.high - wide.low > 3 * (close.high - close.low)


def test_nothing_to_count_is_a_callers_fault():
    with pytest.raises(ValueError, match="want"):
        ratio(np.zeros((3, 0)), np.zeros(0))


def test_a_contestant_stands_by_all_its_seeds_and_against_the_crnn():
    runs = [
        run("RNN", 1, outcome([0, 1, 2, 0])), run("CRNN", 1, outcome([0, 0, 0, 0])),
        run("RNN", 2, outcome([0, 1, 1, 1])), run("CRNN", 2, outcome([0, 0, 0, 2])),
    ]  # fmt: skip

    rnn, crnn = standings(runs)

    assert [s.name for s in (rnn, crnn)] == ["RNN", "CRNN"]
    assert rnn.exact.value == pytest.approx(3 / 8)
    assert rnn.error_rate.value == pytest.approx(6 / 28)  # characters of 2, 3, 4 and 5, twice
    assert rnn.lead is not None
    assert rnn.lead.value == pytest.approx(-4 / 8)
    assert crnn.lead is None
    assert [r.seed for r in rnn.runs] == [1, 2]


def test_texts_are_parted_by_their_length():
    found = standings([run("CRNN", 1, outcome([0, 1, 0, 5]))])

    rows = reaches(found, [3, 4])

    assert [(r.shortest, r.longest, r.items) for r in rows] == [(2, 3, 2), (4, 4, 1), (5, 5, 1)]
    assert [r.exact.value for r in rows] == [0.5, 1.0, 0.0]
    assert rows[2].error_rate.value == 1.0


def test_lengths_that_nothing_has_are_left_out():
    assert [r.shortest for r in reaches(standings([run("CRNN", 1, outcome([0]))]), [1, 9])] == [2]
