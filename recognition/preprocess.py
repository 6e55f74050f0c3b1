"""Crop to a line image of fixed height: even contrast, cut to the writing, scaled by its size.

A field's crop is much larger than its writing and may hold slivers of what was printed round
it; a name cut by hand is tight. Both must reach the network at the same letter size, so the
scale follows the height of the ink, once specks, border slivers and rulings are set aside.
They are set aside for measuring only: no ink is erased.

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
    ruling_share: float = 0.3  # components wider than this share of the crop ...
    ruling_flatness: float = 12.0  # ... and this many times wider than high are rulings
    line_gap_share: float = 0.07  # empty rows of this share of the crop part two lines of writing
    clear_line: float = 1.25  # a line of writing this much larger than another stands alone
    min_writing_share: float = 0.2  # ink lower than this share of the crop is not blown up further


PARAMS = PreprocessParams()


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
    if crop.ndim != 2 or crop.dtype != np.uint8 or 0 in crop.shape:
        raise ValueError(f"want a non-empty (h, w) uint8 crop, got {crop.shape} {crop.dtype}")
    ink = even_ink(_reduced(crop, params), params)
    box = writing_box(ink, params)
    if box is None:
        return np.zeros((params.height_px, params.height_px), np.uint8)
    return _scaled(ink, box, params)


def even_ink(crop: GrayImage, params: PreprocessParams) -> GrayImage:
    """Stretch the contrast so that paper is 0 and ink is 255, whatever the pen."""
    counts = np.bincount(crop.ravel(), minlength=256)
    below = np.cumsum(counts)
    paper = int(np.searchsorted(below, crop.size / 2))  # most of a crop is paper
    darkest = int(np.searchsorted(below, max(1.0, params.dark_share * crop.size)))
    contrast = max(paper - darkest, params.min_contrast)
    levels = (paper - np.arange(256.0)) / contrast
    levels = (levels - params.paper_noise) / (1 - params.paper_noise)
    table = np.rint(255 * np.clip(levels, 0, 1)).astype(np.uint8)
    return np.asarray(cv2.LUT(crop, table), np.uint8)


def writing_box(ink: GrayImage, params: PreprocessParams) -> tuple[int, int, int, int] | None:
    """Find the writing: left, top, right and bottom px, half open; None where there is no ink."""
    mask = (ink > 255 * params.ink_level).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    parts = np.asarray(stats[1:], np.int32)  # the first one is the paper
    if not len(parts):
        return None
    kept = parts[_is_writing(parts, ink.shape, params)]
    line = _tallest_band(kept if len(kept) else parts, ink.shape, params)
    inner = line[(line[:, 0] > 0) & (line[:, 0] + line[:, 2] < ink.shape[1])]
    tall = inner if len(inner) else line  # what the side cuts is often no letter, but a stamp
    left, right = line[:, 0].min(), (line[:, 0] + line[:, 2]).max()
    top, bottom = tall[:, 1].min(), (tall[:, 1] + tall[:, 3]).max()
    return int(left), int(top), int(right), int(bottom)


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


def _scaled(ink: GrayImage, box: tuple[int, int, int, int], params: PreprocessParams) -> LineImage:
    """Cut the box with its margin and bring it to the line image's size."""
    left, top, right, bottom = box
    writing = max(bottom - top, params.min_writing_share * ink.shape[0], 4.0)
    scale = params.writing_px / writing
    half = params.height_px / scale / 2
    middle = (top + bottom) / 2
    margin = (params.height_px - params.writing_px) / scale / 2
    width = (right - left + 2 * margin) * scale
    width_px = int(np.clip(round(width), 1, params.max_width_px))
    across = width_px / (right - left + 2 * margin)
    shift_x = (left - margin) * across
    source, shift_y = ink, (middle - half) * scale
    if scale < 0.7:  # a plain warp would skip pixels of thin strokes
        source = np.asarray(
            cv2.blur(ink, (max(1, round(1 / across)), max(1, round(1 / scale)))), np.uint8
        )
    # Pixel centres lie half a pixel in, on both sides of the map.
    matrix = np.array(
        [
            [across, 0, 0.5 * across - 0.5 - shift_x],
            [0, scale, 0.5 * scale - 0.5 - shift_y],
        ]
    )
    size = (width_px, params.height_px)
    return np.asarray(cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
