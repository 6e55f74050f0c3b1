"""Look once more at a field that seems blank, for writing too faint to be told at first.

What is sought is far fainter than what is cut, so it is sought only where nothing else can be: in
the field's box, away from whatever the blank form prints there. A field with writing that is
called blank is lost; one without that is called written costs a glance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.ink import InkParams, find_ink, find_pieces, grow
from segmentation.types import GrayImage, Mask  # noqa: TC001, read by dataclass users

if TYPE_CHECKING:
    from segmentation.printed import FieldPrint


@dataclass(frozen=True, slots=True, kw_only=True)
class FaintParams:
    """What counts as faint writing; crop px, 300 to the inch."""

    ink: InkParams = field(
        default_factory=lambda: InkParams(clear_step=16.0, faint_step=11.0, faint_sigmas=4.5)
    )
    print_px: int = 14  # what is printed may lie this far from its place on the blank
    min_piece_px: int = 30  # longest side of a stroke; paper's grain and dust is smaller
    min_area_px: int = 400  # of all such strokes
    max_pen_px: int = 14  # a stroke that runs straight down or across is no wider;
    max_cover: float = 0.65  # any other covers this share of its own box; stains fill it


def faint_writing(flat: GrayImage, printed: FieldPrint, params: FaintParams) -> Mask | None:
    """Find faint strokes in a field's box.

    Args:
        flat: (h, w), the crop with its paper flattened.
        printed: what the blank form shows there.
        params: what counts.

    Returns:
        (h, w), 255 on the strokes; None where there are none.
    """
    box = printed.frame.box
    rows = slice(box.y_px, box.y_px + box.height_px)
    columns = slice(box.x_px, box.x_px + box.width_px)
    ink = find_ink(flat, params.ink)  # with the margin, whose paper says how much is noise
    free = cv2.bitwise_not(_printed(printed, params.print_px)[rows, columns])
    faint = np.asarray(cv2.bitwise_and(ink.faint[rows, columns], free), np.uint8)
    if cv2.countNonZero(faint) < params.min_area_px:
        return None
    pieces = find_pieces(faint)
    width, height = pieces.right - pieces.left, pieces.bottom - pieces.top
    strokes = np.maximum(width, height) >= params.min_piece_px
    strokes &= (np.minimum(width, height) <= params.max_pen_px) | (
        pieces.area <= params.max_cover * width * height
    )
    strokes &= pieces.count_where(ink.clear[rows, columns]) > 0
    strokes[0] = False
    if int(pieces.area[strokes].sum()) < params.min_area_px:
        return None
    out = np.zeros(flat.shape, np.uint8)
    out[rows, columns] = pieces.draw(strokes)
    return out


def _printed(printed: FieldPrint, by_px: int) -> Mask:
    """Mark whatever is printed in a crop, and what lies near it; (h, w)."""
    mask = printed.labels.copy()
    for ruling in printed.rulings:
        near = slice(max(0, ruling.at_px - ruling.thickness_px), ruling.at_px + ruling.thickness_px)
        along = slice(ruling.start_px, ruling.end_px)
        mask[(along, near) if ruling.upright else (near, along)] = 255
    return grow(mask, by_px)
