from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.errors import TrainingConfigError
from recognition.training.faker_names import locale_faults, locale_names
from recognition.training.names import NameMaker, NameParams
from tests.unit.recognition.training.sources import write_list

PLAIN = {
    "two_words": 0.0, "three_words": 0.0, "hyphen": 0.0, "particle": 0.0, "initial": 0.0,
    "bare_initial": 0.0, "suffix": 0.0, "upper": 0.0, "lower": 0.0, "upper_surname": 0.0,
    "mixed": 0.0, "accented": 0.0,
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
        pytest.param(
            {"two_words": 1.0, "initial": 1.0, "bare_initial": 1.0},
            lambda n: "." not in n and 1 in map(len, n.split(" ")),
            id="initial-without-period",
        ),
        pytest.param({"suffix": 1.0}, lambda n: n.count(" ") == 1, id="suffix"),
        pytest.param(
            {"two_words": 1.0, "upper_surname": 1.0},
            lambda n: n.split(" ")[1].isupper() and n.split(" ")[0].istitle(),
            id="surname-in-capitals",
        ),
        pytest.param({"mixed": 1.0, "small": 1.0}, str.islower, id="small-among-capitals"),
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


def test_names_of_a_locale_are_first_name_and_surname_of_that_locale():
    names = locale_names("pl_PL")
    maker = NameMaker([], NameParams(**{**PLAIN, "two_words": 1.0}), locales=["pl_PL"])
    rng = np.random.default_rng(1)
    made = [maker.make(rng).split(" ", 1) for _ in range(200)]

    # Where there is no list, half of the names are one of a locale's lists taken twice.
    assert all(word in names.first or word in names.last for pair in made for word in pair)
    assert sum(a in names.first and b in names.last for a, b in made) > 100
    assert any(not "".join(pair).isascii() for pair in made)


def test_a_locale_gives_the_same_names_in_every_run():
    first = locale_names("fi_FI")
    locale_names.cache_clear()

    assert locale_names("fi_FI") == first


def test_names_beyond_the_alphabet_are_left_out():
    alphabet = Alphabet(NAME_ALPHABET)
    maker = NameMaker([], NameParams(**PLAIN), locales=["vi_VN", "tr_TR"])
    rng = np.random.default_rng(1)

    assert all(alphabet.covers(maker.make(rng)) for _ in range(300))


def test_an_unknown_locale_is_a_fault_of_the_settings():
    with pytest.raises(TrainingConfigError, match="'xx_XX'"):
        NameMaker([], locales=["xx_XX"])


def test_without_faker_the_fault_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "faker", None)

    assert locale_faults(()) == []
    (fault,) = locale_faults(("en_US",))
    assert "penname[train]" in fault
