"""Join cells that stand side by side, one for each letter, into combs.

A comb is a row of small boxes, apart or sharing their sides, or a line with upright ticks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation.boxes import around, in_rows
from segmentation.types import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.segments import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class CombParams:
    """What cells make a comb; millimetres."""

    min_cells: int = 5  # four boxes in a row are a year or choices to tick
    max_cell_mm: float = 12.0
    max_gap_mm: float = 2.6  # between boxes that stand apart
    max_step_mm: float = 0.8  # their tops and feet lie level to this
    alike: float = 0.25  # their widths differ by at most this share
    min_tick_mm: float = 1.4
    max_tick_mm: float = 10.0
    even: float = 0.12  # ticks stand evenly to this share of their distance


@dataclass(frozen=True, slots=True, kw_only=True)
class Comb:
    """A row of cells for one letter each."""

    box: Box  # inside the outer lines
    cells: int


def join_combs(
    cells: Sequence[Box],
    lines: Sequence[Segment],
    ticks: Sequence[Segment],
    params: CombParams,
    *,
    mm: float,
) -> tuple[list[Comb], list[Box]]:
    """Find combs.

    Args:
        cells: closed boxes of the page.
        lines: its lines across.
        ticks: its short upright strokes.
        params: what makes a comb.
        mm: px of a millimetre.

    Returns:
        The combs, and the cells that are part of none.
    """
    narrow = [
        cell
        for cell in sorted(cells, key=lambda b: b.x_px)
        if cell.width_px <= params.max_cell_mm * mm and cell.width_px <= 1.6 * cell.height_px
    ]
    rows = in_rows(narrow, lambda last, cell: _beside(last, cell, params, mm))
    closed = [row for row in rows if len(row) >= params.min_cells]
    combs = [Comb(box=around(row), cells=len(row)) for row in closed]
    used = {cell for row in closed for cell in row}
    combs += _open_combs(lines, ticks, combs, params, mm)
    return combs, [cell for cell in cells if cell not in used]


def _beside(last: Box, cell: Box, params: CombParams, mm: float) -> bool:
    gap = cell.x_px - (last.x_px + last.width_px)
    step = params.max_step_mm * mm
    level = (
        abs(cell.y_px - last.y_px) <= step
        and abs(cell.y_px + cell.height_px - last.y_px - last.height_px) <= step
    )
    alike = abs(cell.width_px - last.width_px) <= params.alike * last.width_px
    return level and alike and 0 <= gap <= params.max_gap_mm * mm


def _open_combs(
    lines: Sequence[Segment],
    ticks: Sequence[Segment],
    known: Sequence[Comb],
    params: CombParams,
    mm: float,
) -> list[Comb]:
    """Find lines that upright ticks stand on at even distances."""
    found = []
    for line in lines:
        on = sorted(
            (
                t
                for t in ticks
                if abs(t.end - line.at) <= 0.8 * mm and line.start - mm <= t.at <= line.end + mm
            ),
            key=lambda t: t.at,
        )
        if len(on) < params.min_cells or any(_holds(comb.box, line, mm) for comb in known):
            continue
        steps = np.diff([t.at for t in on])
        pitch = float(np.median(steps))
        if pitch > params.max_cell_mm * mm or pitch < 2.5 * mm:
            continue
        if np.mean(np.abs(steps - pitch) <= params.even * pitch) < 0.8:
            continue
        height = round(max(6 * mm, float(np.median([t.length for t in on]))))
        foot = round(line.at)
        box = Box(
            x_px=line.start,
            y_px=max(0, foot - height),
            width_px=line.length,
            height_px=min(foot, height),
        )
        found.append(Comb(box=box, cells=max(1, round(line.length / pitch))))
    return found


def _holds(box: Box, line: Segment, mm: float) -> bool:
    """Tell whether a line is the top or the foot of a comb."""
    level = box.y_px - mm <= line.at <= box.y_px + box.height_px + mm
    return level and line.start < box.x_px + box.width_px and line.end > box.x_px
