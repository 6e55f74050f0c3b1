from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.errors import LexiconError
from recognition.folding import fold_letters
from recognition.lexicon import Lexicon, read_lexicon
from recognition.metrics import edit_distance
from recognition.rewriting import LexiconParams, with_lexicon
from tests.unit.recognition.lines import written_line

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
    assert inner.letters == "ANA"
    assert lexicon.entry_at(reached(lexicon, "AN")) is None
    assert lexicon.entry_at(lexicon.start) is None


def test_names_that_fold_alike_are_one_entry():
    lexicon = Lexicon(NAMES)

    entry = lexicon.entry_at(reached(lexicon, "ZOE"))

    assert entry is not None
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


def shares(lexicon, total):
    return {e.letters: round(math.exp(e.log_share) * total, 6) for e in lexicon.entries}


def test_a_file_gives_names_with_and_without_counts(tmp_path):
    path = tmp_path / "names.csv"
    path.write_text("\ufeffZoe\u0301,3\n\nde la Cruz\nO'Neil, 2.5\r\n", encoding="utf-8")

    assert shares(read_lexicon(path), 6.5) == {"ZOE": 3.0, "DE LA CRUZ": 1.0, "O'NEIL": 2.5}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("name,count\nANNA,3\nZOE,1\n", id="header"),
        pytest.param("\n Nom , Nombre \nANNA,3\nZOE\n", id="header-in-other-words"),
        pytest.param('"ANNA",3\n"ZOE","1"\n', id="quotes"),
        pytest.param("ANNA,3\r\nZOE,1\r\n", id="lines-of-windows"),
        pytest.param("ANNA , 3\n ZOE ,1\n,\n", id="spaces-and-an-empty-row"),
    ],
)
def test_what_programs_save_as_csv_is_read(tmp_path, content):
    path = tmp_path / "names.csv"
    path.write_text(content, encoding="utf-8", newline="")

    assert shares(read_lexicon(path), 4) == {"ANNA": 3.0, "ZOE": 1.0}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(b"", "holds no name", id="empty"),
        pytest.param(b"\n \n", "holds no name", id="only-blank-lines"),
        pytest.param(b"name,count\n", "holds no name", id="only-a-header"),
        pytest.param(b"ZOE,1\nANNA,many\n", "line 2: the count is no number", id="word"),
        pytest.param(b"ANNA,3o\n", "line 1: the count is no number", id="count-is-no-number"),
        pytest.param(b"ANNA,nan\n", "line 1: the count is no number", id="not-a-number"),
        pytest.param(b"ANNA,1_0\n", "line 1: the count is no number", id="digits-of-programs"),
        pytest.param(b"ZOE\n\nANNA,-1\n", "line 3: the count is not above", id="count-below-0"),
        pytest.param(b"ANNA,0\n", "line 1: the count is not above", id="count-0"),
        pytest.param(b"ANNA,inf\n", "line 1: the count is not above", id="count-infinite"),
        pytest.param(b",3\n", "line 1: no name", id="no-name"),
        pytest.param(b"---\n", "line 1: no name", id="no-letter"),
        pytest.param(b"ANNA,3,1\n", "line 1: there are more than two", id="three-columns"),
        pytest.param(b"ANNA   0.6  0.6   2\n", "line 1: the name holds digits", id="census"),
        pytest.param(b"ANNA;3\n", "line 1: the name holds", id="semicolon"),
        pytest.param(b"ANNA\t3\n", "line 1: the name holds", id="tab"),
        pytest.param(b'ANNA "B"\n', "line 1: the name holds", id="quote-within"),
        pytest.param(b'"LEE, ANNA",3\n', "line 1: the name holds", id="comma"),
        pytest.param(b"AN\x0cNA\n", "line 1: the name holds", id="form-feed"),
        pytest.param(b"AN\x00NA\n", "line 1: ", id="nul"),
        pytest.param("AN\u2028NA,3\n".encode(), "line 1: the name holds", id="line-separator"),
        pytest.param(b'ZOE\n"ANNA\n', "line 2: unexpected end of data", id="quote-left-open"),
        pytest.param(b"ZO\xc9,3\n", "save it as CSV in UTF-8", id="latin-1"),
    ],
)
def test_what_is_no_list_of_names_is_refused_with_its_line_and_without_names(
    tmp_path, content, fault
):
    path = tmp_path / "names.csv"
    path.write_bytes(content)

    with pytest.raises(LexiconError) as caught:
        read_lexicon(path)

    assert fault in str(caught.value)
    assert "ANNA" not in str(caught.value)  # names stay out of messages


@pytest.mark.parametrize("count", [0.0, -1.0, math.inf, math.nan])
def test_counts_that_are_none_are_refused_without_a_file_too(count):
    with pytest.raises(LexiconError, match="not above 0"):
        Lexicon([("ANNA", count)])
    with pytest.raises(LexiconError, match="a name is empty"):
        Lexicon([(" ", 1.0)])


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        pytest.param("LEBOEUF", "Lebœuf", id="oe-written-as-one"),
        pytest.param("Lebœuf", "LEBOEUF", id="oe-listed-as-one"),
        pytest.param("STRAUSS", "Strauß", id="sharp-s"),
        pytest.param("AEGIR", "Ægir", id="ae"),
        pytest.param("THOR", "Þór", id="thorn"),
    ],
)
def test_letters_that_capitals_spell_with_two_are_the_two(listed, written):
    lexicon = Lexicon([(listed, 1.0), ("LEBOE", 1.0)])

    entry = lexicon.entry_at(reached(lexicon, fold_letters(written)))

    assert entry is not None
    assert [found for found, _ in lexicon.within(fold_letters(written), 0)] == [entry]
    assert reached(lexicon, "LEBŒX") is None


@pytest.mark.parametrize("written", ["Lebœuf", "LEBOEUF", "Strauß", "Strauss"])
def test_what_a_list_spells_in_plain_capitals_is_listed_as_it_is_written(written):
    lexicon = Lexicon([("LEBOEUF", 10), ("STRAUSS", 5), ("MARTIN", 100)])

    read = with_lexicon(
        written_line(written, NAME_ALPHABET),
        alphabet=Alphabet(NAME_ALPHABET),
        lexicon=lexicon,
        params=LexiconParams(),
    )

    assert read.text == written
    assert read.backed


def test_a_missing_file_is_refused_by_its_name(tmp_path):
    with pytest.raises(LexiconError, match=r"none\.csv"):
        read_lexicon(tmp_path / "none.csv")


@pytest.mark.parametrize("listed", ["O\u2019Neil\u2013Ray", "O\u02bcNeil\u2010Ray", "O'Neil-Ray "])
def test_apostrophes_and_dashes_of_a_list_are_those_of_readings(listed):
    lexicon = Lexicon([(listed, 1.0)])

    assert [entry.letters for entry, _ in lexicon.within("O'NEIL-RAY", 0)] == ["O'NEIL-RAY"]
