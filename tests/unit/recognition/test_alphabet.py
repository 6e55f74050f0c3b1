from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.alphabet import BLANK, NAME_ALPHABET, Alphabet, frames_needed
from recognition.errors import AlphabetError
from recognition.normal import normalise

ALPHABET = Alphabet(NAME_ALPHABET)


@pytest.mark.parametrize(
    "name",
    [
        "Zoey Deschanel",
        "JEAN-PIERRE D'ARC",
        "Łukasz Żółć",
        "Çağrı Öztürk",  # noqa: RUF001 - the Turkish letter is meant
        "İnci Şahin",
        "Groß",
        "Åsa Ølgaard",
        "Dvořák",
        "Martin Jr.",
        "Œuvrard",
    ],
)
def test_names_of_europe_come_back_as_they_went_in(name):
    labels = ALPHABET.encode(name)

    assert BLANK not in labels
    assert ALPHABET.decode(labels) == name


def test_text_in_parts_is_put_together_first():
    parted = unicodedata.normalize("NFD", "Éloïse")

    assert ALPHABET.decode(ALPHABET.encode(parted)) == "Éloïse"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        pytest.param("d\u2019Arc", "d'Arc", id="typographic-apostrophe"),
        pytest.param("Jean\u2013Luc", "Jean-Luc", id="dash"),
        pytest.param("  Ada\u00a0 \tB  ", "Ada B", id="spaces"),
    ],
)
def test_signs_that_mean_the_same_become_one(raw, plain):
    assert normalise(raw) == plain


@given(st.text())
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


def test_a_strange_character_is_named():
    with pytest.raises(AlphabetError, match="7"):
        ALPHABET.encode("R2D7")


@pytest.mark.parametrize("label", [BLANK, -1, ALPHABET.size])
def test_a_label_out_of_range_is_refused(label):
    with pytest.raises(AlphabetError, match="out of"):
        ALPHABET.decode([1, label])


@pytest.mark.parametrize("characters", ["", "aba", "e\u0301"], ids=["empty", "twice", "not-nfc"])
def test_an_alphabet_that_contradicts_itself_is_refused(characters):
    with pytest.raises(AlphabetError):
        Alphabet(characters)


def test_covers_tells_what_has_labels():
    assert ALPHABET.covers("Ada")
    assert not ALPHABET.covers("Ada 7")


@pytest.mark.parametrize(
    ("labels", "needed"),
    [([], 0), ([4], 1), ([4, 4], 3), ([4, 5, 4], 3), ([4, 4, 4], 5)],
    ids=["none", "one", "twice", "apart", "thrice"],
)
def test_equal_neighbours_need_a_frame_between(labels, needed):
    assert frames_needed(labels) == needed


@pytest.mark.parametrize(
    ("letters", "known"),
    [
        pytest.param("éèêëàâçîïôœùûüÿæ", True, id="French"),
        pytest.param("äöüßñáéíóúãõ", True, id="German-Spanish-Portuguese"),
        pytest.param("åæøäöõšž", True, id="Scandinavian-Finnish-Estonian"),
        pytest.param("ąćęłńóśźżčďěňřšťůžőűăâîșțğışİ", True, id="Polish-to-Turkish"),
        pytest.param("ðþđĺľŕāēģīķļņėįųū", False, id="what-the-model-card-says-is-missing"),
    ],
)
def test_the_letters_are_those_that_the_model_card_names(letters, known):
    assert [char in NAME_ALPHABET for char in letters] == [known] * len(letters)
