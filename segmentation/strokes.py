"""Follow strokes into a printed phrase that is as dark as the pen.

The phrase is laid on the scan anew, and cleared with no more slack than its letters need that
nobody wrote on. What is left of strokes between the letters is joined across them where they go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from segmentation.ink import find_pieces, grow
from segmentation.rulings import RulingParams, pen_width
from segmentation.types import Mask  # noqa: TC001, read by dataclass users


@dataclass(frozen=True, slots=True, kw_only=True)
class StrokeParams:
    """How strokes are followed; crop px, 300 to the inch."""

    shift_px: int = 3  # print lies this far from its place on the blank at most
    max_points: int = 200  # of the free letters, to find how far off they are
    slack_px: tuple[int, ...] = (0, 1, 2)  # that may do, once it was laid on
    max_rest: float = 0.01  # of the free letters that may be left when they are cleared
    sliver_px: int = 3  # what is narrower may be a printed letter's edge
    min_seen_px: int = 16  # a part of a stroke between letters, to go on to
    bridge_px: int = 5  # a stroke goes on under print as wide as this
    run: float = 1.5  # a stroke points along its runs of so many widths of the pen
    directions: int = 6  # in half a turn
    min_outside_px: int = 30  # of a stroke off the print


def follow_strokes(  # noqa: PLR0913, the strokes, the print, and the limits
    ink: Mask, *, bare: Mask, labels: Mask, free: Mask, rest: Mask, params: StrokeParams
) -> Mask:
    """Follow the strokes of a phrase.

    Args:
        ink: (h, w), 255 on strokes and on the letters that they touch.
        bare: the part of ``ink`` that is off the print.
        labels: what the blank prints.
        free: the part of ``labels`` that no stroke touches.
        rest: the scan's ink on ``free``.
        params: how strokes are followed.

    Returns:
        (h, w), 255 on the strokes; nothing where the phrase cannot be cleared closely.
    """
    tight = _laid_on(labels, free, rest, params)
    if tight is None:
        return np.zeros_like(ink)
    seen = cv2.bitwise_or(_opened(np.asarray(cv2.subtract(ink, tight), np.uint8), params), bare)
    parts = find_pieces(np.asarray(seen, np.uint8))
    wide = (parts.area >= params.min_seen_px) | (parts.count_where(bare > 0) > 0)
    wide[0] = False
    pen = parts.draw(wide)
    pen_px = pen_width(bare, (), RulingParams())
    pen = _joined(pen, ink, pen_px, params)
    strokes = find_pieces(pen)
    running = strokes.count_where(bare > 0) >= params.min_outside_px
    running[0] = False
    return strokes.draw(running)


def _laid_on(labels: Mask, free: Mask, rest: Mask, params: StrokeParams) -> Mask | None:
    """Give the least that clears the free letters of a scan; None where nothing near does."""
    x, y = _shift(free, rest, params)
    to_scan = np.array([[1, 0, x], [0, 1, y]], np.float32)
    size = (labels.shape[1], labels.shape[0])
    placed = cv2.warpAffine(labels, to_scan, size, flags=cv2.INTER_NEAREST)
    for slack_px in params.slack_px:
        tight = grow(np.asarray(placed, np.uint8), slack_px)
        left = _opened(np.asarray(cv2.subtract(rest, tight), np.uint8), params)
        if cv2.countNonZero(left) <= params.max_rest * cv2.countNonZero(free):
            return tight
    return None


def _shift(free: Mask, rest: Mask, params: StrokeParams) -> tuple[int, int]:
    """Find by how many columns and rows a scan's letters are off the blank's."""
    rows, columns = np.nonzero(free)
    some = slice(None, None, 1 + len(rows) // params.max_points)
    most = params.shift_px
    room = np.pad(rest > 0, most)
    off = np.arange(2 * most + 1)
    y = rows[some] + off[:, None, None]
    x = columns[some] + off[:, None]
    score = room[y, x].sum(axis=2)
    down, across = divmod(int(score.argmax()), len(off))
    return across - most, down - most


def _opened(mask: Mask, params: StrokeParams) -> Mask:
    """Drop what is too narrow to be a stroke."""
    side = np.ones((params.sliver_px, params.sliver_px), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, side), np.uint8)


def _joined(pen: Mask, ink: Mask, pen_px: int, params: StrokeParams) -> Mask:
    """Add the ink between strokes that go on across print."""
    near = cv2.bitwise_and(cv2.subtract(ink, pen), grow(pen, params.bridge_px))
    x, y, width, height = cv2.boundingRect(near)
    if width == 0:
        return pen
    room = params.bridge_px + pen_px
    at = (slice(max(0, y - room), y + height + room), slice(max(0, x - room), x + width + room))
    part, between = np.ascontiguousarray(pen[at]), np.ascontiguousarray(ink[at])
    out = pen.copy()
    out[at] = _bridged(part, between, pen_px, params)
    return out


def _bridged(pen: Mask, ink: Mask, pen_px: int, params: StrokeParams) -> Mask:
    """Add the ink between each stroke and what lies where it points."""
    out = pen.copy()
    for i in range(params.directions):
        turn = np.pi * i / params.directions
        on, back = _ray(params.bridge_px, turn), _ray(params.bridge_px, turn + np.pi)
        along = cv2.morphologyEx(pen, cv2.MORPH_OPEN, _line(round(params.run * pen_px / 2), turn))
        if along.any():
            for ahead, behind in ((on, back), (back, on)):
                between = cv2.bitwise_and(cv2.dilate(along, ahead), cv2.dilate(pen, behind))
                out |= np.asarray(between, np.uint8)
    return np.asarray(cv2.bitwise_or(pen, cv2.bitwise_and(out, ink)), np.uint8)


@lru_cache(maxsize=256)
def _line(half_px: int, turn: float) -> Mask:
    """Draw a line through the middle of a square kernel; read only."""
    line = np.asarray(cv2.bitwise_or(_ray(half_px, turn), _ray(half_px, turn + np.pi)), np.uint8)
    line.setflags(write=False)
    return line


@lru_cache(maxsize=256)
def _ray(length_px: int, turn: float) -> Mask:
    """Draw a line from the middle of a square kernel; read only."""
    kernel = np.zeros((2 * length_px + 1, 2 * length_px + 1), np.uint8)
    x, y = round(length_px * np.cos(turn)), round(length_px * np.sin(turn))
    cv2.line(kernel, (length_px, length_px), (length_px + x, length_px + y), 1)
    kernel.setflags(write=False)
    return kernel
