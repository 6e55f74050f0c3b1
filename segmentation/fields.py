"""Cut a placed field from the full page and leave only the writer's own ink.

Only the window around the field is ever touched at full resolution: flatten its paper, mark
ink, clear what the blank form prints there, and drop the ink of neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.cells import CellParams, mark_written
from segmentation.faint import FaintParams, faint_writing
from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, find_ink, find_pieces, grow
from segmentation.over_print import OverPrintParams, closer_zone, plain_zone
from segmentation.own_ink import OwnInkParams, own_pieces
from segmentation.rulings import RulingParams, find_streaks, remove_rulings
from segmentation.sampling import pull_level
from segmentation.strikes import StrikeParams, is_struck_out
from segmentation.types import Doubt, FieldCrop, FieldState
from segmentation.unsure_ink import SortedInk, UnsureParams, covered_share, doubt_ink

if TYPE_CHECKING:
    from segmentation.catalog import FieldPlan
    from segmentation.ink import Ink, Pieces
    from segmentation.over_print import PrintZone
    from segmentation.placing import Placement
    from segmentation.printed import FieldPrint
    from segmentation.register import PreparedPage
    from segmentation.rulings import Unruled
    from segmentation.types import GrayImage, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldParams:
    """What counts as the field's own ink; crop px, 300 to the inch."""

    flat: FlattenParams = field(default_factory=lambda: FlattenParams(shrink=8, close_px=9))
    ink: InkParams = field(default_factory=InkParams)
    ruling: RulingParams = field(default_factory=RulingParams)
    rest_slack_px: int = 8  # what is left of a letter lies this near to it
    line_rest_px: int = 4  # what is left of a ruling lies this near to it
    print_share: float = 0.5  # a piece of ink with this share near print is left of it
    over: OverPrintParams = field(default_factory=OverPrintParams)
    own: OwnInkParams = field(default_factory=OwnInkParams)
    strike: StrikeParams = field(default_factory=StrikeParams)
    faint: FaintParams = field(default_factory=FaintParams)
    unsure: UnsureParams = field(default_factory=UnsureParams)
    cell: CellParams = field(default_factory=CellParams)
    min_written_px: int = 170  # ink area of the least thing worth reading, a short dash
    min_piece_px: int = 14  # longest side of its largest piece
    max_ruling_gap_px: int = 150  # a longer stretch without its line is covered or torn
    max_blank_gap_px: int = 72  # and a shorter one where nothing is written: it may lie beneath
    min_ruling_seen: float = 0.3  # a blank field must show this share of its ruling, or be covered


def cut_field(
    page: PreparedPage, plan: FieldPlan, placement: Placement, params: FieldParams
) -> FieldCrop:
    """Cut one field and say whether anything is written in it."""
    frame = plan.printed.frame
    window = pull_level(
        page.levels, placement.crop_to_page, width_px=frame.width_px, height_px=frame.height_px
    )
    flat = flatten(window, params.flat)
    ink = find_ink(flat, params.ink)
    streaks = find_streaks(ink.faint, params.ruling)
    clean = remove_rulings(ink.faint, streaks, params.ruling).left if streaks else ink.faint
    ruled = remove_rulings(clean, plan.printed.rulings, params.ruling, flat=flat)
    zone, own_ink = _off_print(ruled.left, ink, flat, plan.printed, params)
    own, longest_px = own_ink.own, own_ink.longest_px
    area_px = cv2.countNonZero(own)
    clear = area_px >= params.min_written_px and longest_px >= params.min_piece_px
    doubt = placement.doubt
    if doubt is Doubt.NONE and _is_covered(ruled, params, written=clear):
        doubt = Doubt.RULINGS_HIDDEN
    faint = None if clear else faint_writing(flat, plan.printed, params.faint)
    if faint is not None:
        own = np.asarray(cv2.bitwise_or(own, faint), np.uint8)
        area_px = cv2.countNonZero(own)
    written = clear or faint is not None
    if doubt is Doubt.NONE:
        doubt, shown = doubt_ink(own_ink, plan.printed, zone.blind, params.unsure, written=written)
        if shown is not None:
            own = np.asarray(cv2.bitwise_or(own, cv2.bitwise_and(ink.faint, shown)), np.uint8)
    # What strikes letters out joins them to one long piece, so that most writing is no candidate.
    struck = longest_px >= params.strike.min_length_px and is_struck_out(own, params.strike)
    return FieldCrop(
        field_name=plan.spec.name,
        image=erase(flat, ink.faint, own),
        box=frame.box,
        page_box=placement.page_box,
        state=_state(written=written, doubt=doubt, struck=struck),
        doubt=doubt,
        ink_fraction=min(1.0, area_px / (frame.box.width_px * frame.box.height_px)),
        agreement=placement.agreement,
        letters=plan.spec.letters,
        lexicon=plan.spec.lexicon,
        label=plan.spec.label,
        cells=mark_written(own, plan.printed.walls_px, params.cell),
    )


def overprinted(printed: FieldPrint, params: FieldParams) -> float:
    """Give the share of a field's box that print makes unreadable, 0 where that does no harm."""
    unfit = grow(printed.labels, params.over.slack_px)
    share = covered_share(unfit, printed.frame.box)
    return share if share >= params.unsure.cut_cover else 0.0


def _is_covered(ruled: Unruled, params: FieldParams, *, written: bool) -> bool:
    """Tell whether a field's printed line is missing where nothing written can hide it."""
    most_px = params.max_ruling_gap_px if written else params.max_blank_gap_px
    return ruled.gap_px > most_px or (not written and ruled.seen < params.min_ruling_seen)


def erase(flat: GrayImage, ink: Mask, own: Mask) -> GrayImage:
    """Turn ink that is not the field's own to paper, with the gray rim around it."""
    foreign = grow(np.asarray(cv2.subtract(ink, own), np.uint8), 2)
    to_paper = cv2.subtract(foreign, grow(own, 1))
    return np.asarray(cv2.bitwise_or(flat, to_paper), np.uint8)  # 255 is paper


def _off_print(
    left: Mask, ink: Ink, flat: GrayImage, printed: FieldPrint, params: FieldParams
) -> tuple[PrintZone, SortedInk]:
    """Clear the print from what the rulings left, closely where the field's strokes run into it."""
    zone = plain_zone(printed, params.over)
    sorted_ink = _own_ink(left, ink, zone, printed, params)
    closer = closer_zone(
        zone, left=left, own=sorted_ink.own, flat=flat, printed=printed, params=params.over
    )
    if closer is None:
        return zone, sorted_ink
    return closer, _own_ink(left, ink, closer, printed, params)


def _own_ink(
    left: Mask, ink: Ink, zone: PrintZone, printed: FieldPrint, params: FieldParams
) -> SortedInk:
    """Sort what the rulings left into the field's own ink, print and the rest."""
    pieces = find_pieces(np.asarray(cv2.subtract(left, zone.cleared), np.uint8))
    clear = pieces.count_where(ink.clear) > 0
    near_print = np.zeros(len(pieces.area), bool)
    if zone.labels.any():  # what is left of a printed letter's edge is print too
        near = grow(zone.labels, params.rest_slack_px) > 0
        near_print = pieces.count_where(near) >= params.print_share * pieces.area
    if printed.dots is not None:
        near_print |= printed.dots.among(pieces)
    rests = _line_rests(pieces, printed, params)
    usable = clear & ~near_print & ~rests
    keep = own_pieces(pieces, usable, printed, params.own)
    return SortedInk(
        whole=left, pieces=pieces, clear=clear, near_print=near_print, rests=rests, keep=keep
    )


def _line_rests(pieces: Pieces, printed: FieldPrint, params: FieldParams) -> npt.NDArray[np.bool_]:
    """Tell which pieces lie wholly on a ruling that runs across: what is left of its edge."""
    rests = np.zeros(len(pieces.area), bool)
    for ruling in printed.rulings:
        if not ruling.upright:
            reach = ruling.thickness_px // 2 + params.line_rest_px
            low, high = ruling.at_px - reach, ruling.at_px + reach
            rests |= (pieces.top >= low) & (pieces.bottom - 1 <= high)
    return rests


def _state(*, written: bool, doubt: Doubt, struck: bool) -> FieldState:
    if doubt is not Doubt.NONE:
        return FieldState.MISPLACED
    if not written:
        return FieldState.BLANK
    return FieldState.STRUCK_OUT if struck else FieldState.WRITTEN
