"""Find the place that a printed label asks to be written on.

In this order: a line that starts behind the label; the free part of the box that the label
stands in; a box or comb behind the label; a line just over it; a box, comb or line under it, and
the boxes of a table's column under its head; free paper behind a label that ends with a colon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation.phrases import cell_around
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
    line_ahead_mm: float = 25.0  # a line starts at most this far behind its label
    line_drop_mm: float = 3.2  # and runs at most this far under the label's foot
    box_ahead_mm: float = 45.0
    over_mm: float = 4.0  # a line over its label
    under_mm: float = 7.0  # a box under its label
    line_under_mm: tuple[float, float] = (4.5, 16.0)  # a line under its label
    indent_mm: float = 7.0  # how far its left end may lie from the label's
    min_side_mm: float = 25.0  # what must be free beside a label in its own box
    min_free_mm: float = 45.0  # paper without any line
    label_share: float = 0.6  # a label in this upper part of its box leaves room under it
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


def find_spots(label: Phrase, scene: Scene) -> list[Spot]:
    """Find where a label asks to be written: one spot, or the rows of a table, or none."""
    for find in (_line_behind, _within, _box_behind, _line_over, _box_under, _line_under, _free):
        if spots := find(label, scene):
            return spots
    return []


def find_spots_behind(label: Phrase, scene: Scene) -> list[Spot]:
    """Find a line, box or comb that starts behind a label, and nothing else.

    A line that starts under the label is that of a heading.
    """
    starts = label.right - 2 * scene.mm
    for find in (_line_behind, _box_behind):
        if spots := find(label, scene):
            headed = any(
                line.start < starts and line.end >= spots[0].box.x_px + spots[0].box.width_px - 1
                for line in scene.free_lines
                if 0 <= line.at - label.bottom <= scene.params.line_drop_mm * scene.mm
                and line.end > label.right
            )
            return [] if headed and spots[0].rank == 0 else spots
    return []


def _line_behind(label: Phrase, scene: Scene) -> list[Spot]:
    p, mm = scene.params, scene.mm
    best: Segment | None = None
    for line in scene.free_lines:
        level = label.top + 0.3 * label.box.height_px <= line.at <= label.bottom + p.line_drop_mm * mm
        ahead = line.start - label.right
        longer = line.end - max(line.start, label.right)
        if not level or ahead > p.line_ahead_mm * mm or longer < p.min_line_mm * mm:
            continue
        if _underlines(line, scene):
            continue
        if ahead > 0 and _print_between(label, line.start, scene):
            continue
        if best is None or line.start < best.start:
            best = line
    if best is None:
        return []
    left = max(best.start, label.right + round(p.gap_mm * mm))
    right = _cut_at_next(label, left, best.end, scene)
    return _on_line(best, left, right, label, scene, rank=0)


def _within(label: Phrase, scene: Scene) -> list[Spot]:
    """Take what a label leaves free of its own box: under it, else behind it."""
    p, mm = scene.params, scene.mm
    cell = cell_around(label.box, scene.layout.cells)
    if cell is None or cell.height_px > p.max_cell_mm * mm:
        return []
    left, right = _share_of(label, cell.x_px, cell.x_px + cell.width_px, scene)
    foot = cell.y_px + cell.height_px
    gap = round(p.gap_mm * mm)
    high = label.bottom - cell.y_px <= p.label_share * cell.height_px
    if high and foot - label.bottom - gap >= p.min_room_mm * mm:
        box = _box(left, label.bottom + gap // 2, right, foot)
        return [Spot(box=box, style=WritingStyle.BOX, rank=1)] if _free_of_print(box, scene) else []
    if right - label.right - gap < p.min_side_mm * mm:
        return []
    box = _box(label.right + gap, cell.y_px, right, foot)
    return [Spot(box=box, style=WritingStyle.BOX, rank=1)] if _free_of_print(box, scene) else []


def _box_behind(label: Phrase, scene: Scene) -> list[Spot]:
    p, mm = scene.params, scene.mm
    own = cell_around(label.box, scene.layout.cells)
    found = []
    for box, style in scene.places:
        ahead = box.x_px - label.right
        shared = min(label.bottom, box.y_px + box.height_px) - max(label.top, box.y_px)
        large = style is WritingStyle.COMB or box.width_px >= p.min_line_mm * mm
        # Behind a narrow first column, the next column of the same row starts far from the text.
        reach = p.box_ahead_mm * mm if own is None else own.x_px + own.width_px + mm - label.right
        fits = large and box != own and -mm <= ahead <= reach and 2 * shared >= label.box.height_px
        tall = box.height_px > p.max_cell_mm * mm
        if fits and not tall and _free_of_print(box, scene):
            found.append((ahead, box, style))
    if not found:
        return []
    _, box, style = min(found, key=lambda f: f[0])
    if _print_between(label, box.x_px, scene):
        return []
    return [Spot(box=box, style=style, rank=2)]


def _line_over(label: Phrase, scene: Scene) -> list[Spot]:
    p, mm = scene.params, scene.mm
    if cell_around(label.box, scene.layout.cells) is not None:
        return []
    middle = (label.left + label.right) / 2
    over = [
        line
        for line in scene.free_lines
        if line.length >= p.min_line_mm * mm
        and -p.over_mm * mm <= line.at - label.top <= 0.5 * mm
        and line.start - 2 * mm <= middle <= line.end + 2 * mm
        and not _underlines(line, scene)
    ]
    if not over:
        return []
    line = max(over, key=lambda s: s.at)
    left, right = _share_of(label, line.start, line.end, scene)
    return _on_line(line, left, right, label, scene, rank=3)


def _box_under(label: Phrase, scene: Scene) -> list[Spot]:
    """Take the box or comb under a label, and in a table the boxes under that."""
    p, mm = scene.params, scene.mm
    head = cell_around(label.box, scene.layout.cells)
    foot = label.bottom if head is None else head.y_px + head.height_px
    under = [
        (box, style)
        for box, style in scene.places
        if -0.8 * mm <= box.y_px - foot <= p.under_mm * mm
        and box != head
        and box.x_px <= label.left + 3 * mm
        and box.x_px + box.width_px >= min(label.right, label.left + 12 * mm)
        and box.height_px <= p.max_cell_mm * mm
        and box.width_px >= p.min_line_mm * mm
        and _free_of_print(box, scene)
    ]
    if not under or _print_under(label, min(b.y_px for b, _ in under), scene):
        return []
    box, style = min(under, key=lambda u: u[0].y_px)
    if style is WritingStyle.COMB:
        return [Spot(box=box, style=style, rank=4)]
    left, right = _share_of(label, box.x_px, box.x_px + box.width_px, scene)
    column = [box, *_rows_under(box, scene)]
    return [
        Spot(box=_box(left, b.y_px, right, b.y_px + b.height_px), style=style, rank=4)
        for b in column
    ]


def _rows_under(box: Box, scene: Scene) -> Iterator[Box]:
    """Give the empty cells of a table's column under its first."""
    p, mm = scene.params, scene.mm
    for _ in range(p.max_rows - 1):
        foot = box.y_px + box.height_px
        following = [
            b
            for b in scene.layout.cells
            if 0 <= b.y_px - foot <= p.same_mm * mm
            and abs(b.x_px - box.x_px) <= p.same_mm * mm
            and abs(b.width_px - box.width_px) <= 2 * p.same_mm * mm
            and abs(b.height_px - box.height_px) <= 0.3 * box.height_px
        ]
        if not following or not _free_of_print(following[0], scene):
            return
        box = following[0]
        yield box


def _line_under(label: Phrase, scene: Scene) -> list[Spot]:
    p, mm = scene.params, scene.mm
    if cell_around(label.box, scene.layout.cells) is not None:
        return []
    near, far = (v * mm for v in p.line_under_mm)
    under = [
        line
        for line in scene.free_lines
        if near <= line.at - label.bottom <= far
        and line.length >= p.min_line_mm * mm
        and abs(line.start - label.left) <= p.indent_mm * mm
        and not _underlines(line, scene)
        and not _print_under(label, round(line.at - mm), scene)
    ]
    if not under:
        return []
    line = min(under, key=lambda s: s.at)
    left, right = _share_of(label, line.start, line.end, scene)
    return _on_line(line, left, right, label, scene, rank=5)


def _free(label: Phrase, scene: Scene) -> list[Spot]:
    """Take free paper behind a label that ends with a colon, up to the next print."""
    p, mm = scene.params, scene.mm
    if not label.text.rstrip().endswith(":"):
        return []
    edge = scene.shape[1] - round(12 * mm)
    row = [
        q.left
        for q in scene.phrases
        if q.printed and q.left > label.right and q.top < label.bottom and q.bottom > label.top
    ]
    walls = [b.x_px for b, _ in scene.places if b.x_px > label.right and _level(b, label)]
    right = min([edge, *row, *walls]) - round(p.gap_mm * mm)
    left = label.right + round(p.gap_mm * mm)
    if right - left < p.min_free_mm * mm:
        return []
    foot = label.bottom + round(1.5 * mm)
    box = _box(left, _head_room(foot, left, right, label, scene), right, foot)
    return [Spot(box=box, style=WritingStyle.LINE, rank=6)]


def _on_line(
    line: Segment, left: int, right: int, label: Phrase, scene: Scene, *, rank: int
) -> list[Spot]:
    """Give the room over a stretch of a line, where there is enough."""
    p, mm = scene.params, scene.mm
    foot = line.edges[1]
    top = _head_room(foot, left, right, label, scene)
    if right - left < p.min_line_mm * mm or foot - top < p.min_room_mm * mm:
        return []
    return [Spot(box=_box(left, top, right, foot), style=WritingStyle.LINE, rank=rank)]


def _head_room(foot: int, left: int, right: int, label: Phrase, scene: Scene) -> int:
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


def _share_of(label: Phrase, left: int, right: int, scene: Scene) -> tuple[int, int]:
    """Give a label its share of a place that several labels of one row stand along."""
    row = [
        q
        for q in scene.phrases
        if q.printed
        and _level(q.box, label)
        and left - scene.mm <= (q.left + q.right) / 2 <= right + scene.mm
    ]
    before = [q for q in row if q.right <= label.left]
    after = [q.left for q in row if q.left >= label.right]
    gap = round(scene.params.gap_mm * scene.mm)
    return (max(left, label.left - gap) if before else left), min([right, *(x - gap for x in after)])


def _cut_at_next(label: Phrase, left: int, right: int, scene: Scene) -> int:
    """End a line that runs on under the next label of its row."""
    gap = round(scene.params.gap_mm * scene.mm)
    following = [
        q.left - gap
        for q in scene.phrases
        if q.printed
        and q.text.rstrip().endswith(":")
        and left < q.left < right
        and _level(q.box, label)
    ]
    return min([right, *following])


def _print_between(label: Phrase, until: int, scene: Scene) -> bool:
    """Tell whether print stands between a label and what starts behind it."""
    return any(
        q.printed and label.right < (q.left + q.right) / 2 < until and _level(q.box, label)
        for q in scene.phrases
    )


def _print_under(label: Phrase, until: int, scene: Scene) -> bool:
    """Tell whether print stands between a label and what lies under it."""
    return any(
        q.printed
        and label.bottom <= (q.top + q.bottom) / 2 < until
        and q.left < label.right
        and q.right > label.left
        for q in scene.phrases
    )


def _free_of_print(box: Box, scene: Scene) -> bool:
    return not any(
        q.printed
        and box.x_px <= (q.left + q.right) / 2 < box.x_px + box.width_px
        and box.y_px <= (q.top + q.bottom) / 2 < box.y_px + box.height_px
        for q in scene.phrases
    )


def _underlines(line: Segment, scene: Scene) -> bool:
    """Tell whether a line runs close under print for most of its length."""
    covered = sum(
        max(0, min(q.right, line.end) - max(q.left, line.start))
        for q in scene.phrases
        if q.printed and -0.6 * scene.mm <= line.at - q.bottom <= 1.2 * scene.mm
    )
    return covered >= 0.5 * line.length


def _level(box: Box, label: Phrase) -> bool:
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


def _box(left: int, top: int, right: int, bottom: int) -> Box:
    return Box(
        x_px=left, y_px=top, width_px=max(1, right - left), height_px=max(1, bottom - top)
    )


def overlap(a: Box, b: Box) -> float:
    """Give the share of the smaller box that both cover."""
    width = min(a.x_px + a.width_px, b.x_px + b.width_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.height_px, b.y_px + b.height_px) - max(a.y_px, b.y_px)
    smaller = min(a.width_px * a.height_px, b.width_px * b.height_px)
    return max(0, width) * max(0, height) / smaller


def taken_twice(spots: Sequence[Spot], spot: Spot) -> bool:
    """Tell whether a place is taken by a label that it belongs to more surely."""
    return any(overlap(other.box, spot.box) > 0.3 for other in spots)
