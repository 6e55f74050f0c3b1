"""Hold what a page of an unknown form shows, and say how its print, lines and boxes lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation.boxes import overlap
from segmentation.types import Box, WritingStyle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmentation.layout import Layout
    from segmentation.phrases import Phrase
    from segmentation.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotParams:
    """How far from its label a place lies, and how large it is; millimetres."""

    room_mm: float = 9.5  # over a line, where nothing is printed nearer
    min_room_mm: float = 4.0
    min_line_mm: float = 20.0
    line_ahead_mm: float = 60.0  # a line starts at most this far behind its label
    line_drop_mm: float = 3.2  # and runs at most this far under the label's foot
    box_ahead_mm: float = 45.0
    over_mm: float = 4.0  # a line over its label
    under_mm: float = 7.0  # a box under its label
    line_under_mm: tuple[float, float] = (4.5, 16.0)  # a line under its label
    indent_mm: float = 7.0  # how far its left end may lie from the label's
    min_side_mm: float = 25.0  # what must be free beside a label in its own box
    min_free_mm: float = 45.0  # paper without any line
    label_share: float = 0.6  # a label in this upper part of its box leaves room under it
    middle_share: float = 0.25  # a label this far down its box may be a row's head
    max_cell_mm: float = 30.0  # higher boxes frame a part of the form
    max_rows: int = 40  # of a table
    same_mm: float = 1.6  # cells of one column differ by this much at most
    gap_mm: float = 0.6  # left free between print and a box


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place to write on."""

    box: Box
    style: WritingStyle
    rank: int  # the lower, the surer that it belongs to the label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What a page shows."""

    phrases: tuple[Phrase, ...]
    layout: Layout
    shape: tuple[int, int]  # height and width, px
    mm: float  # px of a millimetre
    params: SpotParams

    @property
    def places(self) -> Iterator[tuple[Box, WritingStyle]]:
        """Give the boxes and the combs."""
        for cell in self.layout.cells:
            yield cell, WritingStyle.BOX
        for comb in self.layout.combs:
            yield comb.box, WritingStyle.COMB

    @property
    def free_lines(self) -> tuple[Segment, ...]:
        """Give the lines that are no side of a box."""
        boxes = [box for box, _ in self.places]
        return tuple(s for s in self.layout.lines if not _is_edge(s, boxes, self.mm))


def head_room(foot: int, left: int, right: int, label: Phrase, scene: Scene) -> int:
    """Find the row under which there is room to write, over a line at ``foot``."""
    p, mm = scene.params, scene.mm
    lowest = foot - p.min_room_mm * mm
    feet = [foot - p.room_mm * mm]
    for phrase in scene.phrases:
        beside = min(phrase.right, right) - max(phrase.left, left)
        if phrase.printed and phrase is not label and beside > 0 and phrase.bottom <= lowest:
            feet.append(phrase.bottom + 0.3 * mm)
    for line in scene.layout.lines:
        beside = min(line.end, right) - max(line.start, left)
        if beside > 0.2 * (right - left) and line.at <= lowest:
            feet.append(line.at + line.thickness)
    return max(0, round(max(feet)))


def share_of(label: Phrase, left: int, right: int, scene: Scene) -> tuple[int, int]:
    """Give a label its share of a place that several labels of one row stand along."""
    row = [
        q
        for q in scene.phrases
        if q.printed
        and level(q.box, label)
        and left - scene.mm <= (q.left + q.right) / 2 <= right + scene.mm
    ]
    before = [q for q in row if q.right <= label.left]
    after = [q.left for q in row if q.left >= label.right]
    gap = round(scene.params.gap_mm * scene.mm)
    return (max(left, label.left - gap) if before else left), min(
        [right, *(x - gap for x in after)]
    )


def cut_at_next(label: Phrase, left: int, right: int, scene: Scene) -> int:
    """End a line that runs on under the next label of its row."""
    gap = round(scene.params.gap_mm * scene.mm)
    following = [
        q.left - gap
        for q in scene.phrases
        if q.printed
        and q.text.rstrip().endswith(":")
        and left < q.left < right
        and level(q.box, label)
    ]
    return min([right, *following])


def print_between(label: Phrase, until: int, scene: Scene) -> bool:
    """Tell whether print stands between a label and what starts behind it."""
    return any(
        q.printed and label.right < (q.left + q.right) / 2 < until and level(q.box, label)
        for q in scene.phrases
    )


def print_under(label: Phrase, until: int, scene: Scene) -> bool:
    """Tell whether print stands between a label and what lies under it."""
    return any(
        q.printed
        and label.bottom <= (q.top + q.bottom) / 2 < until
        and q.left < label.right
        and q.right > label.left
        for q in scene.phrases
    )


def free_of_print(box: Box, scene: Scene) -> bool:
    """Tell whether no print stands in a box."""
    return not any(
        q.printed
        and box.x_px <= (q.left + q.right) / 2 < box.x_px + box.width_px
        and box.y_px <= (q.top + q.bottom) / 2 < box.y_px + box.height_px
        for q in scene.phrases
    )


def underlines(line: Segment, scene: Scene) -> bool:
    """Tell whether a line runs close under print for most of its length."""
    covered = sum(
        max(0, min(q.right, line.end) - max(q.left, line.start))
        for q in scene.phrases
        if q.printed and -0.6 * scene.mm <= line.at - q.bottom <= 1.2 * scene.mm
    )
    return covered >= 0.5 * line.length


def level(box: Box, label: Phrase) -> bool:
    """Tell whether a box stands on the row of a label."""
    middle = (label.top + label.bottom) / 2
    return box.y_px <= middle <= box.y_px + box.height_px


def _is_edge(line: Segment, boxes: Sequence[Box], mm: float) -> bool:
    """Tell whether boxes stand along most of a line; a loop of writing on it is none of them."""
    reach = 1.2 * mm + line.thickness
    along = sum(
        max(0, min(line.end, box.x_px + box.width_px) - max(line.start, box.x_px))
        for box in boxes
        if min(abs(line.at - box.y_px), abs(line.at - box.y_px - box.height_px)) <= reach
    )
    return along >= 0.5 * line.length


def box_between(left: int, top: int, right: int, bottom: int) -> Box:
    """Give the box between columns and rows; the last two are one past its own."""
    return Box(x_px=left, y_px=top, width_px=max(1, right - left), height_px=max(1, bottom - top))


def taken_twice(spots: Sequence[Spot], spot: Spot) -> bool:
    """Tell whether a place is taken by a label that it belongs to more surely."""
    return any(overlap(other.box, spot.box) > 0.3 for other in spots)
