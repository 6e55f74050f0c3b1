"""Guard the public edge: a bad call is a bug and gets ``ValueError``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from segmentation.types import GrayImage


def require_gray(image: GrayImage, *, what: str) -> None:
    """Refuse anything but a non-empty (H, W) uint8 image.

    Raises:
        ValueError: the array has another dtype or shape, which is a caller's bug.
    """
    if image.dtype != np.uint8 or image.ndim != 2 or image.size == 0:
        raise ValueError(f"{what}: want (H, W) uint8, got {image.shape} {image.dtype}")
