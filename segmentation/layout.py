"""Find what a page offers to write on: rulings, dotted lines, boxes and combs, over the page.

``printed`` finds the print in one field's crop of a known blank; here nothing is known, and the
page may be filled in, so handwriting lies over the lines. Boxes are px of the image given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.combs import CombParams, join_combs
from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, find_pieces, ink_mask
from segmentation.segments import Segment, SegmentParams, link
from segmentation.types import Box, Mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation.combs import Comb
    from segmentation.types import GrayImage

MM_PER_INCH = 25.4
_STROKE_PX = 8  # a run through a line longer than this is a stroke that crosses it


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutParams:
    """What counts as a place to write on; millimetres on the paper."""

    run_mm: float = 4.2  # a ruling shows runs of ink at least this long; strokes of print are less
    upright_run_mm: float = 3.2
    max_thick_mm: float = 1.6  # thicker bars are decoration
    line: SegmentParams = field(default_factory=lambda: SegmentParams(min_length_mm=4.2))
    min_free_mm: float = 15.0  # a shorter line is the side of a box, or letters that touch
    upright: SegmentParams = field(
        default_factory=lambda: SegmentParams(min_length_mm=3.2, max_gap_mm=0.6)
    )
    dot_mm: float = 0.9  # the largest dot of a dotted line
    dot_gap_mm: float = 2.4  # dots lie this near to each other
    min_dotted_mm: float = 18.0
    touch_mm: float = 1.0  # lines that meet end this near to each other
    min_cell_mm: tuple[float, float] = (2.8, 3.6)  # width and height
    max_cell_mm: tuple[float, float] = (300.0, 60.0)
    min_filled: float = 0.85  # share of its bounding box that a cell covers
    comb: CombParams = field(default_factory=CombParams)
    flat: FlattenParams = field(default_factory=lambda: FlattenParams(shrink=4, close_px=11))
    ink: InkParams = field(default_factory=InkParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """The places of one page, and its lines."""

    lines: tuple[Segment, ...]  # across, solid or dotted
    cells: tuple[Box, ...]  # closed boxes, inside their lines; no cell of a comb
    combs: tuple[Comb, ...]
    ink: Mask = field(repr=False)  # (h, w), 255 on all ink
    across: Mask = field(repr=False)  # (h, w), 255 on the solid lines that run across
    upright: Mask = field(repr=False)  # (h, w), 255 on those that run down
    dots: Mask = field(repr=False)  # (h, w), 255 on the dots of dotted lines


def find_layout(image: GrayImage, dpi: float, params: LayoutParams) -> Layout:
    """Find the lines and boxes of a page.

    Args:
        image: (h, w), upright.
        dpi: its pixels per inch, by which millimetres on the paper are known.
        params: what counts.
    """
    mm = dpi / MM_PER_INCH
    mask = ink_mask(flatten(image, params.flat), params.ink)
    across, across_mask = _solid(mask, params.run_mm * mm, params.line, params, mm)
    down, _ = _solid(
        np.ascontiguousarray(mask.T), params.upright_run_mm * mm, params.upright, params, mm
    )
    reach = params.touch_mm * mm
    uprights = [s for s in down if _meets(s, across, reach) or s.length >= params.min_free_mm * mm]
    across = [
        s for s in across if s.length >= params.min_free_mm * mm or _is_side(s, uprights, reach)
    ]
    dotted, dots = _dotted(np.asarray(cv2.subtract(mask, across_mask), np.uint8), params, mm)
    across_drawn = draw_lines(mask.shape, across)
    upright_drawn = np.ascontiguousarray(draw_lines(mask.T.shape, uprights).T)
    cells = _cells(np.asarray(cv2.bitwise_or(across_drawn, upright_drawn), np.uint8), params, mm)
    combs, cells = join_combs(cells, across, _ticks(mask, params, mm), params.comb, mm=mm)
    return Layout(
        lines=tuple(sorted([*across, *dotted], key=lambda s: s.at)),
        cells=tuple(cells),
        combs=tuple(combs),
        ink=mask,
        across=across_drawn,
        upright=upright_drawn,
        dots=dots,
    )


def draw_lines(shape: tuple[int, ...], lines: Iterable[Segment]) -> Mask:
    """Draw lines that run across as solid bars: (h, w), 255 on them."""
    drawn = np.zeros(shape, np.uint8)
    for line in lines:
        low, high = line.edges
        drawn[max(0, low) : high, line.start : line.end] = 255
    return drawn


def erase_lines(image: GrayImage, layout: Layout) -> GrayImage:
    """Turn the lines of a page to paper, so that print and writing beside them stand alone.

    Strokes that run on through a line stay: letters with an underline have to stay legible.

    Args:
        image: (h, w), upright.
        layout: of it.
    """
    square = np.ones((3, 3), np.uint8)
    erased = np.asarray(cv2.dilate(layout.dots, square), np.uint8)
    long_run = np.ones((_STROKE_PX, 1), np.uint8)
    for lines, kernel in ((layout.across, long_run), (layout.upright, long_run.T)):
        strokes = cv2.morphologyEx(layout.ink, cv2.MORPH_OPEN, kernel)
        alone = cv2.subtract(cv2.dilate(lines, square), strokes)
        erased = np.asarray(cv2.bitwise_or(erased, alone), np.uint8)
    paper = int(np.percentile(image, 90))
    return np.where(erased > 0, np.uint8(paper), image)


def _solid(
    mask: Mask, run_px: float, how: SegmentParams, params: LayoutParams, mm: float
) -> tuple[list[Segment], Mask]:
    """Find the solid lines that run across a mask, and where they are."""
    kernel = np.ones((1, max(3, round(run_px))), np.uint8)
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8)
    pieces = find_pieces(opened)
    width, height = pieces.right - pieces.left, pieces.bottom - pieces.top
    thick = pieces.area / np.maximum(width, 1)
    fits = (thick <= params.max_thick_mm * mm) & (height <= 2 * params.max_thick_mm * mm)
    fits &= width >= 4 * thick
    fits[0] = False
    found = [
        Segment(
            at=float(pieces.top[i] + pieces.bottom[i] - 1) / 2,
            start=int(pieces.left[i]),
            end=int(pieces.right[i]),
            thickness=max(1.0, float(thick[i])),
        )
        for i in np.flatnonzero(fits)
    ]
    return link(found, how, mm=mm), pieces.draw(fits)


def _dotted(mask: Mask, params: LayoutParams, mm: float) -> tuple[list[Segment], Mask]:
    """Find rows of dots and short dashes, and where their dots are."""
    pieces = find_pieces(mask)
    most = params.dot_mm * mm
    small = (pieces.right - pieces.left <= most) & (pieces.bottom - pieces.top <= most)
    dots = pieces.draw(small & (pieces.area >= 2))
    gap = max(3, round(params.dot_gap_mm * mm))
    joined = cv2.morphologyEx(dots, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    found, _ = _solid(
        np.asarray(joined, np.uint8),
        params.min_dotted_mm / 2 * mm,
        SegmentParams(min_length_mm=params.min_dotted_mm, max_gap_mm=params.dot_gap_mm),
        params,
        mm,
    )
    bands = np.zeros(mask.shape, np.uint8)
    half = round(most)
    for line in found:
        bands[max(0, round(line.at) - half) : round(line.at) + half + 1, line.start : line.end] = (
            255
        )
    return found, np.asarray(cv2.bitwise_and(dots, bands), np.uint8)


def _ticks(mask: Mask, params: LayoutParams, mm: float) -> list[Segment]:
    """Find the short upright strokes that may part an open comb's letters."""
    kernel = np.ones((max(3, round(params.comb.min_tick_mm * mm)), 1), np.uint8)
    pieces = find_pieces(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8))
    width, height = pieces.right - pieces.left, pieces.bottom - pieces.top
    thin = (width <= 0.9 * mm) & (height <= params.comb.max_tick_mm * mm) & (height >= 2 * width)
    thin[0] = False
    return [
        Segment(
            at=float(pieces.left[i] + pieces.right[i] - 1) / 2,
            start=int(pieces.top[i]),
            end=int(pieces.bottom[i]),
            thickness=float(width[i]),
        )
        for i in np.flatnonzero(thin)
    ]


def _meets(upright: Segment, across: list[Segment], reach: float) -> bool:
    """Tell whether an upright stroke ends on a line; letters seldom do."""
    return any(
        line.start - reach <= upright.at <= line.end + reach
        and min(abs(line.at - upright.start), abs(line.at - upright.end)) <= reach
        for line in across
    )


def _is_side(line: Segment, uprights: list[Segment], reach: float) -> bool:
    """Tell whether a short line has an upright at both of its ends, as the side of a box has."""
    return all(
        any(
            abs(upright.at - end) <= reach
            and upright.start - reach <= line.at <= upright.end + reach
            for upright in uprights
        )
        for end in (line.start, line.end)
    )


def _cells(grid: Mask, params: LayoutParams, mm: float) -> list[Box]:
    """Find the closed boxes that lines leave open between them."""
    reach = 2 * (round(params.touch_mm * mm) // 2) + 1
    closed = cv2.morphologyEx(grid, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    closed = cv2.bitwise_or(
        closed, cv2.morphologyEx(grid, cv2.MORPH_CLOSE, np.ones((reach, 1), np.uint8))
    )
    stats = cv2.connectedComponentsWithStats(cv2.bitwise_not(closed), connectivity=4)[2]
    boxes: list[Box] = []
    height, width = grid.shape
    for left, top, w, h, area in stats[1:].tolist():
        inside = left > 0 and top > 0 and left + w < width and top + h < height
        fits = (
            params.min_cell_mm[0] * mm <= w <= params.max_cell_mm[0] * mm
            and params.min_cell_mm[1] * mm <= h <= params.max_cell_mm[1] * mm
        )
        if inside and fits and area >= params.min_filled * w * h:
            boxes.append(Box(x_px=left, y_px=top, width_px=w, height_px=h))
    return sorted(boxes, key=lambda b: (b.y_px, b.x_px))
