from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.errors import CheckpointError
from recognition.prior import RELEASE, NamePrior, read_prior, write_prior
from recognition.training.build_prior import BuildParams, build_tables

NAMES = {"MARIE": 50.0, "MARTIN": 30.0, "MARTA": 5.0, "JEAN-MARIE": 9.0, "D'ARC": 2.0, "GROß": 1.0}
PARAMS = BuildParams(run_letters=4, people=200, least_count=1.0)
TABLES = build_tables([(1.0, NAMES)], PARAMS)
OUTCOMES = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "?", "", " ", "-", "'", "."]


@pytest.fixture(scope="module")
def prior():
    return NamePrior(TABLES)


@pytest.fixture(scope="module")
def release():
    return read_prior()


def next_probs(prior, state):
    return [math.exp(prior.step(state, letter)[1]) for letter in OUTCOMES]


@given(st.text(alphabet="".join(OUTCOMES), max_size=9))
def test_what_may_come_next_sums_to_1_after_any_text(text):
    prior = NamePrior(TABLES)
    state = prior.start
    for letter in text:
        state, _ = prior.step(state, letter)

    assert sum(next_probs(prior, state)) == pytest.approx(1, abs=1e-5)


def test_what_may_come_next_sums_to_1_in_every_state_of_the_release(release):
    states = range(0, len(release), 97)

    sums = [sum(next_probs(release, state)) for state in states]

    assert len(sums) > 1000
    np.testing.assert_allclose(sums, 1, atol=1e-5)


def test_a_text_scores_what_its_steps_sum_to(prior):
    state, total = prior.start, 0.0
    for letter in "MARIE":
        state, log_prob = prior.step(state, letter)
        total += log_prob

    assert prior.score("MARIE") == pytest.approx(total + prior.end(state))


def test_names_met_often_are_likelier_than_rare_and_unknown_ones(prior):
    scores = [prior.score(text) for text in ("MARIE", "MARTA", "MARIX", "QXJKW")]

    assert scores == sorted(scores, reverse=True)
    assert math.isfinite(scores[-1])


def test_case_and_accents_do_not_matter(prior):
    assert prior.score("Márïe") == prior.score("MARIE")


def test_a_ligature_counts_as_the_letters_that_spell_it(prior):
    assert prior.score("groß") == prior.score("GROSS")


def test_words_are_judged_one_by_one(prior):
    # The end of a value and a space differ by the same amount after any word.
    gap = prior.score("MARTIN MARIE") - prior.score("MARTIN") - prior.score("MARIE")
    other = prior.score("MARIE MARTA") - prior.score("MARIE") - prior.score("MARTA")

    assert gap == pytest.approx(other, abs=1e-5)


def test_letters_that_plain_capitals_lack_are_possible(prior):
    assert math.isfinite(prior.score("ДЖОН"))


def test_the_release_knows_common_names_and_allows_all(release):
    common = [release.score(text) for text in ("Martin", "Marie", "Smith", "Jennifer")]

    assert min(common) > -12
    assert release.score("Rnartin") < release.score("Martin") - 8
    assert release.score("Królikiewicz-Ødegård") > -80


def test_a_file_gives_back_the_same_prior(prior, tmp_path):
    path = tmp_path / "prior.npz"

    write_prior(path, TABLES)

    again = read_prior(path)
    assert len(again) == len(prior)
    assert again.score("JEAN-MARIE") == prior.score("JEAN-MARIE")


def test_the_same_names_always_give_the_same_file(tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"

    write_prior(first, TABLES)
    write_prior(second, build_tables([(1.0, NAMES)], PARAMS))

    assert first.read_bytes() == second.read_bytes()


def test_the_release_is_small():
    assert RELEASE.stat().st_size < 3 * 2**20


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no archive", id="no-archive"),
        pytest.param(RELEASE.read_bytes()[:50_000], id="cut-off"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, content):
    path = tmp_path / "prior.npz"
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=r"prior\.npz"):
        read_prior(path)


def test_a_missing_file_and_one_without_tables_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", something=np.zeros(3))

    for name in ("none.npz", "other.npz"):
        with pytest.raises(CheckpointError, match=name):
            read_prior(tmp_path / name)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"backoffs": TABLES.backoffs[:-1]}, id="a-state-short"),
        pytest.param({"symbols": TABLES.symbols[:-1]}, id="a-follower-short"),
        pytest.param({"symbols": np.full_like(TABLES.symbols, 28)}, id="symbol-out-of-range"),
        pytest.param({"costs": TABLES.costs.astype(np.float32)}, id="costs-are-no-bytes"),
        pytest.param({"is_state": np.zeros_like(TABLES.is_state)}, id="no-states-flagged"),
        pytest.param({"is_state": TABLES.is_state[::-1].copy()}, id="no-word-begins"),
        pytest.param({"follower_counts": TABLES.follower_counts[::-1].copy()}, id="out-of-order"),
        pytest.param({"endings": np.zeros(5, np.float32)}, id="words-never-end"),
        pytest.param({"endings": np.ones(4, np.float32)}, id="an-ending-short"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(fault):
    with pytest.raises(CheckpointError, match="contradict"):
        NamePrior(dataclasses.replace(TABLES, **fault))
