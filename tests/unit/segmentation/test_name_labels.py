from __future__ import annotations

import pytest

from segmentation.name_labels import LabelParams, Meaning, kind_of, read_label, slug
from segmentation.types import FieldKind

PARAMS = LabelParams()


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("Name:", Meaning.NAME),
        ("Patient's name", Meaning.NAME),
        ("Name (write as clearly as possible):", Meaning.NAME),
        ("Surname", Meaning.FAMILY),
        ("Surnarne", Meaning.FAMILY),  # as a reader of print takes rn for m
        ("First name", Meaning.GIVEN),
        ("PRÉNOM", Meaning.GIVEN),
        ("Prenom(s) :", Meaning.GIVEN),
        ("Nom et prénom de l'élève", Meaning.FULL),
        ("Vor- und Nachname", Meaning.FULL),
        ("Name, Vorname", Meaning.FULL),
        ("Apellidos", Meaning.FAMILY),
        ("Nombre y apellidos", Meaning.FULL),
        ("Cognome", Meaning.FAMILY),
        ("Achternaam", Meaning.FAMILY),
        ("Imię i nazwisko", Meaning.FULL),
        ("Soyad\u0131", Meaning.FAMILY),
        ("Фамилия", Meaning.FAMILY),
        ("姓名", Meaning.FULL),
        ("Parent or guardian, if under 18:", Meaning.PERSON),
        ("Staff/Volunteer", Meaning.PERSON),
    ],
)
def test_labels_that_ask_for_a_name_say_which(label, meaning):
    assert read_label(label, PARAMS) is meaning


@pytest.mark.parametrize(
    "label",
    [
        "",
        "Date of birth",
        "Company name",
        "Nom de l'entreprise",
        "Name of school",
        "Signature of patient",
        "First letter of last name and last 4 of social sec",
        "and my name will not be linked to my medical information for reporting",
        "Person in recovery",
        "Unnamed",
    ],
)
def test_labels_that_ask_for_something_else_are_passed_by(label):
    assert read_label(label, PARAMS) is None


@pytest.mark.parametrize(
    ("label", "beside", "kind"),
    [
        ("Nom", {Meaning.GIVEN}, FieldKind.LAST_NAME),
        ("Nom", set(), FieldKind.FULL_NAME),
        ("Nombre", {Meaning.FAMILY}, FieldKind.FIRST_NAME),
        ("Name", {Meaning.FAMILY}, FieldKind.FULL_NAME),
        ("Name of parent", {Meaning.GIVEN}, FieldKind.FULL_NAME),
    ],
)
def test_a_bare_name_is_understood_by_what_stands_beside_it(label, beside, kind):
    meaning = read_label(label, PARAMS)

    assert meaning is not None
    assert kind_of(label, meaning, beside) is kind


def test_a_label_becomes_a_name_that_a_template_can_hold():
    assert slug("Nom de l'élève :") == "nom_de_l_eleve"
    assert slug("Patient\u2019s name") == "patients_name"
    assert slug("姓名") == "name"
