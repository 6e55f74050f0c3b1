"""Parts that every form has: ruled lines with a label, and check boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.samples.blank import Content, Place, Who
from worker.samples.sheet import mm_box, to_px

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.samples.sheet import Sheet

_ABOVE_MM, _BELOW_MM = 9.5, 3.5  # room for writing over and under a ruled line
_UNDER_TEXT_MM = 0.9  # from the label's baseline to the line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a ruled line is for; see ``Place``."""

    label: str
    content: Content
    name: str = ""
    who: Who = Who.SUBJECT
    blank_chance: float = 0.0


def ruled_line(sheet: Sheet, x_mm: float, y_mm: float, to_mm: float, entry: Entry) -> Place:
    """Print the entry's label and, from its end to ``to_mm``, a line to write on."""
    start_mm = sheet.text(x_mm, y_mm, entry.label) + 1.5
    line_mm = y_mm + _UNDER_TEXT_MM
    sheet.rule(start_mm, line_mm, to_mm)
    return Place(
        name=entry.name,
        content=entry.content,
        who=entry.who,
        box=mm_box(start_mm, line_mm - _ABOVE_MM, to_mm - start_mm, _ABOVE_MM + _BELOW_MM),
        below_px=to_px(_BELOW_MM),
        blank_chance=entry.blank_chance,
    )


def choices(
    sheet: Sheet, y_mm: float, question: str, labels: Mapping[int, str], *, blank_chance: float
) -> list[Place]:
    """Print check boxes on one baseline, each at its x in mm; one of them will be ticked.

    Args:
        sheet: where to print.
        y_mm: the baseline of the labels.
        question: what the boxes answer; names their group.
        labels: what stands behind the box at each x.
        blank_chance: how often the question is left unanswered.
    """
    return [
        Place(
            content=Content.TICK,
            box=sheet.check_box(x_mm, y_mm, label),
            group=question,
            blank_chance=blank_chance,
        )
        for x_mm, label in labels.items()
    ]
