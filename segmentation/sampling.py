"""Cut a window from the level of an image that is neither too fine nor too coarse for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation.warp import inverse, jacobian, pull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.pyramid import Level
    from segmentation.types import GrayImage, Homography, Points

# Looking up one pixel in 1.6 with bilinear weights still sees nearly every source pixel;
# beyond that thin strokes fall between the looks.
_MAX_STEP = 1.6


def level_for(levels: Sequence[Level], out_to_original: Homography, at: Points) -> Level:
    """Choose the finest level that a window samples without skipping pixels.

    Args:
        levels: halvings of one image, the original first.
        out_to_original: maps window pixels to the original's.
        at: (2,) middle of the window, window px.
    """
    step = float(np.sqrt(abs(np.linalg.det(jacobian(out_to_original, at)))))
    for level in levels:
        if step / level.scale_x <= _MAX_STEP:
            return level
    return levels[-1]


def pull_level(
    levels: Sequence[Level], out_to_original: Homography, *, width_px: int, height_px: int
) -> GrayImage:
    """Fill a window from the best fitting level of an image.

    Args:
        levels: halvings of one image, the original first.
        out_to_original: maps window pixels to the original's.
        width_px: of the window.
        height_px: of the window.

    Returns:
        (height_px, width_px).
    """
    middle = np.array([width_px / 2, height_px / 2])
    level = level_for(levels, out_to_original, middle)
    to_level = inverse(level.to_original()) @ out_to_original
    return pull(level.image, to_level, width_px=width_px, height_px=height_px)
