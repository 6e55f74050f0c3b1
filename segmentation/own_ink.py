"""Keep the pieces of ink that belong to a field, whole, and drop those of its neighbours.

A piece is a connected component. Which field it belongs to is told by where most of it lies and
where it starts; then pieces beside kept ones, such as the last letters of a name too long for its
line, and small ones above them, such as the dot of an i, follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import Box, Mask  # noqa: TC001, read by dataclass users

if TYPE_CHECKING:
    from segmentation.printed import FieldPrint

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnInkParams:
    """When a piece of ink belongs to a field; crop px, 300 to the inch."""

    speck_area_px: int = 14  # smaller pieces are dust
    inside_share: float = 0.4  # a piece with this share in the box belongs to the field
    started_share: float = 0.15  # or this share, where it starts in the box and runs out of it
    started_height: float = 0.3  # and reaches over this much of the box's height
    beside_gap_px: int = 45  # a piece this near to the side of a kept one goes on with the word
    beside_band: float = 0.25  # its middle lies at most this share of the box off it
    beside_steps: int = 4  # pieces that may follow one another out of the box
    dot_gap_px: int = 30  # dots of i and accents lie this near above or below their word
    dot_area_px: int = 900  # and are no larger


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    """The connected components of an ink mask; (n,) each, the background first."""

    labels: npt.NDArray[np.int32]  # (h, w)
    area: _Ints
    inside: _Ints  # px in the field's box
    foreign: _Ints  # px in other fields' boxes
    left: _Ints
    top: _Ints
    right: _Ints  # one past the last column
    bottom: _Ints  # one past the last row


def own_ink(ink: Mask, printed: FieldPrint, params: OwnInkParams) -> Mask:
    """Keep the pieces of ink that belong to the field.

    Args:
        ink: (h, w), 255 on ink, print already cleared.
        printed: the crop's frame and the other fields.
        params: what belongs.

    Returns:
        (h, w), 255 on the field's own ink.
    """
    box = printed.frame.box
    pieces = _find_pieces(ink, box, printed.others)
    usable = (pieces.area >= params.speck_area_px) & (pieces.foreign * 2 <= pieces.area)
    usable[0] = False  # the background
    keep = usable & (_mostly_inside(pieces, params) | _starts_inside(pieces, box, params))
    if not keep.any():
        return np.zeros_like(ink)
    for _ in range(params.beside_steps):
        more = usable & ~keep & _beside(pieces, keep, box, params)
        if not more.any():
            break
        keep |= more
    keep |= usable & _dots(pieces, keep, ink.shape[0], params)
    return np.where(keep[pieces.labels], np.uint8(255), np.uint8(0))


def _find_pieces(ink: Mask, box: Box, others: tuple[Box, ...]) -> _Pieces:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    numbered, numbers = np.asarray(labels, np.int32), stats.astype(np.int64)
    left, top = numbers[:, cv2.CC_STAT_LEFT], numbers[:, cv2.CC_STAT_TOP]
    foreign = np.zeros(count, np.int64)
    for other in others:
        foreign += _count_in(numbered, other, count)
    return _Pieces(
        labels=numbered,
        area=numbers[:, cv2.CC_STAT_AREA],
        inside=_count_in(numbered, box, count),
        foreign=foreign,
        left=left,
        top=top,
        right=left + numbers[:, cv2.CC_STAT_WIDTH],
        bottom=top + numbers[:, cv2.CC_STAT_HEIGHT],
    )


def _count_in(labels: npt.NDArray[np.int32], box: Box, count: int) -> _Ints:
    """Count each label's pixels in a box; (n,)."""
    top, left = max(0, box.y_px), max(0, box.x_px)
    inner = labels[top : max(0, box.y_px + box.height_px), left : max(0, box.x_px + box.width_px)]
    return np.bincount(inner.ravel(), minlength=count)


def _mostly_inside(pieces: _Pieces, params: OwnInkParams) -> _Flags:
    return pieces.inside >= params.inside_share * pieces.area


def _starts_inside(pieces: _Pieces, box: Box, params: OwnInkParams) -> _Flags:
    """Find strokes that begin in the box and leave it by one side: descenders and tall capitals.

    A neighbour's descender begins above the box, so its top and its bottom are never both near
    enough to count.
    """
    below = box.y_px + box.height_px
    height = np.minimum(pieces.bottom, below) - np.maximum(pieces.top, box.y_px)
    starts = pieces.top >= box.y_px
    return (
        starts
        & (height >= params.started_height * box.height_px)
        & (pieces.inside >= params.started_share * pieces.area)
    )


def _beside(pieces: _Pieces, keep: _Flags, box: Box, params: OwnInkParams) -> _Flags:
    """Find pieces that go on, at the height of the box, where kept ones end."""
    start, end = int(pieces.left[keep].min()), int(pieces.right[keep].max())
    near = (pieces.right >= start - params.beside_gap_px) & (
        pieces.left <= end + params.beside_gap_px
    )
    outside = (pieces.right > box.x_px + box.width_px) | (pieces.left < box.x_px)
    middle = (pieces.top + pieces.bottom) / 2
    slack = params.beside_band * box.height_px
    level = (middle >= box.y_px - slack) & (middle <= box.y_px + box.height_px + slack)
    return near & outside & level


def _dots(pieces: _Pieces, keep: _Flags, height_px: int, params: OwnInkParams) -> _Flags:
    """Find small pieces just above or below kept ink, not cut by the crop's edge."""
    small = ~keep & (pieces.area <= params.dot_area_px)
    small &= (pieces.top > 0) & (pieces.bottom < height_px)
    kept = np.where(keep[pieces.labels], np.uint8(255), np.uint8(0))
    near = cv2.dilate(kept, np.ones((2 * params.dot_gap_px + 1, 1), np.uint8)) > 0
    touched = np.bincount(pieces.labels[near], minlength=len(keep)) > 0
    return small & touched
