"""Remove printed lines from a crop's ink without eating the strokes that cross them.

Each line is traced on the scan near where the blank has it, so a bent page is followed. A
column's ink run through the traced line is the line alone when it is no longer than the line is
thick; a longer run is a stroke on its way across, and stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.printed import Ruling
    from segmentation.types import Mask

_Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingParams:
    """How a line is traced; crop px."""

    search_px: int = 6  # how far the line may lie from its place on the blank
    chunk_px: int = 24  # the line is level over this length
    min_cover: float = 0.6  # share of a chunk's columns that must show the line
    slack_px: int = 3  # a run this much longer than the line is still the line alone
    reach_px: int = 10  # past the ends, since a scan's line may be longer than the blank's


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unruled:
    """Ink without its rulings."""

    left: Mask  # (h, w), 255 on what is left
    seen: float  # [0, 1], share of the rulings' length that the scan shows; 1 without rulings


def remove_rulings(ink: Mask, rulings: Sequence[Ruling], params: RulingParams) -> Unruled:
    """Clear the rulings from an ink mask.

    Args:
        ink: (h, w), 255 on ink.
        rulings: where the blank has lines.
        params: how they are traced.
    """
    left = ink.copy()
    found = chunks = 0
    for ruling in rulings:
        trace = _remove_one(left.T if ruling.upright else left, ruling, params)
        found += trace.found
        chunks += trace.chunks
    return Unruled(left=left, seen=found / chunks if chunks else 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Trace:
    """A line followed along the columns of a strip."""

    rows: _Ints  # (n,) its middle row; empty where it is not there
    found: int  # chunks that show it
    chunks: int  # chunks that could show it, not hidden by writing


def _remove_one(left: Mask, ruling: Ruling, params: RulingParams) -> _Trace:
    """Clear one line that runs across ``left``, in place."""
    height, width = left.shape
    start = max(0, ruling.start_px - params.reach_px)
    end = min(width, ruling.end_px + params.reach_px)
    trace = _trace(left[:, start:end], ruling, params)
    if len(trace.rows) == 0:
        return trace
    reach = 2 * (ruling.thickness_px + params.slack_px) + params.search_px
    offsets = np.arange(-reach, reach + 1)
    at = np.clip(trace.rows[None, :] + offsets[:, None], 0, height - 1)  # (2 reach + 1, n)
    columns = np.arange(start, end)
    band = left[at, columns[None, :]] > 0
    row_of, column_of = np.nonzero(_line_pixels(band, offsets, ruling, params))
    left[at[row_of, column_of], columns[column_of]] = 0
    return trace


def _line_pixels(
    band: npt.NDArray[np.bool_], offsets: _Ints, ruling: Ruling, params: RulingParams
) -> npt.NDArray[np.bool_]:
    """Mark the line's own pixels in a band that follows it.

    A run through the line that is no longer than the line is thick is the line. A run that
    goes on to one side only is a stroke that ends on the line, which keeps all but the line. A
    run that goes on to both sides is a stroke that crosses, and stays whole.
    """
    middle = len(band) // 2
    up = _run(band[middle::-1])  # from the traced row upwards, itself included
    down = _run(band[middle:])
    runs = np.where((up > 0) | (down > 0), up + down - 1, 0)
    thickness = _scan_thickness(runs, ruling)
    half = (thickness + 1) // 2
    alone = (runs > 0) & (runs <= thickness + params.slack_px)
    past = half + params.slack_px // 2  # an end this near to the line is the line's own rough edge
    goes_up, goes_down = up - 1 > past, down - 1 > past
    top = np.where(alone | ~goes_up, 1 - up, -half)
    bottom = np.where(alone | ~goes_down, down - 1, half)
    crossed = ~alone & goes_up & goes_down
    inside = (offsets[:, None] >= top[None, :]) & (offsets[:, None] <= bottom[None, :])
    return inside & ((runs > 0) & ~crossed)[None, :]


def _trace(strip: Mask, ruling: Ruling, params: RulingParams) -> _Trace:
    """Follow a line along the columns of a (h, n) strip, chunk by chunk."""
    height, width = strip.shape
    reach = params.search_px + ruling.thickness_px
    low, high = max(0, ruling.at_px - reach), min(height, ruling.at_px + reach + 1)
    starts = np.arange(0, width, params.chunk_px)
    lengths = np.diff(np.append(starts, width))
    cover = np.add.reduceat(strip[low:high] > 0, starts, axis=1, dtype=np.intp) / lengths
    full = cover >= params.min_cover  # (band, chunks)
    thick = full.sum(axis=0)
    hidden = thick > 2 * ruling.thickness_px + params.slack_px  # writing covers the line
    shows = (thick > 0) & ~hidden
    at = np.arange(low, high)[:, None]
    middle = (full * at).sum(axis=0)[shows] / thick[shows]
    near = np.abs(middle - ruling.at_px) <= params.search_px
    found, chunks = int(near.sum()), int((~hidden).sum())
    if found == 0:
        return _Trace(rows=np.empty(0, np.intp), found=0, chunks=chunks)
    smooth = _median_of_five(middle[near])
    columns = (starts + lengths / 2)[shows][near]
    rows = np.round(np.interp(np.arange(width), columns, smooth)).astype(np.intp)
    return _Trace(rows=rows, found=found, chunks=chunks)


def _median_of_five(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    padded = np.pad(values, 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)


def _run(band: npt.NDArray[np.bool_]) -> _Ints:
    """Count, per column, how many rows from the first one on are ink without a gap."""
    gaps = ~band
    first_gap = gaps.argmax(axis=0)
    return np.where(gaps.any(axis=0), first_gap, len(band)).astype(np.intp)


def _scan_thickness(runs: _Ints, ruling: Ruling) -> int:
    """Measure how thick the scanner made the line: the middle of the plausible runs."""
    plausible = runs[(runs > 0) & (runs <= 3 * ruling.thickness_px + 2)]
    if len(plausible) == 0:
        return ruling.thickness_px
    return int(np.median(plausible))
