from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.alphabet import NAME_ALPHABET
from recognition.folding import fold_letters
from recognition.metrics import cer, edit_distance, exact, fold

TEXTS = st.text(alphabet="abcé -'", max_size=8)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Éloïse  Müller", "ELOISE MULLER"),
        ("d'Arc-Petit", "D'ARC-PETIT"),
        (" J. R. 7th ", "J R TH"),
        ("Groß", "GROSS"),
        ("Łukasz Øre Đorđe", "LUKASZ ORE DORDE"),
        ("Cœur Ægir", "COEUR AEGIR"),
        ("I\u015f\u0131k", "ISIK"),
        ("1879", ""),
        ("ﬁn", "FIN"),
    ],
    ids=[
        "marks",
        "signs-kept",
        "signs-dropped",
        "sharp-s",
        "strokes",
        "two-letters",
        "no-dot",
        "digits",
        "ligature",
    ],
)
def test_folding_forgives_marks_case_and_other_signs(text, folded):
    assert fold(text) == folded


@given(st.text(alphabet=sorted(set(NAME_ALPHABET) - set("ßŒœÆæ."))))
def test_texts_that_names_hold_alike_are_alike_when_they_are_compared(text):
    assert fold(fold_letters(text)) == fold(text)
    assert fold(text) == " ".join(fold_letters(text).split())


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 2), ("same", "same", 0)],
)
def test_edits_are_counted_as_by_hand(a, b, edits):
    assert edit_distance(a, b) == edits


@given(TEXTS, TEXTS, TEXTS)
def test_edit_distance_is_a_metric(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_cer_is_all_edits_over_all_reference_characters():
    # 1 edit in 3 characters and 0 in 1: 1/4, not the mean of 1/3 and 0.
    assert cer(["abd", "x"], ["abc", "x"]) == pytest.approx(1 / 4)


def test_exact_is_the_share_of_equal_texts():
    assert exact(["a", "B", "c"], ["a", "b", "c"]) == pytest.approx(2 / 3)


@pytest.mark.parametrize("measure", [cer, exact])
@pytest.mark.parametrize(
    ("texts", "references"),
    [(["a"], []), ([], []), (["a"], ["a", "b"])],
    ids=["more", "none", "fewer"],
)
def test_nothing_to_compare_is_a_callers_bug(measure, texts, references):
    with pytest.raises(ValueError, match=r"got|character"):
        measure(texts, references)


def test_references_without_characters_have_no_error_rate():
    with pytest.raises(ValueError, match="no character"):
        cer(["a"], [""])
