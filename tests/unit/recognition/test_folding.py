from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.alphabet import NAME_ALPHABET
from recognition.folding import fold_letter, fold_letters


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Zoé", "ZOE", id="acute"),
        pytest.param("Zoe\u0301", "ZOE", id="acute-as-its-own-character"),
        pytest.param("Łukasz Ørsted Đorđe", "LUKASZ ORSTED DORDE", id="strokes"),
        pytest.param("\u0131\u0130iI", "IIII", id="turkish"),
        pytest.param("d'Arc-Ney jr.", "D'ARC-NEY JR.", id="signs"),
        pytest.param("Weiß", "WEIß", id="sharp-s-has-no-capital"),
        pytest.param("cœur", "CŒUR", id="ligature"),
        pytest.param("", "", id="empty"),
    ],
)
def test_case_and_marks_fold_away(text, folded):
    assert fold_letters(text) == folded


@given(st.text(alphabet=NAME_ALPHABET))
def test_a_name_folds_to_as_many_letters_and_no_further(text):
    folded = fold_letters(text)

    assert len(folded) == len(text)
    assert fold_letters(folded) == folded


def test_upper_and_lower_case_of_every_letter_fold_alike():
    pairs = [(c, c.upper()) for c in NAME_ALPHABET if len(c.upper()) == 1]

    assert len(pairs) > 100
    assert all(fold_letter(lower) == fold_letter(upper) for lower, upper in pairs)
