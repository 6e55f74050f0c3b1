"""Find what is printed inside a field's crop on the blank form: rulings and other print.

The crop's frame is that of ``crop_frame``: the field's box at a fixed resolution, with a margin
on each side for what reaches out of the box.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.cells import CellParams, find_cells
from segmentation.dots import DotParams, Dots, find_dots
from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, find_pieces, ink_mask
from segmentation.pyramid import halvings
from segmentation.sampling import pull_level
from segmentation.types import Box, GrayImage, Homography, Mask, WritingStyle
from segmentation.warp import corners, inverse, move

if TYPE_CHECKING:
    from segmentation.types import FieldSpec, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintParams:
    """The crop's frame and what counts as a ruling; px of the crop at ``crop_dpi``."""

    crop_dpi: float = 300.0
    margin_x_in: float = 0.35  # holds the last letters of a name too long for its line
    margin_y_in: float = 0.2  # holds the descenders and capitals that leave a tight box
    min_ruling_in: float = 0.2  # shorter dashes are letters or comb ticks
    min_ruling_aspect: float = 10.0  # length over thickness; bold letters run into short bars
    max_ruling_in: float = 0.035  # thicker bars are boxes or decoration
    flat: FlattenParams = field(default_factory=lambda: FlattenParams(shrink=8, close_px=9))
    ink: InkParams = field(default_factory=InkParams)
    black: int = 150  # gray steps from paper; few pens are clearly darker than such print
    min_letter_px: int = 40  # smaller print is dirt on the blank, or the dot of an i
    dots: DotParams = field(default_factory=DotParams)
    cell: CellParams = field(default_factory=CellParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class CropFrame:
    """The size of a field's crop and where its box lies in it."""

    width_px: int
    height_px: int
    box: Box  # crop px


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One printed line of the crop."""

    upright: bool  # runs down the crop, else across it
    at_px: int  # its middle: a row, or a column when upright
    start_px: int  # first column, or row when upright
    end_px: int  # one past the last
    thickness_px: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldPrint:
    """What the blank form shows inside a field's crop."""

    frame: CropFrame
    crop_to_template: Homography
    rulings: tuple[Ruling, ...]
    labels: Mask  # (h, w), 255 on print that is neither a ruling nor one of ``dots``
    others: tuple[Box, ...]  # the form's other fields, crop px; may lie outside the crop
    dots: Dots | None = None  # that fill the field, if any do
    shade: GrayImage | None = None  # (h, w), darkness of ``labels``; None where all is black
    walls_px: tuple[int, ...] = ()  # columns of a comb's walls; its ends are the first and last


def crop_frame(spec: FieldSpec, dpi: float, params: PrintParams) -> tuple[CropFrame, Homography]:
    """Lay out a field's crop: its frame, and the map from its pixels to the template's."""
    scale = params.crop_dpi / dpi
    margin_x = round(params.margin_x_in * params.crop_dpi)
    margin_y = round(params.margin_y_in * params.crop_dpi)
    box = Box(
        x_px=margin_x,
        y_px=margin_y,
        width_px=max(1, round(spec.box.width_px * scale)),
        height_px=max(1, round(spec.box.height_px * scale)),
    )
    step_x = spec.box.width_px / box.width_px
    step_y = spec.box.height_px / box.height_px
    crop_to_template = np.array(
        [
            [step_x, 0.0, spec.box.x_px - 0.5 - (margin_x - 0.5) * step_x],
            [0.0, step_y, spec.box.y_px - 0.5 - (margin_y - 0.5) * step_y],
            [0.0, 0.0, 1.0],
        ]
    )
    frame = CropFrame(
        width_px=box.width_px + 2 * margin_x, height_px=box.height_px + 2 * margin_y, box=box
    )
    return frame, crop_to_template


def find_print(template: Template, spec: FieldSpec, params: PrintParams) -> FieldPrint:
    """Find the rulings and the other print of a field on its blank form.

    A wider window than the crop is looked at, so that a letter cut by the crop's edge is not
    taken for a ruling, nor a ruling for a letter.
    """
    frame, crop_to_template = crop_frame(spec, template.dpi, params)
    pad = round(params.min_ruling_in * params.crop_dpi)
    shift = np.array([[1.0, 0.0, -pad], [0.0, 1.0, -pad], [0.0, 0.0, 1.0]])
    wide = pull_level(
        halvings(template.image, long_side_px=max(template.image.shape) // 4),
        crop_to_template @ shift,
        width_px=frame.width_px + 2 * pad,
        height_px=frame.height_px + 2 * pad,
    )
    flat = flatten(wide, params.flat)
    mask = ink_mask(flat, params.ink)
    rulings, lines = find_rulings(mask, params)
    lines = np.asarray(cv2.dilate(lines, np.ones((3, 3), np.uint8)), np.uint8)
    labels = np.asarray(cv2.bitwise_and(mask, cv2.bitwise_not(lines)), np.uint8)
    inside = (slice(pad, pad + frame.height_px), slice(pad, pad + frame.width_px))
    labels = labels[inside].copy()
    dots = find_dots(labels, frame.box, params.dots)
    moved = [_shift(r, pad, frame) for r in rulings]
    return FieldPrint(
        frame=frame,
        crop_to_template=crop_to_template,
        rulings=tuple(r for r in moved if r is not None),
        labels=labels if dots is None else np.asarray(cv2.subtract(labels, dots.mask), np.uint8),
        others=tuple(
            box_in_crop(other.box, crop_to_template) for other in template.fields if other != spec
        ),
        dots=dots,
        shade=_shade(flat[inside], labels, params),
        walls_px=comb_walls(mask[inside], spec, frame, params),
    )


def comb_walls(
    printed: Mask, spec: FieldSpec, frame: CropFrame, params: PrintParams
) -> tuple[int, ...]:
    """Find the walls of a field's cells in (h, w) print; none where it is no comb."""
    return find_cells(printed, frame.box, params.cell) if spec.style is WritingStyle.COMB else ()


def _shade(flat: GrayImage, labels: Mask, params: PrintParams) -> GrayImage | None:
    """Give how dark each pixel of print is, where some print is pale."""
    dark = np.asarray(cv2.bitwise_not(flat), np.uint8)
    letters = find_pieces(labels)
    darkest = np.full(len(letters.area), 0, np.uint8)
    np.maximum.at(darkest, letters.of, dark.ravel()[letters.at])
    darkest[letters.area < params.min_letter_px] = params.black
    if (darkest[1:] >= params.black).all():
        return None
    return np.asarray(cv2.bitwise_and(dark, labels), np.uint8)


def box_in_crop(box: Box, crop_to_template: Homography) -> Box:
    """Give a template's box in crop pixels; it may lie outside the crop."""
    corner = move(corners(box), inverse(crop_to_template))
    left, top = np.round(corner[0] + 0.5).astype(int).tolist()
    right, bottom = np.round(corner[2] + 0.5).astype(int).tolist()
    return Box(x_px=left, y_px=top, width_px=right - left, height_px=bottom - top)


def _shift(ruling: Ruling, pad: int, frame: CropFrame) -> Ruling | None:
    """Move a ruling from the wide window to the crop, or drop it where the crop lacks it."""
    along, across = frame.width_px, frame.height_px
    if ruling.upright:
        along, across = across, along
    start, end = max(0, ruling.start_px - pad), min(along, ruling.end_px - pad)
    at = ruling.at_px - pad
    if start >= end or not 0 <= at < across:
        return None
    return Ruling(
        upright=ruling.upright,
        at_px=at,
        start_px=start,
        end_px=end,
        thickness_px=ruling.thickness_px,
    )


def find_rulings(mask: Mask, params: PrintParams) -> tuple[tuple[Ruling, ...], Mask]:
    """Find long thin runs of print.

    Args:
        mask: (h, w), 255 on print.
        params: how long and how thin a ruling is.

    Returns:
        The rulings, and (h, w) 255 where they are.
    """
    across, across_mask = _rulings_across(mask, params)
    down, down_mask = _rulings_across(np.ascontiguousarray(mask.T), params)
    upright = tuple(
        Ruling(
            upright=True,
            at_px=r.at_px,
            start_px=r.start_px,
            end_px=r.end_px,
            thickness_px=r.thickness_px,
        )
        for r in down
    )
    return across + upright, np.asarray(cv2.bitwise_or(across_mask, down_mask.T), np.uint8)


def _rulings_across(mask: Mask, params: PrintParams) -> tuple[tuple[Ruling, ...], Mask]:
    length = max(3, round(params.min_ruling_in * params.crop_dpi))
    thick = round(params.max_ruling_in * params.crop_dpi)
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    found: list[Ruling] = []
    kept = np.zeros(mask.shape, np.uint8)
    for i in range(1, count):
        left, top, width, height, area = stats[i].tolist()
        thickness = max(1, round(area / width))
        if thickness > thick or width < params.min_ruling_aspect * thickness:
            continue
        kept[labels == i] = 255
        found.append(
            Ruling(
                upright=False,
                at_px=top + height // 2,
                start_px=left,
                end_px=left + width,
                thickness_px=thickness,
            )
        )
    return tuple(found), kept
