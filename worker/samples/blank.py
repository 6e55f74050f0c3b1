"""What a blank form is: its print, and the places where a pen goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from segmentation.types import FieldKind, FieldSpec, WritingStyle

if TYPE_CHECKING:
    from segmentation.types import Box, GrayImage


class Content(Enum):
    """What a pen leaves in a place."""

    FULL_NAME = auto()
    FIRST_NAME = auto()
    LAST_NAME = auto()
    SIGNATURE = auto()  # a full name, but no field: nobody asks penname to read it
    DATE = auto()
    BIRTH_DATE = auto()
    PUPIL_BIRTH_DATE = auto()
    PHONE = auto()
    ADDRESS = auto()
    RELATION = auto()
    TICK = auto()


_KINDS = {
    Content.FULL_NAME: FieldKind.FULL_NAME,
    Content.FIRST_NAME: FieldKind.FIRST_NAME,
    Content.LAST_NAME: FieldKind.LAST_NAME,
}


class Who(Enum):
    """Whose name stands in a place; the last holds another pen than the first three."""

    SUBJECT = auto()  # the patient, the pupil
    GUARDIAN = auto()
    SECOND_GUARDIAN = auto()
    OFFICIAL = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place on a blank where something may be written."""

    content: Content
    box: Box
    name: str = ""  # of the field, where it holds a name to be read
    group: str = ""  # one check box of a group is ticked; other places are left empty together
    who: Who = Who.SUBJECT
    style: WritingStyle = WritingStyle.LINE
    cells: int = 0  # of a comb
    below_px: int = 0  # room in ``box`` beneath the ruled line
    blank_chance: float = 0.0  # [0, 1], how often it is left empty

    @property
    def field(self) -> FieldSpec | None:
        """The field of the template here, if a name is to be read."""
        kind = _KINDS.get(self.content)
        if kind is None:
            return None
        return FieldSpec(name=self.name, box=self.box, kind=kind, style=self.style)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blank:
    """An empty form and its places."""

    form_id: str  # becomes the template's id
    image: GrayImage = field(repr=False)  # (H, W), as printed
    dpi: int
    places: tuple[Place, ...]

    @property
    def fields(self) -> tuple[FieldSpec, ...]:
        """The fields of the template, in the order of the page."""
        return tuple(spec for place in self.places if (spec := place.field) is not None)
