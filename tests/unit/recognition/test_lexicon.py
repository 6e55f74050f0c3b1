from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.errors import LexiconError
from recognition.folding import fold_letters
from recognition.lexicon import Lexicon, read_lexicon
from recognition.metrics import edit_distance

NAMES = [("Zoé", 5), ("ZOE", 2), ("Zora", 3), ("Ana", 1), ("Anaïs", 9)]
SHORT_TEXTS = st.text(alphabet="ABCÉ -", max_size=6)


def reached(lexicon, letters):
    node = lexicon.start
    for letter in letters:
        node = lexicon.step(node, letter)
        if node is None:
            return None
    return node


def test_every_name_is_reached_letter_by_letter():
    lexicon = Lexicon(NAMES)

    ends = [lexicon.entry_at(reached(lexicon, e.letters)) for e in lexicon.entries]

    assert len(lexicon.entries) == 4
    assert ends == list(lexicon.entries)


def test_letters_that_no_name_has_lead_nowhere():
    lexicon = Lexicon(NAMES)

    assert reached(lexicon, "X") is None
    assert reached(lexicon, "ZOX") is None
    assert reached(lexicon, "ZORAX") is None


def test_a_name_may_go_on_as_another():
    lexicon = Lexicon(NAMES)

    inner = lexicon.entry_at(reached(lexicon, "ANA"))

    assert inner is not None
    assert inner.name == "Ana"
    assert lexicon.entry_at(reached(lexicon, "AN")) is None
    assert lexicon.entry_at(lexicon.start) is None


def test_names_that_fold_alike_are_one_entry_spelt_as_the_commonest():
    lexicon = Lexicon(NAMES)

    entry = lexicon.entry_at(reached(lexicon, "ZOE"))

    assert entry is not None
    assert entry.name == "Zoé"
    assert math.exp(entry.log_share) == pytest.approx(7 / 20)
    assert lexicon.least_log_share == pytest.approx(math.log(1 / 20))


@settings(deadline=None)
@given(
    st.sets(SHORT_TEXTS.filter(str.strip), min_size=1, max_size=40),
    SHORT_TEXTS,
    st.integers(min_value=0, max_value=3),
)
def test_names_within_some_edits_are_those_a_scan_of_the_list_finds(names, text, edits):
    lexicon = Lexicon((name, 1) for name in names)
    goal = fold_letters(text)
    distances = [(edit_distance(e.letters, goal), e.letters) for e in lexicon.entries]
    scanned = sorted(pair for pair in distances if pair[0] <= edits)

    found = lexicon.within(goal, edits)

    assert [(distance, entry.letters) for entry, distance in found] == scanned


@settings(deadline=None)
@given(st.sets(SHORT_TEXTS.filter(str.strip), min_size=1, max_size=40), SHORT_TEXTS)
def test_the_tree_holds_a_text_exactly_when_the_list_does(names, text):
    lexicon = Lexicon((name, 1) for name in names)
    listed = {entry.letters for entry in lexicon.entries}

    node = reached(lexicon, fold_letters(text))

    entry = None if node is None else lexicon.entry_at(node)
    assert (entry is not None) == (fold_letters(text) in listed)


def test_a_file_gives_names_with_and_without_counts(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("\ufeffZoe\u0301,3\n\nde la Cruz\nO'Neil, 2.5\r\n", encoding="utf-8")

    lexicon = read_lexicon(path)

    shares = {entry.name: round(math.exp(entry.log_share) * 6.5, 6) for entry in lexicon.entries}
    assert shares == {"Zoé": 3.0, "de la Cruz": 1.0, "O'Neil": 2.5}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n \n", id="only-blank-lines"),
        pytest.param(b"ANNA,many\n", id="count-is-no-number"),
        pytest.param(b"ANNA,-1\n", id="count-below-0"),
        pytest.param(b"ANNA,0\n", id="count-0"),
        pytest.param(b"ANNA,inf\n", id="count-infinite"),
        pytest.param(b"ANNA,nan\n", id="count-not-a-number"),
        pytest.param(b",3\n", id="no-name"),
        pytest.param(b"ZO\xc9,3\n", id="latin-1"),
    ],
)
def test_what_is_no_list_of_names_is_refused(tmp_path, content):
    path = tmp_path / "names.csv"
    path.write_bytes(content)

    with pytest.raises(LexiconError) as caught:
        read_lexicon(path)

    assert "ANNA" not in str(caught.value)  # names stay out of messages


def test_a_missing_file_is_refused_by_its_name(tmp_path):
    with pytest.raises(LexiconError, match=r"none\.csv"):
        read_lexicon(tmp_path / "none.csv")


@pytest.mark.parametrize("listed", ["O\u2019Neil\u2013Ray", "O\u02bcNeil\u2010Ray", "O'Neil-Ray "])
def test_apostrophes_and_dashes_of_a_list_are_those_of_readings(listed):
    lexicon = Lexicon([(listed, 1.0)])

    assert [entry.name for entry, _ in lexicon.within("O'NEIL-RAY", 0)] == ["O'Neil-Ray"]
