from __future__ import annotations

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET
from recognition.training.glyphs import covers
from worker.samples.filling import shipped_fonts
from worker.samples.people import FAMILY_NAMES, GIVEN_NAMES, make_person

NAMES = pytest.mark.parametrize(
    "names", [pytest.param(GIVEN_NAMES, id="given"), pytest.param(FAMILY_NAMES, id="family")]
)


@NAMES
def test_no_name_is_listed_twice(names):
    assert len(names) > 80
    assert len(set(names)) == len(names)


@NAMES
def test_names_are_written_in_the_letters_that_recognition_knows(names):
    letters = set("".join(names) + "".join(names).upper())

    assert letters <= set(NAME_ALPHABET)


@pytest.mark.parametrize("font", shipped_fonts(), ids=lambda path: path.stem)
def test_every_hand_can_write_every_name(font):
    letters = "".join(sorted(set("".join(GIVEN_NAMES + FAMILY_NAMES))))

    assert covers(font, letters)
    assert covers(font, letters.upper())


def test_names_carry_accents_hyphens_and_apostrophes():
    everyone = "".join(GIVEN_NAMES + FAMILY_NAMES)

    assert {"-", "'", "é", "ñ", "ö", "ø", "ß"} <= set(everyone)


def test_a_relative_may_bear_the_same_family_name():
    relative = make_person(np.random.default_rng(1), family="O'Brien")

    assert relative.family == "O'Brien"
    assert relative.full == f"{relative.given} O'Brien"


def test_a_person_is_not_shown_when_printed():
    person = make_person(np.random.default_rng(1))

    assert person.given not in repr(person)
    assert person.family not in repr(person)
