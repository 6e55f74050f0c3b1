"""A field as its template shows it: where it is from, what it may say, which letters are unsure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from worker.reviewing import choices
from worker.types import FieldStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from worker.database.review_fields import LeasedField

_UNSURE_BELOW = 0.8  # probability of a character, by the network


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One character of a reading."""

    char: str = field(repr=False)
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownField:
    """What the template names."""

    lease_id: UUID
    name: str  # of the field, or what is printed beside it
    document: str  # the file's name
    page: int  # from 1
    has_crop: bool
    text: str = field(repr=False)  # what Enter accepts; "" that nothing stands there
    letters: tuple[Letter, ...] = field(repr=False)
    unsure: str = field(repr=False)  # the unsure characters in words; "" where there are none
    choices: tuple[str, ...] = field(repr=False)
    misplaced: bool


def as_shown(leased: LeasedField) -> ShownField:
    """Prepare a field; one that somebody said something of shows that first."""
    text = leased.text if leased.said is None else leased.said[0]
    letters = (
        _letters(leased) if text == leased.text else [Letter(char=c, unsure=False) for c in text]
    )
    unsure = [letter.char for letter in letters if letter.unsure]
    return ShownField(
        lease_id=leased.lease_id,
        name=leased.label or leased.field_name.replace("_", " "),
        document=unquote(leased.source.name),
        page=leased.page_index + 1,
        has_crop=leased.crop_key is not None,
        text=text,
        letters=tuple(letters),
        unsure=", ".join("space" if char == " " else char for char in unsure),
        choices=tuple(choices(leased)),
        misplaced=leased.status is FieldStatus.MISPLACED,
    )


def _letters(leased: LeasedField) -> list[Letter]:
    """Set each character of the text beside the network's own, which may differ in spaces."""
    known = [(char, sure) for char, sure, _, _ in leased.chars]
    letters, at = [], 0
    for char in leased.text:
        found = _find(known, char, at)
        unsure = found is not None and known[found][1] < _UNSURE_BELOW
        letters.append(Letter(char=char, unsure=unsure))
        at = at if found is None else found + 1
    return letters


def _find(known: Sequence[tuple[str, float]], char: str, at: int) -> int | None:
    return next((i for i in range(at, len(known)) if known[i][0] == char), None)
