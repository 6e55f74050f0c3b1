"""Keep the pieces of ink that belong to a field, whole, and drop those of its neighbours.

A piece is a connected component. Which field it belongs to is told by where most of it lies and
where it starts; then pieces beside kept ones, such as the last letters of a name too long for its
line, and small ones above them, such as the dot of an i, follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from segmentation.ink import Pieces
    from segmentation.printed import FieldPrint
    from segmentation.types import Box

_Ints = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]  # (n,) of pieces, or (H, W)


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
    off_share: float = 0.25  # of writing that lies over or under the box: the rest of it does too
    dot_gap_px: int = 30  # dots of i and accents lie this near above or below their word
    dot_area_px: int = 900  # and are no larger


def own_pieces(pieces: Pieces, usable: _Flags, printed: FieldPrint, params: OwnInkParams) -> _Flags:
    """Choose the pieces of ink that belong to the field.

    Args:
        pieces: of the crop's ink, print already cleared.
        usable: (n,) which pieces are ink at all.
        printed: the crop's frame and the form's other fields.
        params: what belongs.

    Returns:
        (n,) which pieces are the field's own.
    """
    box = printed.frame.box
    usable = usable & (pieces.area >= params.speck_area_px)
    usable[0] = False  # the background
    for other in printed.others:
        usable &= 2 * pieces.count_in(other) <= pieces.area
    inside = pieces.count_in(box)
    keep = usable & (
        (inside >= params.inside_share * pieces.area) | _starts_inside(pieces, inside, box, params)
    )
    if not keep.any():
        return keep
    area = int(pieces.area[keep].sum())
    off_box = area - int(inside[keep].sum()) > params.off_share * area
    for _ in range(params.beside_steps):
        more = _beside(pieces, keep, box, params)
        if off_box:
            more |= _level(pieces, keep, params)
        more &= usable & ~keep
        if not more.any():
            break
        keep |= more
    return keep | (usable & _dots(pieces, keep, params))


def _starts_inside(pieces: Pieces, inside: _Ints, box: Box, params: OwnInkParams) -> _Flags:
    """Find strokes that begin in the box and leave it below: the descenders.

    A neighbour's descender begins above the box, so it does not count.
    """
    below = box.y_px + box.height_px
    height = np.minimum(pieces.bottom, below) - np.maximum(pieces.top, box.y_px)
    return (
        (pieces.top >= box.y_px)
        & (height >= params.started_height * box.height_px)
        & (inside >= params.started_share * pieces.area)
    )


def _beside(pieces: Pieces, keep: _Flags, box: Box, params: OwnInkParams) -> _Flags:
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


def _level(pieces: Pieces, keep: _Flags, params: OwnInkParams) -> _Flags:
    """Find pieces whose middle lies beside a kept one, not cut by the crop's edge."""
    height, width = pieces.labels.shape
    near = _around(pieces, keep, aside_px=params.beside_gap_px)
    row = np.clip((pieces.top + pieces.bottom) // 2, 0, height - 1)
    ends = (pieces.left, np.clip(pieces.right - 1, 0, width - 1))
    whole = (pieces.top > 0) & (pieces.bottom < height)
    return np.asarray(whole & (near[row, ends[0]] | near[row, ends[1]]), bool)


def _dots(pieces: Pieces, keep: _Flags, params: OwnInkParams) -> _Flags:
    """Find small pieces just above or below a kept one, not cut by the crop's edge."""
    small = ~keep & (pieces.area <= params.dot_area_px)
    small &= (pieces.top > 0) & (pieces.bottom < pieces.labels.shape[0])
    if small.any():
        small &= pieces.count_where(_around(pieces, keep, up_px=params.dot_gap_px + 1)) > 0
    return small


def _around(pieces: Pieces, keep: _Flags, *, up_px: int = 0, aside_px: int = 0) -> _Flags:
    """Mark the boxes of kept pieces, grown: (H, W). Pairs of pieces would not fit in memory."""
    around = np.zeros(pieces.labels.shape, bool)
    bounds = (
        np.maximum(pieces.top - up_px, 0),
        pieces.bottom + up_px,
        np.maximum(pieces.left - aside_px, 0),
        pieces.right + aside_px,
    )
    for top, bottom, left, right in np.stack(bounds, axis=1)[keep].tolist():
        around[top:bottom, left:right] = True
    return around
