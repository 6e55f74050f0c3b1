"""Find ink of a field that was not kept and cannot be passed over: it may be writing.

A field is blank only where nothing is left that somebody could have written: not over what the
blank prints there, not just outside of the box, and not so speckled that nothing can be told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.ink import find_pieces
from segmentation.types import Doubt

if TYPE_CHECKING:
    from segmentation.ink import Pieces
    from segmentation.printed import FieldPrint
    from segmentation.types import Box, Mask

_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureParams:
    """What may be writing; crop px, 300 to the inch."""

    min_px: int = 340  # ink area: two short dashes
    min_piece_px: int = 14  # longest side of the largest piece, but for specks
    kept_share: float = 0.25  # of the ink that was kept; less lost is a stroke or two over print
    touch_cover: float = (
        0.02  # of the box under print; less is a letter's edge, with no room for it
    )
    near_px: int = 20  # writing on the next line begins farther from the box than this
    wall_px: int = 12  # a box's own sides lie this far inside it at most
    cut_cover: float = 0.25  # where print takes this share of the box, writing comes out in pieces
    blind_cover: float = 0.6  # and where it takes this share, nothing can be seen
    mesh_share: float = 0.5  # of the blank's dots that hang together with what was kept
    speck_share: float = 0.02  # of the box under pieces too small to be writing,
    speck_rest: float = 0.5  # and as much as this share of what is larger


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortedInk:
    """The pieces of a crop's ink, (n,) each, and what was made of them."""

    whole: Mask  # (h, w), before print was taken out
    pieces: Pieces  # after
    clear: _Flags  # dark enough to be ink
    near_print: _Flags  # what may be left of a letter that the blank prints
    rests: _Flags  # what is left of a ruling's edge
    keep: _Flags  # the field's own

    @property
    def own(self) -> Mask:
        """Draw what was kept: (h, w)."""
        return self.pieces.draw(self.keep)

    @property
    def longest_px(self) -> int:
        """Give the longest side of what was kept."""
        return _longest(self.pieces, self.keep)


def doubt_ink(
    ink: SortedInk, printed: FieldPrint, unfit: Mask, params: UnsureParams, *, written: bool
) -> tuple[Doubt, Mask | None]:
    """Say why what was kept may not be all that was written.

    Args:
        ink: the crop's pieces.
        printed: what the blank shows there.
        unfit: (h, w), 255 where print was taken out, so that nothing can be seen.
        params: what may be writing.
        written: whether anything worth reading was kept.

    Returns:
        The doubt and where the ink stands that people should see, (h, w); or none of both.
    """
    if _is_on_print(ink, printed, unfit, params, written=written):
        shown = np.zeros_like(unfit)
        _cut(shown, printed.frame.box)[:] = 255
        return Doubt.INK_ON_PRINT, shown
    left = ink.clear & ~ink.near_print & ~ink.rests
    left[0] = False
    if not written:
        outside = _outside(ink.pieces, left, printed, params)
        if outside is not None:
            return Doubt.INK_OUTSIDE, ink.pieces.draw(outside)
    if _is_speckled(ink, left, printed.frame.box, params):
        return Doubt.INK_UNCLEAR, ink.pieces.draw(
            left & (ink.pieces.count_in(printed.frame.box) > 0)
        )
    return Doubt.NONE, None


def _is_speckled(ink: SortedInk, left: _Flags, box: Box, params: UnsureParams) -> bool:
    """Tell whether pieces too small for writing cover so much of the box that none would show."""
    specks = left & (_sides(ink.pieces) < params.min_piece_px)
    least = params.speck_share * _area(box)
    if int(ink.pieces.area[specks].sum()) <= least:  # with those outside: counting takes longer
        return False
    inside = ink.pieces.count_in(box)
    rest = int(inside[ink.keep & ~specks].sum())
    return int(inside[specks].sum()) > max(least, params.speck_rest * rest)


def covered_share(unfit: Mask, box: Box) -> float:
    """Give the share of a box, [0, 1], where print was taken out."""
    return cv2.countNonZero(_cut(unfit, box)) / _area(box)


def _is_on_print(
    ink: SortedInk, printed: FieldPrint, unfit: Mask, params: UnsureParams, *, written: bool
) -> bool:
    """Tell whether print hides, cuts or passes for what is written in the box."""
    box = printed.frame.box
    cover = covered_share(unfit, box)
    if cover >= params.blind_cover or (written and cover >= params.cut_cover):
        return True
    if printed.dots is not None:
        dots = _cut(printed.dots.mask, box)
        held = cv2.countNonZero(cv2.bitwise_and(dots, _cut(ink.own, box)))
        if held > params.mesh_share * cv2.countNonZero(dots):
            return True
    if written and cover >= params.touch_cover and _is_cut_up(ink, printed, unfit, params):
        return True
    dropped = ink.clear & ink.near_print & ~ink.keep
    if printed.dots is not None:  # which were told from writing by their size
        dropped &= ~printed.dots.among(ink.pieces)
    if int(ink.pieces.area[dropped].sum()) < params.min_px:  # with those outside, the same
        return False
    inside = ink.pieces.count_in(box)
    dropped &= inside > 0
    lost, kept = int(inside[dropped].sum()), int(ink.pieces.area[ink.keep].sum())
    unseen = lost >= params.min_px and lost > params.kept_share * kept
    return unseen and _longest(ink.pieces, dropped) >= params.min_piece_px


def _is_cut_up(ink: SortedInk, printed: FieldPrint, unfit: Mask, params: UnsureParams) -> bool:
    """Tell whether much of what was kept goes on where print was taken out.

    What lies exactly on print cannot be seen, but what lies just beside it, where a scan's print
    may be a little off, says how much that is.
    """
    own = ink.own
    joined = find_pieces(ink.whole)
    kept = joined.count_where(own > 0) > 0
    beside = (unfit > 0) & (printed.labels == 0)
    lost = int(joined.count_where(beside)[kept].sum())
    return lost > params.kept_share * cv2.countNonZero(own)


def _outside(
    pieces: Pieces, left: _Flags, printed: FieldPrint, params: UnsureParams
) -> _Flags | None:
    """Choose what reaches into the box, or begins beside it, and is no other field's."""
    free = left & ~_beyond_walls(pieces, printed, params)
    for other in printed.others:
        free &= 2 * pieces.count_in(other) <= pieces.area
    box, (height, width) = printed.frame.box, pieces.labels.shape
    inside = pieces.count_in(box)
    cut = (pieces.top == 0) | (pieces.bottom == height)  # by the crop's edge: of a line beyond
    far = (pieces.top > box.y_px + box.height_px + params.near_px) | (
        pieces.bottom < box.y_px - params.near_px
    )
    aside = (pieces.left == 0) | (pieces.right == width)
    free &= (inside > 0) | ~((cut & far) | aside)
    area = int(np.where(aside, inside, pieces.area)[free].sum())
    if area < params.min_px or _longest(pieces, free) < params.min_piece_px:
        return None
    return free


def _beyond_walls(pieces: Pieces, printed: FieldPrint, params: UnsureParams) -> _Flags:
    """Tell which pieces lie across a printed line from the box, in a neighbour's place.

    Lines at both sides of a box make it closed. The line under an open one parts nothing: where
    its label stands over it, people write lower.
    """
    box, beyond = printed.frame.box, np.zeros(len(pieces.area), bool)
    sides = [r.at_px for r in printed.rulings if r.upright]
    lefts = [at for at in sides if at <= box.x_px + params.wall_px]
    rights = [at for at in sides if at >= box.x_px + box.width_px - params.wall_px]
    if lefts:
        beyond |= pieces.right <= max(lefts)
    if rights:
        beyond |= pieces.left > min(rights)
    if lefts and rights:
        levels = [r.at_px for r in printed.rulings if not r.upright]
        foot = box.y_px + box.height_px
        for at in levels:
            if at <= box.y_px + params.wall_px:
                beyond |= pieces.bottom <= at
            if at >= foot - params.wall_px:
                beyond |= pieces.top > at
    return beyond


def _longest(pieces: Pieces, of: _Flags) -> int:
    return int(_sides(pieces)[of].max(initial=0))


def _sides(pieces: Pieces) -> npt.NDArray[np.int64]:
    sides = np.maximum(pieces.right - pieces.left, pieces.bottom - pieces.top)
    return np.asarray(sides, np.int64)


def _cut(mask: Mask, box: Box) -> Mask:
    return mask[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px]


def _area(box: Box) -> int:
    return box.width_px * box.height_px
