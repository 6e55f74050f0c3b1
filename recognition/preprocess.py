"""Crop to a line image of fixed height: even contrast, cut to the writing, level, scaled.

A field's crop is much larger than its writing and may hold slivers of what was printed round
it; a name cut by hand is tight. Both must reach the network at the same letter size, so the
scale follows the height of the ink, once specks, border slivers and rulings are set aside.
They are set aside for measuring only: no ink is erased. The height that counts is that of most
of the ink, after the writing's slope is undone: one long descender must not make all letters
small. Writing whose strokes stand close is widened, so that each letter has frames enough;
letters set far apart are brought closer, since empty frames cost time and tell nothing.

In goes a ``(h, w)`` uint8 crop, 0 ink on 255 paper; out comes ``(height_px, W)`` uint8, 0 paper
to 255 ink. Training and reading share this code, so that the network meets what it learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from recognition.types import GrayImage, LineImage

Components = npt.NDArray[np.int32]  # (K, 5): x, y, width, height, area, as OpenCV gives them


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessParams:
    """Limits of the way from crop to line image."""

    height_px: int = 32  # of the line image
    writing_px: int = 25  # height the ink is scaled to; the rest is margin
    max_width_px: int = 1024  # wider lines are squeezed
    working_height_px: int = 96  # taller crops are reduced before anything is measured
    min_contrast: int = 40  # grey levels; paper noise below this is not blown up to ink
    dark_share: float = 0.004  # the darkest share of pixels sets the ink's level
    ink_level: float = 0.35  # share of full contrast from which a pixel counts as ink
    paper_noise: float = 0.08  # share of full contrast that is cleared
    speck_share: float = 0.04  # components below this share of the largest one's area are specks
    sliver_share: float = 0.4  # border components lower than this share of the crop are slivers
    letter_share: float = 0.45  # what the edge cuts is a letter at this share of the line's height
    in_line_share: float = 0.7  # ... where so much of it stands in the line
    ruling_share: float = 0.3  # components wider than this share of the crop ...
    ruling_flatness: float = 12.0  # ... and this many times wider than high are rulings
    line_gap_share: float = 0.07  # empty rows of this share of the crop part two lines of writing
    clear_line: float = 1.25  # a line of writing this much larger than another stands alone
    min_writing_share: float = 0.2  # ink lower than this share of the crop is not blown up further
    tail_share: float = 0.02  # ink this far out at top and bottom does not count as height ...
    least_body: float = 0.6  # ... but no less than this share of the ink's full height does
    max_slope: float = 0.12  # rise of the writing over its width; steeper is undone this far only
    level_from: float = 2.0  # writing this many times wider than high has a slope at all ...
    level_fully: float = 5.0  # ... and at this many times it is believed
    stroke_gap_px: float = 6.0  # of the line image, from one stroke to the next, at least
    max_widening: float = 1.8  # the width is stretched against the height no further
    loose_gap_px: float = 9.0  # strokes further apart than this are brought closer ...
    max_narrowing: float = 0.7  # ... but the width is squeezed against the height no further


PARAMS = PreprocessParams()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineView:
    """A crop as the network sees it, and which of the crop's columns each of its own shows."""

    image: LineImage
    left: float  # where its first column begins, px of the crop
    step: float  # px of the crop that one of its columns shows

    def column(self, x_px: float) -> float:
        """Give the crop's column, in px from its left edge, at ``x_px`` from the view's."""
        return self.left + x_px * self.step


def line_image(crop: GrayImage, params: PreprocessParams = PARAMS) -> LineImage:
    """Turn a crop into the network's view of it.

    Args:
        crop: (h, w) uint8, 0 ink to 255 paper; read only.
        params: the limits.

    Returns:
        (height_px, W) uint8, 255 ink, 1 <= W <= max_width_px; all 0 where there is no ink.

    Raises:
        ValueError: the crop is not a non-empty (h, w) uint8 array, which is a caller's bug.
    """
    return line_view(crop, params).image


def line_view(crop: GrayImage, params: PreprocessParams = PARAMS) -> LineView:
    """Turn a crop into the network's view of it, with the way back; otherwise ``line_image``."""
    if crop.ndim != 2 or crop.dtype != np.uint8 or 0 in crop.shape:
        raise ValueError(f"want a non-empty (h, w) uint8 crop, got {crop.shape} {crop.dtype}")
    small = _reduced(crop, params)
    ink = even_ink(small, params)
    reduction = crop.shape[1] / small.shape[1]
    box = writing_box(ink, params)
    if box is None:
        paper = np.zeros((params.height_px, params.height_px), np.uint8)
        return LineView(image=paper, left=0.0, step=crop.shape[1] / params.height_px)
    view = _scaled(ink, _measure(ink, box, params), params)
    return LineView(image=view.image, left=view.left * reduction, step=view.step * reduction)


def even_ink(crop: GrayImage, params: PreprocessParams) -> GrayImage:
    """Stretch the contrast so that paper is 0 and ink is 255, whatever the pen."""
    below = np.cumsum(cv2.calcHist([crop], [0], None, [256], [0, 256]), dtype=np.float64)
    paper = int(np.searchsorted(below, crop.size / 2))  # most of a crop is paper
    darkest = int(np.searchsorted(below, max(1.0, params.dark_share * crop.size)))
    contrast = max(paper - darkest, params.min_contrast)
    levels = (paper - np.arange(256.0)) / contrast
    levels = (levels - params.paper_noise) / (1 - params.paper_noise)
    table = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


def writing_box(ink: GrayImage, params: PreprocessParams) -> tuple[int, int, int, int] | None:
    """Find the writing: left, top, right and bottom px, half open; None where there is no ink."""
    mask = _inked(ink, params).view(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = np.asarray(stats[1:], np.int32)  # the first one is the paper
    if not len(parts):
        return None
    kept = parts[_is_writing(parts, ink.shape, params)]
    line = _tallest_band(kept if len(kept) else parts, ink.shape, params)
    inner = line[(line[:, 0] > 0) & (line[:, 0] + line[:, 2] < ink.shape[1])]
    tall = inner if len(inner) else line  # what the side cuts is often no letter, but a stamp
    top, bottom = int(tall[:, 1].min()), int((tall[:, 1] + tall[:, 3]).max())
    row = np.concatenate([line, _letters_cut(parts, top, bottom, ink.shape, params)])
    return int(row[:, 0].min()), top, int((row[:, 0] + row[:, 2]).max()), bottom


def _letters_cut(
    parts: Components, top: int, bottom: int, shape: tuple[int, ...], params: PreprocessParams
) -> Components:
    """Find what the crop's edge cuts and yet stands in the line of writing: letters, no slivers."""
    _, y, w, h, area = parts.T
    at_edge = (y == 0) | (y + h == shape[0])
    within = np.minimum(y + h, bottom) - np.maximum(y, top)
    letter = (h >= params.letter_share * (bottom - top)) & (h < bottom - top + 2)
    letter &= (within >= params.in_line_share * h) & (w < params.ruling_flatness * h)
    letter &= area >= params.speck_share * area.max()
    return np.asarray(parts[at_edge & letter], np.int32)


def _inked(ink: GrayImage, params: PreprocessParams) -> npt.NDArray[np.bool_]:
    """Tell which pixels count as ink; the level is rounded, since floats compare slowly."""
    return np.asarray(ink > int(255 * params.ink_level), np.bool_)


def _tallest_band(
    parts: Components, shape: tuple[int, ...], params: PreprocessParams
) -> Components:
    """Keep the parts of the tallest line of writing, where empty rows part the crop in lines.

    A label printed over the writing is lower than the writing; a dot or an accent is near it.
    """
    filled = np.zeros(shape[0] + 1, np.int32)
    np.add.at(filled, parts[:, 1], 1)
    np.add.at(filled, parts[:, 1] + parts[:, 3], -1)
    rows = np.flatnonzero(np.cumsum(filled[:-1]) > 0)
    breaks = np.flatnonzero(np.diff(rows) > 1 + params.line_gap_share * shape[0])
    if not len(breaks):
        return parts
    starts = rows[np.concatenate([[0], breaks + 1])]
    ends = rows[np.concatenate([breaks, [len(rows) - 1]])] + 1
    inside = [(parts[:, 1] >= s) & (parts[:, 1] < e) for s, e in zip(starts, ends, strict=True)]
    size = [
        (e - s) * np.sqrt(parts[own, 2].sum())
        for s, e, own in zip(starts, ends, inside, strict=True)
    ]
    best, *others = sorted(range(len(size)), key=lambda i: -size[i])
    # Where two lines are of like size, either may be the writing, so both stay in view.
    rivals = [i for i in others if size[i] * params.clear_line > size[best]]
    return parts[np.any([inside[i] for i in [best, *rivals]], axis=0)]


def _reduced(crop: GrayImage, params: PreprocessParams) -> GrayImage:
    """Shrink a tall crop: its letters are larger than any measure here needs."""
    height = crop.shape[0]
    if height <= params.working_height_px:
        return crop
    scale = params.working_height_px / height
    size = (max(1, round(crop.shape[1] * scale)), params.working_height_px)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _is_writing(
    parts: Components, shape: tuple[int, ...], params: PreprocessParams
) -> npt.NDArray[np.bool_]:
    """Tell writing from specks, slivers at the border and rulings: (K,) of bool."""
    height, width = shape
    x, y, w, h, area = parts.T
    speck = area < max(3.0, params.speck_share * area.max())
    at_edge = (y == 0) | (y + h == height)
    sliver = at_edge & (h < params.sliver_share * height)
    at_side = (x == 0) | (x + w == width)
    sliver |= at_side & (w < 0.1 * height)
    ruling = (w > params.ruling_share * width) & (w > params.ruling_flatness * h)
    upright = (h > 0.8 * height) & (h > params.ruling_flatness * w)
    return np.asarray(~(speck | sliver | ruling | upright), np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writing:
    """Where the writing stands in a crop and how it is scaled, all in the crop's px."""

    left: float
    right: float
    middle: float  # row half way between its top and bottom, at the middle of its width
    height: float  # of its body, once level
    slope: float  # rows down a column to the right
    stroke_gap: float  # columns from one stroke to the next, on the row with most strokes


def _measure(ink: GrayImage, box: tuple[int, int, int, int], params: PreprocessParams) -> _Writing:
    """Measure slope, body and strokes of the ink in a box."""
    left, top, right, bottom = box
    mask = _inked(ink[top:bottom, left:right], params)
    rows, columns = np.nonzero(mask)
    across = columns.astype(np.float64) - (right - left - 1) / 2
    slope = _slope(rows, across, mask.shape, params)
    level = rows - slope * across
    tail = int(params.tail_share * len(level))
    last = len(level) - 1
    level.partition(sorted({0, tail, last - tail, last}))  # no more order is needed
    low, high = float(level[tail]), float(level[last - tail]) + 1
    full = float(level[last] - level[0]) + 1
    strokes = np.count_nonzero(mask[:, 1:] > mask[:, :-1], axis=1) + mask[:, 0]
    # Of three rows each, since a single one may run along a crossbar's rough edge.
    crossed = np.convolve(strokes, np.ones(3) / 3, "same").max()
    return _Writing(
        left=left,
        right=right,
        middle=top + (low + high) / 2,
        height=max(high - low, params.least_body * full),
        slope=slope,
        stroke_gap=(right - left) / max(1.0, float(crossed)),
    )


def _slope(
    rows: npt.NDArray[np.intp],
    across: npt.NDArray[np.float64],
    shape: tuple[int, ...],
    params: PreprocessParams,
) -> float:
    """Fit a line through the ink; a short word's letters say little of its slope."""
    height, width = shape
    spread = float(np.square(across).sum())
    if spread == 0:
        return 0.0
    fitted = float((across * (rows - rows.mean())).sum()) / spread
    share = (width / height - params.level_from) / (params.level_fully - params.level_from)
    return float(np.clip(fitted, -params.max_slope, params.max_slope) * np.clip(share, 0, 1))


def _widening(stroke_gap_px: float, params: PreprocessParams) -> float:
    """Give the stretch of the width that brings strokes to a distance the network reads well."""
    widest = min(params.stroke_gap_px / stroke_gap_px, params.max_widening)
    narrowest = max(params.loose_gap_px / stroke_gap_px, params.max_narrowing)
    return max(widest, min(narrowest, 1.0))


def _scaled(ink: GrayImage, writing: _Writing, params: PreprocessParams) -> LineView:
    """Cut the writing with its margin, level it and bring it to the line image's size."""
    height = max(writing.height, params.min_writing_share * ink.shape[0], 4.0)
    scale = params.writing_px / height
    wished = scale * _widening(writing.stroke_gap * scale, params)
    margin = (params.height_px - params.writing_px) / scale / 2
    width = writing.right - writing.left + 2 * margin
    width_px = int(np.clip(round(width * wished), 1, params.max_width_px))
    across = width_px / width
    source = ink
    if scale < 0.7:  # a plain warp would skip pixels of thin strokes
        source = np.asarray(
            cv2.blur(ink, (max(1, round(1 / across)), max(1, round(1 / scale)))), np.uint8
        )
    # Pixel centres lie half a pixel in, on both sides of the map.
    left = writing.left - margin
    fall = writing.slope * scale
    centre = (writing.left + writing.right) / 2
    matrix = np.array(
        [
            [across, 0, across * (0.5 - left) - 0.5],
            [
                -fall,
                scale,
                scale * (0.5 - writing.middle) - fall * (0.5 - centre) + params.height_px / 2 - 0.5,
            ],
        ]
    )
    size = (width_px, params.height_px)
    image = np.asarray(cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
    return LineView(image=image, left=left, step=1 / across)
