"""Tell the dots that fill a printed field, such as guide dots or a screen tint, from letters.

Dots lie so close together that all writing over them is near print. But each is small and alone,
so that what is larger than a dot was written. Letters are told otherwise, by where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segmentation.ink import find_pieces, grow

if TYPE_CHECKING:
    from segmentation.ink import Pieces
    from segmentation.types import Box, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class DotParams:
    """What dots are; crop px, 300 to the inch."""

    max_side_px: int = 12  # of a dot on the blank; 1 mm
    near_px: int = 8  # ink this near to a dot could be it
    min_cover: float = 0.3  # share of the box that lies near dots; a row of them covers less
    growth_px: int = 8  # a scan's dot is larger than the blank's by this much at most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dots:
    """The dots that fill a field."""

    mask: Mask  # (h, w) of the crop, 255 on dots
    near: npt.NDArray[np.bool_]  # (h, w), where ink could be one of them
    max_side_px: int  # the largest that a scan may show

    def among(self, pieces: Pieces) -> npt.NDArray[np.bool_]:
        """Tell which (n,) pieces of a scan's ink are no more than such a dot."""
        sides = np.maximum(pieces.right - pieces.left, pieces.bottom - pieces.top)
        small = sides <= self.max_side_px
        return np.asarray(small & (pieces.count_where(self.near) > 0), bool)


def find_dots(labels: Mask, box: Box, params: DotParams) -> Dots | None:
    """Find the dots that fill a field's box.

    Args:
        labels: (h, w) of the crop, 255 on print that is no ruling.
        box: the field without its margin, crop px.
        params: what dots are.

    Returns:
        The dots; None where they are too few to hide what is written.
    """
    pieces = find_pieces(labels)
    sides = np.maximum(pieces.right - pieces.left, pieces.bottom - pieces.top)
    small = sides <= params.max_side_px
    small[0] = False
    if not small.any():
        return None
    mask = pieces.draw(small)
    near = grow(mask, params.near_px) > 0
    inside = near[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px]
    if inside.mean() < params.min_cover:
        return None
    return Dots(mask=mask, near=near, max_side_px=int(sides[small].max()) + params.growth_px)
