"""Flatten the paper: shadows, gray fills and yellowed paper become an even white.

The background is what remains of the image when everything narrower than a stroke is
closed; dividing by it keeps the contrast of ink relative to the paper around it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from segmentation.types import GrayImage  # noqa: TC001, read by dataclass users at run time


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenParams:
    """How the paper is told from what is on it."""

    shrink: int = 4  # the background is estimated on an image this much smaller
    close_px: int = 9  # shrunk px; wider than the widest stroke
    floor: int = 40  # gray; a background darker than this is scan border, not paper


def flatten(image: GrayImage, params: FlattenParams) -> GrayImage:
    """Divide an image by its paper background.

    Args:
        image: (H, W).
        params: how the background is found.

    Returns:
        (H, W), paper near 255.
    """
    height, width = image.shape
    size = (max(1, width // params.shrink), max(1, height // params.shrink))
    # Whole multiples take OpenCV's fast path; the few pixels left over are stretched back.
    whole = image[: size[1] * params.shrink, : size[0] * params.shrink]
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    kernel = np.ones((params.close_px, params.close_px), np.uint8)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    smooth = cv2.blur(closed, (params.close_px, params.close_px), borderType=cv2.BORDER_REPLICATE)
    paper = cv2.resize(np.maximum(smooth, params.floor), (width, height))
    return np.asarray(cv2.divide(image, paper, scale=255), np.uint8)
