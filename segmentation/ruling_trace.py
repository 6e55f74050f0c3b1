"""Follow printed lines on a scan, near where the blank form has them.

A form printed again is not quite the blank: other fonts and margins move its lines by up to a
millimetre, all of a field alike. So the lines of a field first say together how far they are off,
each then says how far it is off from that, and at last it is followed piece by piece, as bent
paper carries it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.printed import Ruling
    from segmentation.types import Mask

_Ints = npt.NDArray[np.intp]
_Floats = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceParams:
    """How a line is followed; crop px, 300 to the inch."""

    chunk_px: int = 24  # the line is level over this length
    min_cover: float = 0.6  # share of a chunk's columns that must show the line
    shift_px: int = 12  # how far all lines of a field may lie from their places on the blank
    own_shift_px: int = 5  # how far one may lie from where the others say
    slope_px: tuple[int, ...] = (0, -3, 3, -6, 6)  # and rise or fall from end to end
    follow_px: int = 4  # how far it may stray from all that, piece by piece
    min_chunks: int = 8  # fewer, as of a comb's tick, could be a letter's stem
    min_shown: float = 0.3  # share of the chunks that must agree on a shift
    nearness: float = 0.1  # a shift of ``shift_px`` must show this much more of the line than none
    max_growth: float = 1.6  # scanners and fax make a line this much thicker at most
    rough_px: int = 2  # how much thicker the line itself may look in places


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A line followed along the columns of a strip."""

    rows: _Ints  # (n,) its middle row; empty where it is not there
    found: int  # chunks that show it
    chunks: int  # chunks that could show it, not hidden by writing
    gap_px: int  # the longest stretch that should show it and does not


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strip:
    """What a line's surroundings show, chunk by chunk."""

    full: _Flags  # (2 reach + 1, chunks): the row is covered; its middle is the line's place
    seen: npt.NDArray[np.float32]  # the same shape; how much of a line centred there is covered
    centers: _Floats  # (chunks,), columns of the strip
    thickness_px: int

    def votes(self, slopes_px: tuple[int, ...]) -> _Floats:
        """Sum, for lines of these slopes through each row in the middle, how much is seen.

        Returns:
            (slopes, 2 reach + 1).
        """
        return np.asarray(self.seen.take(_places(*self.full.shape, slopes_px)).sum(axis=2))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """Where a line runs, against its place on the blank."""

    shift_px: int = 0  # in the middle
    slope_px: int = 0  # from end to end

    def rows(self, chunks: int) -> _Floats:
        """Give its distance from the place on the blank in each chunk; (chunks,)."""
        return self.shift_px + self.slope_px * (np.arange(chunks) + 0.5 - chunks / 2) / chunks


def follow_lines(
    strips: Sequence[Mask], rulings: Sequence[Ruling], params: TraceParams
) -> list[Trace]:
    """Follow the lines of one direction, each in its own strip.

    Args:
        strips: (h, n) ink of the columns in which each line may be; lines run across.
        rulings: where the blank has them.
        params: how they are followed.

    Returns:
        A trace for each line.
    """
    seen = [_look(*pair, params) for pair in zip(strips, rulings, strict=True)]
    common = _find_course(seen, _Course(), params.shift_px, params)
    return [
        _trace(
            strip,
            ruling.at_px,
            width=ink.shape[1],
            course=_own(strip, common, params),
            params=params,
        )
        for strip, ruling, ink in zip(seen, rulings, strips, strict=True)
    ]


def _look(ink: Mask, ruling: Ruling, params: TraceParams) -> _Strip:
    """Tell in which rows near its place each chunk of a line is covered."""
    height, width = ink.shape
    reach = _reach(ruling.thickness_px, params)
    starts = np.arange(0, width, params.chunk_px)
    lengths = np.diff(np.append(starts, width))
    low, high = max(0, ruling.at_px - reach), min(height, ruling.at_px + reach + 1)
    cover = np.add.reduceat(ink[low:high] > 0, starts, axis=1, dtype=np.intp) / lengths
    full = np.zeros((2 * reach + 1, len(starts)), bool)
    offset = low - (ruling.at_px - reach)
    full[offset : offset + high - low] = cover >= params.min_cover
    seen = cv2.boxFilter(
        full.astype(np.float32), -1, (1, ruling.thickness_px), borderType=cv2.BORDER_CONSTANT
    )  # the middle of a line is seen best
    return _Strip(
        full=full,
        seen=np.asarray(seen, np.float32),
        centers=starts + lengths / 2,
        thickness_px=ruling.thickness_px,
    )


@lru_cache(maxsize=256)
def _places(rows: int, chunks: int, slopes_px: tuple[int, ...]) -> _Ints:
    """Number the cells of a (rows, chunks) strip that lines run through; by slope and row."""
    drops = np.array([np.round(_Course(slope_px=slope).rows(chunks)) for slope in slopes_px])
    at = np.clip(np.arange(rows)[:, None] + drops.astype(np.intp)[:, None, :], 0, rows - 1)
    return np.asarray(at * chunks + np.arange(chunks), np.intp)


def _reach(thickness_px: int, params: TraceParams) -> int:
    slope = max(map(abs, params.slope_px)) // 2
    return params.shift_px + params.own_shift_px + params.follow_px + slope + thickness_px


def _own(strip: _Strip, common: _Course, params: TraceParams) -> _Course:
    """Find where one line runs, near where all do; a short one goes with the others."""
    if strip.full.shape[1] < params.min_chunks:
        return common
    return _find_course([strip], common, params.own_shift_px, params)


def _find_course(
    strips: Sequence[_Strip], about: _Course, most_px: int, params: TraceParams
) -> _Course:
    """Find the shift and slope at which the most of some lines is seen, near a course."""
    chunks = sum(strip.full.shape[1] for strip in strips)
    if chunks < params.min_chunks:
        return about
    shifts = np.arange(about.shift_px - most_px, about.shift_px + most_px + 1)
    slopes = np.array(params.slope_px)
    votes = sum(s.votes(params.slope_px)[:, len(s.full) // 2 + shifts] for s in strips) / chunks
    far = np.abs(shifts - about.shift_px) + np.abs(slopes)[:, None] / 2
    score = np.where(votes >= params.min_shown, votes, 0) - params.nearness * far / params.shift_px
    slope, shift = divmod(int(score.argmax()), len(shifts))
    if score[slope, shift] <= 0:
        return about
    return _Course(shift_px=int(shifts[shift]), slope_px=int(slopes[slope]))


def _trace(strip: _Strip, at_px: int, *, width: int, course: _Course, params: TraceParams) -> Trace:
    """Follow a line chunk by chunk, near its course."""
    full = strip.full
    offsets = np.arange(len(full)) - len(full) // 2
    expected = course.rows(full.shape[1])
    half_px = params.max_growth * strip.thickness_px / 2
    near = np.abs(offsets[:, None] - expected) <= params.follow_px + half_px
    full = full & near
    thick = full.sum(axis=0)
    lined = thick[thick > 0]
    # Writing that rests on the line makes it look thicker there; the quarter of the chunks
    # that are thinnest show the line alone.
    usual = min(
        float(np.sort(lined)[len(lined) // 4]) if len(lined) else 0.0,
        params.max_growth * strip.thickness_px,
    )
    hidden = thick > usual + params.rough_px
    middle = (full * offsets[:, None]).sum(axis=0) / np.maximum(thick, 1)
    found = (thick > 0) & ~hidden & (np.abs(middle - expected) <= params.follow_px)
    missing = ~found & ~hidden
    centers, middles = strip.centers[found], middle[found]
    if len(middles) == 0 and hidden.any():  # writing covers it all: trust the field's place
        centers, middles = strip.centers, expected
    return Trace(
        rows=_join(centers, middles + at_px, width),
        found=int(found.sum()),
        chunks=int((~hidden).sum()),
        gap_px=_longest_run(missing) * params.chunk_px,
    )


def _join(columns: _Floats, rows: _Floats, width: int) -> _Ints:
    """Join the places where a line was seen to its row in each column; (0,) if it was not."""
    if len(rows) == 0:
        return np.empty(0, np.intp)
    padded = np.concatenate([rows[:1], rows[:1], rows, rows[-1:], rows[-1:]])
    smooth = np.sort([padded[i : i + len(rows)] for i in range(5)], axis=0)[2]  # median
    return np.asarray(np.round(np.interp(np.arange(width), columns, smooth)), np.intp)


def _longest_run(flags: _Flags) -> int:
    """Count the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
