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
    for _ in range(params.beside_steps):
        more = usable & ~keep & _beside(pieces, keep, box, params)
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


def _dots(pieces: Pieces, keep: _Flags, params: OwnInkParams) -> _Flags:
    """Find small pieces just above or below a kept one, not cut by the crop's edge."""
    small = ~keep & (pieces.area <= params.dot_area_px)
    small &= (pieces.top > 0) & (pieces.bottom < pieces.labels.shape[0])
    side_by_side = (pieces.left[:, None] < pieces.right[keep]) & (
        pieces.right[:, None] > pieces.left[keep]
    )
    gap = np.maximum(
        pieces.top[keep] - pieces.bottom[:, None], pieces.top[:, None] - pieces.bottom[keep]
    )
    beside_kept = (side_by_side & (gap <= params.dot_gap_px)).any(axis=1)
    return np.asarray(small & beside_kept, bool)
