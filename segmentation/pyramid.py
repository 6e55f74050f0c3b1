"""Reduce an image by halves, and say how each level's pixels lie on the original.

Halving by the mean of 2 x 2 pixels is the cheapest reduction that keeps thin print as gray;
registration works on the small levels, so a full-size filter is never needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from segmentation.types import GrayImage, Homography


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One reduction of an image."""

    image: GrayImage  # (h, w)
    scale_x: float  # original pixels per pixel of this level, along x
    scale_y: float  # and along y

    def to_original(self) -> Homography:
        """Map this level's pixels to the original's; pixel centres shift by half a pixel."""
        return scaling(self.scale_x, self.scale_y)


def scaling(x: float, y: float) -> Homography:
    """Map pixels to those of an image ``x`` times wider and ``y`` times higher."""
    return np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2], [0.0, 0.0, 1.0]])


def halvings(image: GrayImage, *, long_side_px: int) -> tuple[Level, ...]:
    """Halve an image until halving once more would bring it under a size.

    Args:
        image: (H, W).
        long_side_px: the smallest level's long side is at least this, where the image's is.

    Returns:
        The levels, the original first.
    """
    levels = [Level(image=image, scale_x=1.0, scale_y=1.0)]
    while max(levels[-1].image.shape) >= 2 * long_side_px and min(levels[-1].image.shape) >= 2:
        levels.append(halve(levels[-1]))
    return tuple(levels)


def halve(level: Level) -> Level:
    """Halve a level of at least 2 x 2 pixels."""
    height, width = level.image.shape[0] // 2, level.image.shape[1] // 2
    even = level.image[: 2 * height, : 2 * width]  # so that a pixel is exactly 2 x 2
    half = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
    return Level(image=_gray(half), scale_x=2 * level.scale_x, scale_y=2 * level.scale_y)


def shrink(level: Level, *, long_side_px: int) -> Level:
    """Shrink a level to a long side, or keep it where it is already smaller."""
    height, width = level.image.shape
    ratio = long_side_px / max(height, width)
    if ratio >= 1:
        return level
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    # Above one half, bilinear weights still see every pixel, at a seventh of the cost of areas.
    how = cv2.INTER_LINEAR if ratio > 0.5 else cv2.INTER_AREA
    small = cv2.resize(level.image, size, interpolation=how)
    return Level(
        image=_gray(small),
        scale_x=level.scale_x * width / size[0],
        scale_y=level.scale_y * height / size[1],
    )


def _gray(image: object) -> GrayImage:
    return np.asarray(image, np.uint8)
