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


def remove_rulings(ink: Mask, rulings: Sequence[Ruling], params: RulingParams) -> Mask:
    """Clear the rulings from an ink mask.

    Args:
        ink: (h, w), 255 on ink.
        rulings: where the blank has lines.
        params: how they are traced.

    Returns:
        (h, w), 255 on what is left.
    """
    left = ink.copy()
    for ruling in rulings:
        if ruling.upright:
            left = np.ascontiguousarray(_remove_one(left.T, ruling, params).T)
        else:
            left = _remove_one(left, ruling, params)
    return left


def _remove_one(ink: Mask, ruling: Ruling, params: RulingParams) -> Mask:
    """Clear one line that runs across."""
    height, width = ink.shape
    start = max(0, ruling.start_px - params.reach_px)
    end = min(width, ruling.end_px + params.reach_px)
    rows = _trace(ink[:, start:end] > 0, ruling, params)
    if rows is None:
        return ink
    reach = 2 * (ruling.thickness_px + params.slack_px) + params.search_px
    offsets = np.arange(-reach, reach + 1)
    at = np.clip(rows[None, :] + offsets[:, None], 0, height - 1)  # (2 reach + 1, n)
    columns = np.arange(start, end)
    band = ink[at, columns[None, :]] > 0
    clear = _line_pixels(band, offsets, ruling, params)
    out = ink.copy()
    row_of, column_of = np.nonzero(clear)
    out[at[row_of, column_of], columns[column_of]] = 0
    return out


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


def _trace(ink: npt.NDArray[np.bool_], ruling: Ruling, params: RulingParams) -> _Ints | None:
    """Follow a line along the columns of a strip: (n,) its middle row, or None if not there."""
    height, width = ink.shape
    low = max(0, ruling.at_px - params.search_px - ruling.thickness_px)
    high = min(height, ruling.at_px + params.search_px + ruling.thickness_px + 1)
    middles: list[float] = []
    rows: list[float] = []
    for left in range(0, width, params.chunk_px):
        cover = ink[low:high, left : left + params.chunk_px].mean(axis=1)
        full = np.flatnonzero(cover >= params.min_cover)
        near = full[np.abs(full + low - ruling.at_px) <= params.search_px]
        if len(near) == 0 or len(near) > 2 * ruling.thickness_px + params.slack_px:
            continue  # nothing there, or writing covers it
        middles.append(left + params.chunk_px / 2)
        rows.append(float(np.median(near)) + low)
    if not rows:
        return None
    smooth = [float(np.median(rows[max(0, i - 2) : i + 3])) for i in range(len(rows))]
    return np.round(np.interp(np.arange(width), middles, smooth)).astype(np.intp)


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
