from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.training.names import NameMaker, NameParams
from tests.unit.recognition.training.sources import write_list

PLAIN = {
    "two_words": 0.0, "three_words": 0.0, "hyphen": 0.0, "particle": 0.0, "initial": 0.0,
    "upper": 0.0, "lower": 0.0, "accented": 0.0,
}  # fmt: skip


def make(tmp_path, count=300, **changes):
    maker = NameMaker([write_list(tmp_path / "list.csv")], NameParams(**{**PLAIN, **changes}))
    rng = np.random.default_rng(1)
    return [maker.make(rng) for _ in range(count)]


def test_names_come_in_title_case_and_frequent_ones_more_often(tmp_path):
    names = make(tmp_path)

    assert set(names) == {"Ada", "Eve", "O'Neil", "Lee"}
    assert names.count("Ada") > names.count("Lee") > names.count("O'Neil") > 0


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        pytest.param({"two_words": 1.0}, lambda n: n.count(" ") == 1, id="two"),
        pytest.param({"three_words": 1.0}, lambda n: n.count(" ") == 2, id="three"),
        pytest.param({"hyphen": 1.0}, lambda n: n.count("-") == 1, id="hyphen"),
        pytest.param({"upper": 1.0}, str.isupper, id="upper"),
        pytest.param({"lower": 1.0}, str.islower, id="lower"),
        pytest.param({"two_words": 1.0, "initial": 1.0}, lambda n: n.count(".") == 1, id="initial"),
        pytest.param({"particle": 1.0}, lambda n: len(n) > 4, id="particle"),
    ],
)
def test_each_form_can_be_asked_for(tmp_path, changes, check):
    names = make(tmp_path, count=40, **changes)

    assert all(check(name) for name in names)


def test_accents_fall_on_letters_that_take_them(tmp_path):
    names = make(tmp_path, accented=1.0, accent=1.0)

    assert any(not name.isascii() for name in names)
    for name in names:
        assert unicodedata.normalize("NFC", name) == name
        assert len(name) in {3, 6}  # accents replace letters, they add none


def test_every_form_at_once_stays_within_the_alphabet(tmp_path):
    alphabet = Alphabet(NAME_ALPHABET)
    maker = NameMaker([write_list(tmp_path / "list.csv")])
    rng = np.random.default_rng(2)

    assert all(alphabet.covers(maker.make(rng)) for _ in range(500))


def test_lists_in_columns_are_read_and_odd_rows_passed_over(tmp_path):
    path = tmp_path / "census.txt"
    path.write_text("MARY           2.629  2.629      1\n12345 1\nX 3\n", encoding="utf-8")
    maker = NameMaker([path], NameParams(**PLAIN))

    assert maker.make(np.random.default_rng(1)) == "Mary"
