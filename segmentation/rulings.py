"""Remove printed lines from a crop's ink without eating the strokes that cross them.

Each line is followed on the scan (``ruling_trace``), so that a bent page does no harm. A
column's ink run through the line is the line alone when it is no longer than the line is thick; a
longer run is a stroke on its way across, and stays whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.ink import find_pieces, grow
from segmentation.printed import Ruling
from segmentation.ruling_trace import TraceParams, follow_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.ruling_trace import Trace
    from segmentation.types import GrayImage, Mask

_Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingParams:
    """How a line is told from the strokes that meet it; crop px."""

    trace: TraceParams = field(default_factory=TraceParams)
    slack_px: int = 3  # a run this much longer than the line is still the line, in a few columns
    bar_px: int = 9  # a run longer than the line by up to a pen's width, over
    min_bar_px: int = 5  # at least this many columns, is a stroke along the line;
    max_bar_px: int = 110  # over more than this many, it is the line grown thicker
    max_pen_px: int = 12  # a marker's; wider is no stroke
    streak_cover: float = 0.75  # share of the crop's height that a scanner's streak covers
    max_streak_px: int = 8  # and how wide it is at most
    darker_by: float = 35.0  # gray steps by which a pen is darker than the line's darkest
    bare_px: int = 60  # a foot of a letter reaches so far along the line; farther off it is bare
    min_bare_px: int = 60  # of a line, to know how dark it is,
    bare_share: float = 0.02  # which all but this share of it is not darker than
    min_held_px: int = 10  # ink beside the line that a stroke along it hangs on
    reach_px: int = 10  # past the ends, since a scan's line may be longer than the blank's


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unruled:
    """Ink without its rulings."""

    left: Mask  # (h, w), 255 on what is left
    seen: float  # [0, 1], share of the rulings' length that the scan shows; 1 without rulings
    gap_px: int  # the longest stretch of a ruling that is seen elsewhere but missing here


def remove_rulings(
    ink: Mask, rulings: Sequence[Ruling], params: RulingParams, *, flat: GrayImage | None = None
) -> Unruled:
    """Clear the rulings from an ink mask.

    Args:
        ink: (h, w), 255 on ink.
        rulings: where the blank has lines.
        params: how they are traced.
        flat: (h, w), the image that the ink was found on; with it, a pen darker than a line that
            runs across is told from it.
    """
    left = ink.copy()
    pen_px = pen_width(ink, rulings, params)
    found = chunks = gap_px = 0
    for upright in (False, True):
        along = [ruling for ruling in rulings if ruling.upright is upright]
        if not along:
            continue
        turned = np.ascontiguousarray(left.T) if upright else left
        strips = [
            turned[:, _start(ruling, params) : ruling.end_px + params.reach_px] for ruling in along
        ]
        traces = follow_lines(strips, along, params.trace)
        for ruling, trace in zip(along, traces, strict=True):
            dark = None if flat is None or upright else flat
            _remove_one(turned, dark, ruling, trace, pen_px, params=params)
            found += trace.found
            chunks += trace.chunks
            if trace.found:
                gap_px = max(gap_px, trace.gap_px)
        left = np.ascontiguousarray(turned.T) if upright else turned
    return Unruled(left=left, seen=found / chunks if chunks else 1.0, gap_px=gap_px)


def find_streaks(ink: Mask, params: RulingParams) -> tuple[Ruling, ...]:
    """Find the thin lines that dust on a scanner's glass draws down the whole page.

    Args:
        ink: (h, w) of a crop, 255 on ink.
        params: how much of its height a streak covers, and how thin it is.
    """
    height = len(ink)
    cover = np.asarray(cv2.reduce(ink, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)).ravel() / 255
    full = np.concatenate([[0], (cover >= params.streak_cover).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(full))
    return tuple(
        Ruling(
            upright=True,
            at_px=(start + end - 1) // 2,
            start_px=0,
            end_px=height,
            thickness_px=end - start,
        )
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
        if end - start <= params.max_streak_px
    )


def _start(ruling: Ruling, params: RulingParams) -> int:
    """Give the first column in which a line that runs across may be."""
    return max(0, ruling.start_px - params.reach_px)


def _remove_one(  # noqa: PLR0913, a line, what is on it, and the limits
    ink: Mask,
    gray: GrayImage | None,
    ruling: Ruling,
    trace: Trace,
    pen_px: int,
    *,
    params: RulingParams,
) -> None:
    """Clear one line that runs across an (h, w) mask, in place."""
    if len(trace.rows) == 0:
        return
    height, width = ink.shape
    reach = 2 * (ruling.thickness_px + params.slack_px) + params.trace.follow_px
    offsets = np.arange(-reach, reach + 1)
    rows = np.clip(trace.rows + offsets[:, None], 0, height - 1)  # (2 reach + 1, n)
    places = rows * width + np.arange(len(trace.rows)) + _start(ruling, params)
    flat = ink.ravel()  # a view, since the mask is whole
    band = flat[places] > 0
    line = _line_pixels(band, offsets, ruling, pen_px, params)
    if gray is not None:
        line &= ~_darker(gray.ravel(), places, band, line, params)
    flat[places[line]] = 0


def _darker(
    gray: GrayImage,
    places: _Ints,
    band: npt.NDArray[np.bool_],
    line: npt.NDArray[np.bool_],
    params: RulingParams,
) -> npt.NDArray[np.bool_]:
    """Mark the pixels of a line that are too dark for it: a pen lies there.

    How dark it is can be seen where nothing is written near it. What hangs on no stroke is the
    line's own, printed darker there.
    """
    none = np.zeros_like(line)
    rest = np.where(band & ~line, np.uint8(255), np.uint8(0))
    near = _near_columns(rest, params)
    middle = len(band) // 2
    bare = np.flatnonzero(~near & line[middle])
    if len(bare) < params.min_bare_px or not near.any():
        return none
    darkest = np.sort(gray[places[middle - 1 : middle + 2, bare]].min(axis=0))
    least = float(darkest[int(params.bare_share * len(darkest))]) - params.darker_by
    at = np.flatnonzero(line & near)
    dark = at[gray[places.ravel()[at]] < least]
    if len(dark) == 0:
        return none
    core = np.zeros(line.shape, np.uint8)
    core.ravel()[dark] = 255
    pen = line & (grow(core, 1) > 0)
    strokes = find_pieces(np.where(pen, np.uint8(255), rest))
    held = strokes.count_where(rest > 0) >= params.min_held_px
    held[0] = False
    return np.asarray(pen & (strokes.draw(held) > 0), bool)


def _near_columns(rest: Mask, params: RulingParams) -> npt.NDArray[np.bool_]:
    """Mark the (n,) columns that a letter's foot may reach from where something is written."""
    reach = np.ones((1, 2 * params.bare_px + 1), np.uint8)
    written = cv2.reduce(rest, 0, cv2.REDUCE_MAX)
    return np.asarray(np.asarray(cv2.dilate(written, reach)).ravel() > 0, bool)


def _line_pixels(
    band: npt.NDArray[np.bool_],
    offsets: _Ints,
    ruling: Ruling,
    pen_px: int,
    params: RulingParams,
) -> npt.NDArray[np.bool_]:
    """Mark the line's own pixels in a band that follows it.

    A run through the line that is no longer than the line is thick is the line. One that goes on
    to both sides is a stroke that crosses it, or over several columns one drawn along it, such as
    the foot of an E: it stays whole. One that goes on to one side only is a stroke that ends on
    the line or runs just beside it, which keeps all but the line; a stroke that lies partly on
    the line keeps as much of it as a pen is wide.
    """
    middle = len(band) // 2
    up = _run(band[middle::-1])  # from the traced row upwards, itself included
    down = _run(band[middle:])
    runs = np.where((up > 0) | (down > 0), up + down - 1, 0)
    thickness, limit = _scan_thickness(runs, ruling, params)
    half = (thickness + 1) // 2
    over, under = up - 1 - half, down - 1 - half  # how far ink goes on past the line's own rows
    longer = _stretches(
        (runs > limit) & (runs <= thickness + params.bar_px), params.min_bar_px, params.max_bar_px
    )
    along = longer & (over > 0) & (under > 0)
    alone = ~longer & (runs <= thickness + params.slack_px)
    past = np.where(longer, 0, params.slack_px // 2)  # an end nearer is the line's own rough edge
    goes_up, goes_down = over > past, under > past
    top = np.where(alone | ~goes_up, 1 - up, np.maximum(-half, 1 - up + pen_px))
    bottom = np.where(alone | ~goes_down, down - 1, np.minimum(half, down - 1 - pen_px))
    stays = along | (~alone & goes_up & goes_down)
    inside = (offsets[:, None] >= top[None, :]) & (offsets[:, None] <= bottom[None, :])
    return np.asarray(inside & ~stays[None, :], bool)


def pen_width(ink: Mask, rulings: Sequence[Ruling], params: RulingParams) -> int:
    """Measure how wide most strokes are, away from the lines, in px."""
    strokes = ink.copy()
    for ruling in rulings:
        view = strokes.T if ruling.upright else strokes
        reach = ruling.thickness_px + params.trace.follow_px
        view[max(0, ruling.at_px - reach) : ruling.at_px + reach + 1] = 0
    inner = cv2.erode(strokes, np.ones((3, 3), np.uint8))
    area, rim = cv2.countNonZero(strokes), cv2.countNonZero(strokes) - cv2.countNonZero(inner)
    return min(params.max_pen_px, round(2 * area / rim)) if rim else 0


def _stretches(flags: npt.NDArray[np.bool_], least: int, most: int) -> npt.NDArray[np.bool_]:
    """Keep the runs of true values that are neither shorter nor longer than asked."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    kept = np.zeros_like(flags)
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        kept[start:end] = least <= end - start <= most
    return kept


def _run(band: npt.NDArray[np.bool_]) -> _Ints:
    """Count, per column, how many rows from the first one on are ink without a gap."""
    gaps = ~band
    first_gap = gaps.argmax(axis=0)
    return np.where(gaps.any(axis=0), first_gap, len(band)).astype(np.intp)


def _scan_thickness(runs: _Ints, ruling: Ruling, params: RulingParams) -> tuple[int, int]:
    """Measure how thick the scanner made the line, and how thick it gets in places.

    Strokes along a line are thicker than it, so the thinner of the plausible runs describe it.
    """
    most = round(params.trace.max_growth * ruling.thickness_px) + params.trace.rough_px
    plausible = runs[(runs > 0) & (runs <= most)]
    if len(plausible) == 0:
        return ruling.thickness_px, ruling.thickness_px + 1
    ordered = np.sort(plausible)
    thin, thick = (int(ordered[int(share * (len(ordered) - 1))]) for share in (0.3, 0.6))
    return thin, thin + min(max(thick - thin, 1), params.trace.rough_px)
