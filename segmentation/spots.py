"""Find the place that a printed label asks to be written on.

In this order: a line that starts behind the label; the free part of the box that the label
stands in; a box or comb behind the label; a line just over it; a box, comb or line under it, and
the boxes of a table's column under its head; free paper behind a label that ends with a colon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation.phrases import cell_around
from segmentation.scene import (
    Scene,
    Spot,
    box_between,
    cut_at_next,
    free_of_print,
    head_room,
    level,
    print_between,
    print_under,
    share_of,
    underlines,
)
from segmentation.types import Box, WritingStyle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation.phrases import Phrase
    from segmentation.segments import Segment


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
        level = (
            label.top + 0.3 * label.box.height_px <= line.at <= label.bottom + p.line_drop_mm * mm
        )
        ahead = line.start - label.right
        longer = line.end - max(line.start, label.right)
        if not level or ahead > p.line_ahead_mm * mm or longer < p.min_line_mm * mm:
            continue
        if underlines(line, scene):
            continue
        if ahead > 0 and print_between(label, line.start, scene):
            continue
        if best is None or line.start < best.start:
            best = line
    if best is None:
        return []
    left = max(best.start, label.right + round(p.gap_mm * mm))
    right = cut_at_next(label, left, best.end, scene)
    return _on_line(best, left, right, label, scene, rank=0)


def _within(label: Phrase, scene: Scene) -> list[Spot]:
    """Take what a label leaves free of its own box: under it, else behind it."""
    p, mm = scene.params, scene.mm
    cell = cell_around(label.box, scene.layout.cells)
    if cell is None or cell.height_px > p.max_cell_mm * mm:
        return []
    if column := _next_column(label, cell, scene):
        return column
    left, right = share_of(label, cell.x_px, cell.x_px + cell.width_px, scene)
    foot = cell.y_px + cell.height_px
    gap = round(p.gap_mm * mm)
    high = label.bottom - cell.y_px <= p.label_share * cell.height_px
    if high and foot - label.bottom - gap >= p.min_room_mm * mm:
        box = box_between(left, label.bottom + gap // 2, right, foot)
        return [Spot(box=box, style=WritingStyle.BOX, rank=1)] if free_of_print(box, scene) else []
    if right - label.right - gap < p.min_side_mm * mm:
        return []
    box = box_between(label.right + gap, cell.y_px, right, foot)
    return [Spot(box=box, style=WritingStyle.BOX, rank=1)] if free_of_print(box, scene) else []


def _next_column(label: Phrase, cell: Box, scene: Scene) -> list[Spot]:
    """Take the empty box beside that of a label which stands in the middle of its own."""
    p, mm = scene.params, scene.mm
    if label.top - cell.y_px < p.middle_share * cell.height_px:
        return []
    return [
        Spot(box=box, style=WritingStyle.BOX, rank=1)
        for box in scene.layout.cells
        if 0 < box.x_px - cell.x_px - cell.width_px <= p.same_mm * mm
        and abs(box.y_px - cell.y_px) <= p.same_mm * mm
        and abs(box.height_px - cell.height_px) <= p.same_mm * mm
        and box.width_px >= p.min_line_mm * mm
        and free_of_print(box, scene)
    ][:1]


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
        if fits and not tall and free_of_print(box, scene):
            found.append((ahead, box, style))
    if not found:
        return []
    _, box, style = min(found, key=lambda f: f[0])
    if print_between(label, box.x_px, scene):
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
        and not underlines(line, scene)
    ]
    if not over:
        return []
    line = max(over, key=lambda s: s.at)
    left, right = share_of(label, line.start, line.end, scene)
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
        and free_of_print(box, scene)
    ]
    if not under or print_under(label, min(b.y_px for b, _ in under), scene):
        return []
    box, style = min(under, key=lambda u: u[0].y_px)
    if style is WritingStyle.COMB:
        return [Spot(box=box, style=style, rank=4)]
    left, right = share_of(label, box.x_px, box.x_px + box.width_px, scene)
    column = [box, *_rows_under(box, scene)]
    return [
        Spot(box=box_between(left, b.y_px, right, b.y_px + b.height_px), style=style, rank=4)
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
        if not following or not free_of_print(following[0], scene):
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
        and not underlines(line, scene)
        and not print_under(label, round(line.at - mm), scene)
    ]
    if not under:
        return []
    line = min(under, key=lambda s: s.at)
    left, right = share_of(label, line.start, line.end, scene)
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
    walls = [b.x_px for b, _ in scene.places if b.x_px > label.right and level(b, label)]
    right = min([edge, *row, *walls]) - round(p.gap_mm * mm)
    left = label.right + round(p.gap_mm * mm)
    if right - left < p.min_free_mm * mm:
        return []
    foot = label.bottom + round(1.5 * mm)
    box = box_between(left, head_room(foot, left, right, label, scene), right, foot)
    return [Spot(box=box, style=WritingStyle.LINE, rank=6)]


def _on_line(  # noqa: PLR0913, a stretch of a line, and whose it is
    line: Segment, left: int, right: int, label: Phrase, scene: Scene, *, rank: int
) -> list[Spot]:
    """Give the room over a stretch of a line, where there is enough."""
    p, mm = scene.params, scene.mm
    foot = line.edges[1]
    top = head_room(foot, left, right, label, scene)
    if right - left < p.min_line_mm * mm or foot - top < p.min_room_mm * mm:
        return []
    return [Spot(box=box_between(left, top, right, foot), style=WritingStyle.LINE, rank=rank)]
