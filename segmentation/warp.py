"""Move points and pixels through a homography."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from segmentation.types import Box, GrayImage, Homography, Points


Floats = npt.NDArray[np.float64]


def move(points: Points, h: Homography) -> Points:
    """Move (N, 2) points through a homography."""
    if len(points) == 0:
        return points
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), h)[0], np.float64)


def unit(h: Homography) -> Homography:
    """Scale a homography so that ``[2, 2]`` is 1."""
    return np.asarray(h / h[2, 2], np.float64)


def inverse(h: Homography) -> Homography:
    """Turn a homography round."""
    return unit(np.asarray(np.linalg.inv(h), np.float64))


def jacobian(h: Homography, at: Points) -> Floats:
    """Give the (2, 2) linear map that a homography is close to the point ``at`` (2,)."""
    return np.asarray(jacobians(h, at[None])[0], np.float64)


def jacobians(h: Homography, points: Points) -> Floats:
    """Give the (N, 2, 2) linear maps that a homography is close to (N, 2) points."""
    ones = np.ones((len(points), 1))
    uvw = np.hstack([points, ones]) @ h.T  # (N, 3)
    w = uvw[:, 2, None, None]
    return np.asarray((h[None, :2, :2] - uvw[:, :2, None] / w * h[None, 2:, :2]) / w, np.float64)


def corners(box: Box) -> Points:
    """Give the (4, 2) outer corners of a box, clockwise from the top left.

    Pixel centres are whole numbers, so the edge of a pixel lies half a pixel off.
    """
    left, top = box.x_px - 0.5, box.y_px - 0.5
    right, bottom = left + box.width_px, top + box.height_px
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def center(box: Box) -> Points:
    """Give the (2,) middle of a box."""
    return np.asarray(corners(box).mean(axis=0), np.float64)


def onto_quad(box: Box, quad: Points) -> Homography:
    """Give the homography that lays a box's corners onto (4, 2) others, clockwise as well."""
    h = cv2.getPerspectiveTransform(corners(box).astype(np.float32), quad.astype(np.float32))
    return np.asarray(h, np.float64)


def pull(image: GrayImage, out_to_image: Homography, *, width_px: int, height_px: int) -> GrayImage:
    """Fill an output image by looking up where each of its pixels lies on ``image``.

    Args:
        image: (H, W) source.
        out_to_image: maps output pixels to source pixels.
        width_px: of the output.
        height_px: of the output.

    Returns:
        (height_px, width_px); what falls off the source repeats its edge.
    """
    out = cv2.warpPerspective(
        image,
        out_to_image,
        (width_px, height_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(out, np.uint8)
