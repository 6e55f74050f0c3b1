"""Cut a placed field from the full page and leave only the writer's own ink.

Only the window around the field is ever touched at full resolution: flatten its paper, mark
ink, clear what the blank form prints there, and drop the ink of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, ink_mask
from segmentation.own_ink import OwnInkParams, own_ink
from segmentation.rulings import RulingParams, remove_rulings
from segmentation.sampling import pull_level
from segmentation.types import Doubt, FieldCrop, FieldState, Mask

if TYPE_CHECKING:
    from segmentation.catalog import FieldPlan
    from segmentation.placing import Placement
    from segmentation.printed import CropFrame, FieldPrint
    from segmentation.register import PreparedPage
    from segmentation.types import GrayImage


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldParams:
    """What counts as the field's own ink; crop px, 300 to the inch."""

    flat: FlattenParams = field(default_factory=lambda: FlattenParams(shrink=8, close_px=9))
    ink: InkParams = field(default_factory=InkParams)
    ruling: RulingParams = field(default_factory=RulingParams)
    print_slack_px: int = 3  # print may lie this far from its place on the blank
    rest_slack_px: int = 8  # what is left of a letter lies this near to it
    print_share: float = 0.5  # a piece of ink with this share near print is left of it
    own: OwnInkParams = field(default_factory=OwnInkParams)
    min_written_px: int = 170  # ink area of the least thing worth reading, a short dash
    min_piece_px: int = 14  # longest side of its largest piece


def cut_field(
    page: PreparedPage, plan: FieldPlan, placement: Placement, params: FieldParams
) -> FieldCrop:
    """Cut one field and say whether anything is written in it."""
    frame = plan.printed.frame
    window = pull_level(
        page.levels, placement.crop_to_page, width_px=frame.width_px, height_px=frame.height_px
    )
    flat = flatten(window, params.flat)
    ink = ink_mask(flat, params.ink)
    own = own_ink(clear_print(ink, plan.printed, params), plan.printed, params.own)
    return FieldCrop(
        field_name=plan.spec.name,
        image=erase(flat, ink, own),
        box=frame.box,
        page_box=placement.page_box,
        state=_state(own, placement.doubt, params),
        doubt=placement.doubt,
        ink_fraction=_share_of_box(own, frame),
        agreement=placement.agreement,
    )


def clear_print(ink: Mask, printed: FieldPrint, params: FieldParams) -> Mask:
    """Clear from an ink mask what the blank form prints there.

    Rulings go first, so that a label touching one is judged by itself.
    """
    left = remove_rulings(ink, printed.rulings, params.ruling)
    if not printed.labels.any():
        return left
    left[_grow(printed.labels, params.print_slack_px) > 0] = 0
    near_print = _grow(printed.labels, params.rest_slack_px) > 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    overlap = np.bincount(labels[near_print], minlength=count)
    is_rest = overlap >= params.print_share * stats[:, cv2.CC_STAT_AREA]
    is_rest[0] = False
    left[is_rest[labels]] = 0
    return left


def erase(flat: GrayImage, ink: Mask, own: Mask) -> GrayImage:
    """Turn ink that is not the field's own to paper, with the gray rim around it."""
    foreign = cv2.dilate(cv2.bitwise_and(ink, cv2.bitwise_not(own)), np.ones((5, 5), np.uint8))
    guarded = cv2.dilate(own, np.ones((3, 3), np.uint8))
    return np.where((foreign > 0) & (guarded == 0), np.uint8(255), flat)


def _grow(mask: Mask, by_px: int) -> Mask:
    size = 2 * by_px + 1
    return np.asarray(cv2.dilate(mask, np.ones((size, size), np.uint8)), np.uint8)


def _state(own: Mask, doubt: Doubt, params: FieldParams) -> FieldState:
    if doubt is not Doubt.NONE:
        return FieldState.MISPLACED
    count, _, stats, _ = cv2.connectedComponentsWithStats(own, connectivity=8)
    sides = stats[1:count, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]]
    written = cv2.countNonZero(own) >= params.min_written_px and sides.max() >= params.min_piece_px
    return FieldState.WRITTEN if written else FieldState.BLANK


def _share_of_box(own: Mask, frame: CropFrame) -> float:
    box = frame.box
    return min(1.0, cv2.countNonZero(own) / (box.width_px * box.height_px))
