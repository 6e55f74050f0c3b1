"""Set letters that stand apart into the cells of a comb or into boxes, one a letter.

Crops are ``(h, w)`` uint8, 0 ink on 255 paper.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.training.augment_paper import WHITE, Framed, ink_box, ink_mask, paper_of

if TYPE_CHECKING:
    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage

_BROKEN = 0.06  # gaps of so much of the ink's height lie within a letter
_WIDEST = 1.25  # ink without a gap and wider than this, against the height, is joined writing
_WORD_GAP = 0.3  # a gap this much of the height wider than two usual ones is an empty cell


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """A row of cells, in px."""

    left: int
    top: int
    pitch: int
    height: int
    count: int

    @property
    def walls(self) -> list[int]:
        """Give the column of every wall, the two ends among them."""
        return [self.left + self.pitch * number for number in range(self.count + 1)]


def set_in_cells(framed: Framed, rng: np.random.Generator, _: AugmentParams) -> Framed:
    """Move each letter into a cell of its own and draw the cells; joined writing stays."""
    crop = framed.crop
    first, top, last, bottom = framed.box
    tall = bottom - top
    letters = [
        (start + first, end + first) for start, end in part_letters(crop[:, first:last], tall)
    ]
    widest = max((end - start for start, end in letters), default=0)
    if len(letters) < 2 or widest > _WIDEST * tall:
        return framed
    places = _cell_numbers(letters, tall)
    cells = _Cells(
        left=4,
        top=4,
        pitch=int(max(rng.uniform(1.1, 1.4) * widest, rng.uniform(0.6, 0.9) * tall)) + 3,
        height=int(rng.uniform(1.05, 1.35) * tall) + 2,
        count=places[-1] + 1 + int(rng.integers(0, 4)),
    )
    field = np.full((cells.height + 9, cells.pitch * cells.count + 9), paper_of(crop), np.uint8)
    slack = (cells.height - tall) / 2
    for (start, end), place in zip(letters, places, strict=True):
        spare = cells.pitch - (end - start)
        x = cells.walls[place] + int(spare * np.clip(rng.normal(0.5, 0.12), 0, 1))
        y = cells.top + int(slack * np.clip(1 + rng.normal(0, 0.3), 0, 2))
        field[y : y + tall, x : x + end - start] = crop[top:bottom, start:end]
    drawn = np.minimum(field, _draw_cells(field.shape, cells, rng))
    box = ink_box(field)
    return framed if box is None else Framed(crop=drawn, box=box)


def part_letters(crop: GrayImage, tall: int) -> list[tuple[int, int]]:
    """Find the stretches of columns with ink, left to right; a letter may be broken.

    Args:
        crop: (h, w), cut to the writing.
        tall: px of the writing's height.

    Returns:
        First column and one past the last, of each.
    """
    columns = np.flatnonzero(ink_mask(crop).any(axis=0))
    breaks = np.flatnonzero(np.diff(columns) > max(2, _BROKEN * tall))
    starts = columns[np.concatenate([[0], breaks + 1])]
    ends = columns[np.concatenate([breaks, [len(columns) - 1]])] + 1
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]


def _cell_numbers(letters: list[tuple[int, int]], tall: int) -> list[int]:
    """Number the cells that letters go into, with one left empty between words."""
    gaps = np.array([start - end for (_, end), (start, _) in itertools.pairwise(letters)])
    apart = 2 * np.median(gaps) + _WORD_GAP * tall
    return [0, *np.cumsum(1 + (gaps > apart)).tolist()]


def _draw_cells(shape: tuple[int, ...], cells: _Cells, rng: np.random.Generator) -> GrayImage:
    """Draw boxes that share walls, boxes apart, or a comb of ticks, on white."""
    drawn = np.full(shape, WHITE, np.uint8)
    ink, thick = int(rng.uniform(0, 190)), int(rng.integers(1, 3))
    walls, foot = cells.walls, cells.top + cells.height
    kind = rng.random()
    if kind < 0.3:  # boxes that stand apart
        room = int(rng.integers(1, max(2, cells.pitch // 12) + 1))
        for left, right in itertools.pairwise(walls):
            cv2.rectangle(drawn, (left + room, cells.top), (right - room, foot), (ink,), thick)
        return drawn
    tick_top = cells.top if kind < 0.7 else int(foot - rng.uniform(0.15, 0.5) * cells.height)
    for wall in walls:
        cv2.line(drawn, (wall, tick_top), (wall, foot), (ink,), thick)
    if rng.random() < 0.25:  # dotted dividers
        drawn[:: int(rng.integers(2, 5))] = WHITE
    if rng.random() < 0.85:
        cv2.line(drawn, (walls[0], foot), (walls[-1], foot), (ink,), thick)
    if kind < 0.6:
        cv2.line(drawn, (walls[0], cells.top), (walls[-1], cells.top), (ink,), thick)
    return drawn
