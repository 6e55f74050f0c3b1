from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.training.compare import Pair, compare, mcnemar_p, read_both, sign_p
from recognition.training.crop_store import read_crop
from recognition.training.differences import draw_differences
from recognition.training.manifest import Sample, read_split
from recognition.types import Evidence, Reading
from tests.unit.recognition.training.sources import TEXTS, write_names


def pair(a, b, *, label="ADA", writer=None):
    return Pair(sample=Sample(image=Path("x.png"), text=label, writer=writer), text_a=a, text_b=b)


@dataclass(frozen=True)
class Echo:
    """Reads every crop as its own height in pixels, or a fixed text."""

    text: str | None = None

    def read(self, crops):
        return [
            Reading(
                text=self.text or str(crop.shape[0]),
                raw_text="",
                alternatives=(),
                evidence=Evidence(ink_log_prob=0.0, share=None),
                confidence=1.0,
                raw_confidence=1.0,
                chars=(),
                model_id="0" * 12,
            )
            for crop in crops
        ]


@pytest.mark.parametrize("losses", range(6))
@pytest.mark.parametrize("wins", range(6))
def test_the_sign_test_counts_every_outcome(losses, wins):
    outcomes = list(product((0, 1), repeat=losses + wins))
    as_bad = sum(sum(outcome) >= losses for outcome in outcomes)

    assert sign_p(losses, wins) == pytest.approx(as_bad / len(outcomes))


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_does_not_care_which_network_comes_first(a, b):
    assert mcnemar_p(a, b) == mcnemar_p(b, a)
    assert 0 < mcnemar_p(a, b) <= 1


def test_mcnemar_is_twice_the_tail():
    # 1 or fewer of 10: (1 + 10) / 1024, both ways.
    assert mcnemar_p(9, 1) == pytest.approx(22 / 1024)
    assert mcnemar_p(0, 0) == 1


def test_thousands_of_differences_are_no_trouble():
    assert sign_p(5000, 5000) == pytest.approx(0.5 + math.comb(10000, 5000) / 2**10001)


def test_figures_are_folded_and_counted_pair_by_pair():
    found = compare(
        "names",
        [
            pair("Ada", "ADA"),
            pair("ADA", "ADE"),
            pair("AAA", "ADA"),
            pair("X", "Y", label="Noël"),
        ],
    )

    assert (found.n, found.exact_a, found.exact_b) == (4, 0.5, 0.5)
    assert (found.only_a, found.only_b, found.mcnemar_p) == (1, 1, 1)
    assert (found.cer_a, found.cer_b) == (5 / 13, 5 / 13)
    assert found.faults == ()


def test_many_losses_and_few_wins_are_a_fault_both_in_exact_match_and_in_cer():
    pairs = [pair("ADA", "ADO")] * 9 + [pair("ADO", "ADA")] + [pair("ADA", "ADA")] * 50

    found = compare("names", pairs)

    exact, cer = found.faults
    assert "exact 0.983 to 0.850, 9 lost and 1 won (p = 0.011)" in exact
    assert "CER" in cer


def test_the_same_difference_the_other_way_is_no_fault():
    pairs = [pair("ADO", "ADA")] * 9 + [pair("ADA", "ADO")]

    assert compare("names", pairs).faults == ()


def test_a_few_losses_may_be_chance():
    pairs = [pair("ADA", "ADO")] * 4 + [pair("ADO", "ADA")] * 2 + [pair("ADA", "ADA")] * 50

    assert compare("names", pairs).faults == ()


def test_texts_that_stay_wrong_but_stray_further_are_a_fault_of_cer_alone():
    pairs = [pair("ADO", "XYZXYZ")] * 20

    [fault] = compare("names", pairs).faults

    assert "CER 0.333 to 2.000" in fault


def test_one_writer_with_all_the_errors_weighs_as_one():
    worse = [pair("ADA", "ADO", writer="one hand")] * 20
    alike = [pair("ADA", "ADA", writer=f"hand {n}") for n in range(20)]

    together = compare("names", [*worse, *alike])
    apart = compare("names", [pair("ADA", "ADO")] * 20 + alike)

    assert together.b_errs_less_share > 0.3  # about the chance that this writer is not drawn
    assert apart.b_errs_less_share == 0


def test_a_comparison_can_be_repeated():
    pairs = [pair("ADA", "ADO")] * 5 + [pair("ADO", "ADA")] * 4

    assert compare("names", pairs) == compare("names", pairs)


def test_there_must_be_letters_to_compare():
    with pytest.raises(ValueError, match="no letter"):
        compare("names", [pair("", "", label="!")])


def test_both_networks_read_the_same_crops_in_their_order(tmp_path):
    write_names(tmp_path, "train")
    samples = read_split(tmp_path, "train")

    pairs = read_both(Echo(), Echo(text="Ada"), samples)

    heights = [read_crop(s.image).shape[0] for s in samples]
    assert [p.text_a for p in pairs] == [str(height) for height in heights]
    assert {p.text_b for p in pairs} == {"Ada"}
    assert [p.sample.text for p in pairs] == list(TEXTS)


def test_names_stay_out_of_what_a_log_would_print_of_a_pair():
    assert "ADA" not in repr(pair("ADA", "ADA"))


def test_a_sheet_shows_each_crop_beside_its_texts(tmp_path):
    write_names(tmp_path, "train")
    pairs = read_both(Echo(text="Ada"), Echo(text="Eve"), read_split(tmp_path, "train"))

    sheet = draw_differences(pairs, names=("A", "B"))

    rows = np.split(sheet, len(pairs))
    assert all((row[:, :640] < 128).any() and (row[:, 656:] < 128).any() for row in rows)
