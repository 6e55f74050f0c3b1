"""Draw blank forms of many layouts and languages, with the name fields that are on them.

Each layout is one way to write and one language; beside the name fields stand others that are
no names, such as dates, streets and signatures. Everything is drawn at 300 dpi.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation.types import Box, FieldKind, GrayImage
from worker.samples.sheet import DPI, Sheet, mm_box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Way = Callable[[Sheet, str, float], tuple[Box, float]]  # draws a place; how far down it goes

_FIRST, _LAST, _FULL = FieldKind.FIRST_NAME, FieldKind.LAST_NAME, FieldKind.FULL_NAME
_Labels = tuple[tuple[str, FieldKind | None], ...]
_ROOM_MM = 8.0  # over a line


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueField:
    """A name field that is on a form."""

    box: Box
    kind: FieldKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormLayout:
    """One blank form, and its name fields."""

    name: str
    image: GrayImage = field(repr=False)  # (H, W)
    dpi: float
    fields: tuple[TrueField, ...]


# What is printed, and what kind of name it asks for; None is no name.
_LANGUAGES: dict[str, tuple[str, _Labels]] = {
    "en": (
        "Membership application",
        (
            ("Last name", _LAST),
            ("First name", _FIRST),
            ("Date of birth", None),
            ("Name of emergency contact", _FULL),
            ("Company name", None),
            ("Signature", None),
        ),
    ),
    "en-us": (
        "Consent for treatment",
        (
            ("Patient's name", _FULL),
            ("Phone number", None),
            ("Name of parent or guardian", _FULL),
            ("Street address", None),
            ("Signature of patient", None),
            ("Witness (print name)", _FULL),
        ),
    ),
    "fr": (
        "Fiche de renseignements",
        (
            ("Nom", _LAST),
            ("Prénom", _FIRST),
            ("Date de naissance", None),
            ("Nom et prénom du responsable légal", _FULL),
            ("Adresse", None),
            ("Nom de l'entreprise", None),
        ),
    ),
    "de": (
        "Anmeldung zum Kurs",
        (
            ("Name", _LAST),
            ("Vorname", _FIRST),
            ("Geburtsdatum", None),
            ("Straße und Hausnummer", None),
            ("Name des Erziehungsberechtigten", _FULL),
            ("Unterschrift", None),
        ),
    ),
    "es": (
        "Solicitud de inscripción",
        (
            ("Apellidos", _LAST),
            ("Nombre", _FIRST),
            ("Fecha de nacimiento", None),
            ("Nombre y apellidos del padre", _FULL),
            ("Dirección", None),
            ("Teléfono", None),
        ),
    ),
    "it": (
        "Modulo di iscrizione",
        (
            ("Cognome", _LAST),
            ("Nome", _FIRST),
            ("Data di nascita", None),
            ("Indirizzo", None),
            ("Nome e cognome del genitore", _FULL),
            ("Firma", None),
        ),
    ),
    "pt": (
        "Ficha de inscrição",
        (
            ("Nome completo", _FULL),
            ("Data de nascimento", None),
            ("Apelido", _LAST),
            ("Morada", None),
            ("Nome da mãe", _FULL),
            ("Assinatura", None),
        ),
    ),
    "nl": (
        "Inschrijfformulier",
        (
            ("Achternaam", _LAST),
            ("Voornaam", _FIRST),
            ("Geboortedatum", None),
            ("Adres", None),
            ("Naam van de ouder", _FULL),
            ("Handtekening", None),
        ),
    ),
    "sv": (
        "Anmälan",
        (
            ("Efternamn", _LAST),
            ("Förnamn", _FIRST),
            ("Födelsedatum", None),
            ("Adress", None),
            ("Underskrift", None),
            ("Telefon", None),
        ),
    ),
    "pl": (
        "Formularz zgłoszenia",
        (
            ("Nazwisko", _LAST),
            ("Imię", _FIRST),
            ("Data urodzenia", None),
            ("Imię i nazwisko opiekuna", _FULL),
            ("Ulica", None),
            ("Podpis", None),
        ),
    ),
}


def draw_layouts() -> Iterator[FormLayout]:
    """Draw every layout: each way to write in at least two languages."""
    languages = list(_LANGUAGES)
    for i, (how, draw) in enumerate(_WAYS.items()):
        for j in range(3):
            language = languages[(3 * i + j) % len(languages)]
            yield _draw(f"{how}-{language}", language, draw, serif=(i + j) % 2 == 0)


def _draw(name: str, language: str, draw: Way, *, serif: bool) -> FormLayout:
    title, labels = _LANGUAGES[language]
    family = "tinos" if serif else "arimo"
    sheet = Sheet(width_mm=210, height_mm=297, family=family, text_pt=10.5)
    sheet.text(20, 25, title, size_pt=18, bold=True)
    sheet.rule(20, 30, 190, line_mm=0.6)
    sheet.paragraph(
        20, 40, "Lorem ipsum dolor sit amet, consectetur adipiscing. " * 4, width_mm=165
    )
    fields: list[TrueField] = []
    y_mm = 68.0
    for label, kind in labels:
        box, used_mm = draw(sheet, label, y_mm)
        if kind is not None:
            fields.append(TrueField(box=box, kind=kind))
        y_mm += used_mm
    sheet.text(20, 285, "1 / 1", size_pt=8)
    image = np.ascontiguousarray(sheet.image)
    return FormLayout(name=name, image=image, dpi=DPI, fields=tuple(fields))


def _line_behind(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    left = sheet.text(20, y_mm, f"{label}:") + 2
    sheet.rule(left, y_mm + 1, 150)
    return mm_box(left, y_mm + 1 - _ROOM_MM, 150 - left, _ROOM_MM), 15


def _line_apart(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """Lines that all start in one column, some way behind short labels."""
    end = sheet.text(20, y_mm, label)
    left = max(60.0, end + 2)
    sheet.rule(left, y_mm + 1, 190)
    return mm_box(left, y_mm + 1 - _ROOM_MM, 190 - left, _ROOM_MM), 14


def _line_under(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    sheet.text(20, y_mm, f"{label}:", bold=True)
    sheet.rule(20, y_mm + 12, 150)
    return mm_box(20, y_mm + 12 - _ROOM_MM, 130, _ROOM_MM), 22


def _line_over(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """The label in small print under the line, as many US forms have it."""
    sheet.rule(20, y_mm, 130)
    sheet.text(20, y_mm + 3.6, label, size_pt=8)
    return mm_box(20, y_mm - _ROOM_MM, 110, _ROOM_MM), 17


def _dotted(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    left = sheet.text(20, y_mm, f"{label} ") + 1
    x_mm = left
    while x_mm < 170:
        sheet.bar(x_mm, y_mm, 0.35, 0.35)
        x_mm += 1.3
    return mm_box(left, y_mm + 0.4 - _ROOM_MM, 170 - left, _ROOM_MM), 14


def _box_behind(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    end = sheet.text(20, y_mm, label)
    left = max(70.0, end + 3)
    return sheet.frame(left, y_mm - 7, 185 - left, 10), 14


def _box_under(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    sheet.text(20, y_mm, label)
    return sheet.frame(20, y_mm + 2, 120, 10), 20


def _label_inside(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """Boxes that share their sides, each with its label small in its top corner."""
    sheet.frame(20, y_mm - 4, 150, 14)
    sheet.text(21.5, y_mm - 0.6, label, size_pt=7.5)
    return mm_box(20, y_mm, 150, 10), 14


def _comb_under(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    sheet.text(20, y_mm, label)
    return sheet.comb(20, y_mm + 2, 7, 9, 22), 20


def _comb_behind(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    end = sheet.text(20, y_mm, label)
    left = max(60.0, end + 3)
    cells = int((190 - left) // 6)
    return sheet.comb(left, y_mm - 6, 6, 8, cells), 15


def _boxes_apart(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """One small box for each letter, with room between them."""
    sheet.text(20, y_mm, label)
    for i in range(20):
        sheet.frame(20 + 8 * i, y_mm + 2, 6.5, 8)
    return mm_box(20, y_mm + 2, 8 * 20 - 1.5, 8), 19


def _open_comb(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """A line with ticks that part the letters."""
    sheet.text(20, y_mm, label)
    foot = y_mm + 11
    sheet.rule(20, foot, 160, line_mm=0.3)
    for i in range(21):
        sheet.bar(20 + 7 * i - (0.3 if i == 20 else 0), foot - 3, 0.3, 3)
    return mm_box(20, foot - 7, 140, 7), 20


def _two_columns(sheet: Sheet, label: str, y_mm: float) -> tuple[Box, float]:
    """A table of two columns, labels on the left."""
    sheet.frame(20, y_mm - 7, 65, 11)
    sheet.text(22, y_mm, label, size_pt=9)
    return sheet.frame(85, y_mm - 7, 100, 11), 11


_WAYS: dict[str, Way] = {
    "line-behind": _line_behind,
    "line-apart": _line_apart,
    "line-under": _line_under,
    "line-over": _line_over,
    "dotted": _dotted,
    "box-behind": _box_behind,
    "box-under": _box_under,
    "label-inside": _label_inside,
    "comb-under": _comb_under,
    "comb-behind": _comb_behind,
    "boxes-apart": _boxes_apart,
    "open-comb": _open_comb,
    "two-columns": _two_columns,
}
