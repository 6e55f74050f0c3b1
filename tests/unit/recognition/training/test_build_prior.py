from __future__ import annotations

import math

import pytest

from recognition.errors import ManifestError
from recognition.prior import BOUNDARY, NamePrior, read_prior
from recognition.training.build_prior import BuildParams, build_tables, main, read_counts

PLAIN = BuildParams(
    run_letters=1, damping=1.0, people=4, least_count=0.0, initials=0.0, endings=(1, 1, 1, 1, 1)
)


def test_probabilities_follow_witten_and_bell():
    # Words AB, AB, AB, A: eleven symbols follow none: A 4, B 3, end 4; three kinds.
    # Uniform share 1/28, so p(A) = (4 + 3/28) / (11 + 3) and p(end) alike.
    # After A come B 3 and the end 1, two kinds: p(end | A) = (1 + 2 p(end)) / (4 + 2).
    prior = NamePrior(build_tables([(1.0, {"AB": 3.0, "A": 1.0})], PLAIN))
    p_end = (4 + 3 / 28) / 14
    p_end_after_a = (1 + 2 * p_end) / 6

    after_a, _ = prior.step(prior.start, "A")
    ends = math.exp(prior.step(after_a, "")[1]) * 5  # five ways to end, all alike

    assert ends == pytest.approx(p_end_after_a, rel=0.05)  # stored in steps of 1/16 nat


def test_lists_count_by_their_weight_whatever_their_totals():
    large, small = {"ANNA": 1e6}, {"OTTO": 3.0}

    prior = NamePrior(build_tables([(0.5, large), (0.5, small)], PLAIN))

    anna, otto = (prior.step(prior.start, first)[1] for first in "AO")
    assert anna == pytest.approx(otto, abs=0.05)


def test_rare_runs_are_dropped_and_their_shorter_runs_answer():
    names = {"ANNA": 50.0, "ANNE": 40.0, "ZOE": 1.0}
    all_kept = BuildParams(people=91, damping=1.0, least_count=0.0, initials=0.0)
    few_kept = BuildParams(people=91, damping=1.0, least_count=10.0, initials=0.0)

    whole, cut = (NamePrior(build_tables([(1.0, names)], p)) for p in (all_kept, few_kept))

    assert len(cut) < len(whole)
    assert cut.score("ANNA") == pytest.approx(whole.score("ANNA"), abs=0.5)
    assert cut.score("ZOE") < whole.score("ZOE")
    assert math.isfinite(cut.score("ZOE"))


def test_initials_make_a_single_letter_with_a_period_likelier():
    names = {"MARIE": 50.0, "JEAN": 50.0}
    with_initials = NamePrior(build_tables([(1.0, names)], BuildParams(initials=0.05)))
    without = NamePrior(build_tables([(1.0, names)], BuildParams(initials=0.0)))

    assert with_initials.score("J. MARIE") > without.score("J. MARIE") + 2


def test_csv_and_census_lists_are_read(tmp_path):
    (tmp_path / "names.csv").write_text("name,count\nZoé,3\nZOE,2\n", encoding="utf-8")
    (tmp_path / "census.txt").write_text("MARY 2.629 2.629 1\nAALUND 0.000 90.4 88798\n")

    assert read_counts(tmp_path / "names.csv") == {"ZOE": 5.0}
    census = read_counts(tmp_path / "census.txt")
    assert census["MARY"] == 2.629
    assert 0 < census["AALUND"] < 0.001  # rounded down to 0 in the file


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("names.csv", "name,count\n", id="no-names"),
        pytest.param("names.csv", "name,count\nANNA\n", id="no-count"),
        pytest.param("names.csv", "name,count\nANNA,many\n", id="count-is-no-number"),
        pytest.param("census.txt", "\n", id="blank-line"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)

    with pytest.raises(ManifestError) as caught:
        read_counts(tmp_path / name)

    assert name in str(caught.value)
    assert "ANNA" not in str(caught.value)


def test_the_command_writes_a_prior_that_can_be_read(tmp_path):
    (tmp_path / "names.csv").write_text("name,count\nMARIE,30\nPAUL,20\n")
    output = tmp_path / "prior.npz"

    main([str(output), f"1:{tmp_path / 'names.csv'}"])

    prior = read_prior(output)
    assert prior.score("MARIE") > prior.score("PARIE")
    assert prior.start != BOUNDARY
