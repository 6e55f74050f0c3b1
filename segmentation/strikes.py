"""Tell writing that its writer struck out: a stroke drawn through it, or a scribble over it.

A stroke that strikes out runs nearly straight through many strokes of letters, which go on above
and below it. The bar of a t crosses one or two, a line under a word has nothing below it. A
scribble closes many small holes, more than letters do. Writing hardly taller than its pen is wide
runs together, so that nothing can be told of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import Mask  # noqa: TC001, read by dataclass users

_Pixels = npt.NDArray[np.uint8]  # (h, w), 0 or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeParams:
    """When writing counts as struck out; px of the crop, 300 to the inch."""

    shrink: int = 2  # strokes are sought at this fraction of the size
    min_length_px: int = 110  # 9 mm; the bars of letters are shorter
    min_length_heights: float = 2.5  # and this much longer than the writing is tall
    slopes: tuple[float, ...] = (0.0, 0.06, -0.06, 0.12, -0.12, 0.18, -0.18)  # rise over run
    every: int = 4  # n-th column is looked at first, since next to no writing has such a stroke
    wobble_px: int = 4  # a stroke drawn by hand strays this far from straight
    aside_px: int = 12  # strokes that are crossed are counted this far above and below
    min_crossed: int = 4  # on each side; two t side by side have two, or three with an h
    min_height_pens: float = 4.5  # writing that is less tall runs together
    hole_px: tuple[int, int] = (5, 3600)  # area of what a stroke encloses
    hole_window_px: int = 84  # over this width
    min_holes: int = 6  # letters have up to five


def is_struck_out(own: Mask, params: StrikeParams) -> bool:
    """Tell whether part of a field's own ink is struck out.

    Args:
        own: (h, w), 255 on the field's own ink.
        params: when it counts.
    """
    left, top, width, height = cv2.boundingRect(own)
    if width < params.min_length_px:
        return False
    ink = own[top : top + height, left : left + width]
    return _has_scribble(ink, params) or _has_stroke_through(ink, params)


def _has_stroke_through(ink: Mask, params: StrikeParams) -> bool:
    """Find a long straight stroke that many others cross."""
    tall_px = _height(ink)
    if tall_px < params.min_height_pens * _pen_width(ink):
        return False
    length_px = max(params.min_length_px, params.min_length_heights * tall_px)
    pad = params.aside_px + params.wobble_px
    padded = cv2.copyMakeBorder(ink, pad, pad, 0, 0, cv2.BORDER_CONSTANT, value=0)
    height, width = (side // params.shrink for side in padded.shape)
    small = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    thin = np.asarray(small >= 96, np.uint8)  # of 255; strokes stay as wide as they are
    length = round(length_px / params.shrink)
    few = np.ascontiguousarray(thin[:, :: params.every])
    return any(
        _is_crossed(_lean(thin, slope), length, params)
        for slope in params.slopes
        if _may_run(_lean(few, slope * params.every), length, params)
    )


def _height(ink: Mask) -> float:
    """Give how tall the writing is, but for its longest strokes."""
    per_row = np.cumsum(np.count_nonzero(ink, axis=1))
    low, high = np.searchsorted(per_row, per_row[-1] * np.array([0.05, 0.95]))
    return float(high - low)


def _pen_width(ink: Mask) -> float:
    area = cv2.countNonZero(ink)
    return 2 * area / max(1, area - cv2.countNonZero(cv2.erode(ink, np.ones((3, 3), np.uint8))))


def _lean(ink: _Pixels, slope: float) -> _Pixels:
    """Shear an image upright so that strokes of a slope lie level."""
    height, width = ink.shape
    room = round(abs(slope) * width)
    shear = np.array([[1, 0, 0], [slope, 1, room if slope < 0 else 0]], np.float64)
    size = (width, height + room)
    return np.asarray(cv2.warpAffine(ink, shear, size, flags=cv2.INTER_NEAREST), np.uint8)


def _may_run(few: _Pixels, length: int, params: StrikeParams) -> bool:
    """Tell from every n-th column whether a level stroke at least this long may be there."""
    shorter = max(1, length // params.every)
    if shorter > few.shape[1]:
        return False
    rows = params.wobble_px // params.shrink + 2  # and a row each way for rounding
    thick = cv2.dilate(few, np.ones((rows, 1), np.uint8))
    line = np.ones((1, shorter), np.uint8)
    return bool(cv2.erode(thick, line, borderType=cv2.BORDER_CONSTANT, borderValue=0).any())


def _is_crossed(ink: _Pixels, length: int, params: StrikeParams) -> bool:
    """Tell whether a level stroke at least this long is crossed by enough others."""
    if length > ink.shape[1]:
        return False
    thick = cv2.dilate(ink, np.ones((max(1, params.wobble_px // params.shrink), 1), np.uint8))
    line = np.ones((1, length), np.uint8)
    core = cv2.erode(thick, line, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not core.any():
        return False
    straight = cv2.dilate(core, line)
    count, _, stats, _ = cv2.connectedComponentsWithStats(straight, connectivity=8)
    aside = params.aside_px // params.shrink
    for left, top, width, height, _ in stats[1:count].tolist():
        middle = top + height // 2
        if middle < aside or middle + aside >= len(ink):
            continue
        beside = ink[[middle - aside, middle + aside], left : left + width].astype(np.int8)
        crossed = (np.diff(beside, axis=1, prepend=0) > 0).sum(axis=1)
        if crossed.min() >= params.min_crossed:
            return True
    return False


def _has_scribble(ink: Mask, params: StrikeParams) -> bool:
    """Find many holes near each other."""
    if _count_holes(ink) < params.min_holes:
        return False
    paper = cv2.copyMakeBorder(cv2.bitwise_not(ink), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    _, _, stats, middles = cv2.connectedComponentsWithStats(paper, connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]
    outside = stats[:, cv2.CC_STAT_LEFT] == 0
    least, most = params.hole_px
    columns = np.sort(middles[(area >= least) & (area < most) & ~outside, 0])
    ends = np.searchsorted(columns, columns + params.hole_window_px)
    return bool(len(columns)) and int((ends - np.arange(len(columns))).max()) >= params.min_holes


def _count_holes(ink: Mask) -> int:
    """Count what strokes enclose, by their rims: a fifth of the cost of measuring the holes."""
    _, tree = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    return 0 if tree is None else int((tree[0, :, 3] >= 0).sum())  # a hole's rim has a parent
