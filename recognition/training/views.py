"""A crop as the network might have been shown it, had preprocessing judged it a little otherwise.

Preprocessing measures each line and scales it by what it finds, and a network that always sees
one way of scaling depends on it: small changes to the limits then cost more than they should.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.preprocess import PARAMS, line_image

if TYPE_CHECKING:
    from recognition.types import GrayImage, LineImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewParams:
    """How far a view strays from the one that reading takes."""

    share: float = 0.6  # of the lines; the others are seen as they are read
    writing_px: tuple[int, int] = (22, 27)  # inclusive, as the limits of the same name
    stroke_gap_px: tuple[float, float] = (5.0, 7.5)
    loose_gap_px: tuple[float, float] = (8.0, 12.0)
    working_height_px: tuple[int, int] = (60, 128)
    gamma: tuple[float, float] = (0.65, 1.45)  # below 1, faint ink is darker


VIEWS = ViewParams()


def some_view(crop: GrayImage, rng: np.random.Generator, params: ViewParams = VIEWS) -> LineImage:
    """Turn a crop into a line image, by the limits of reading or by others near them.

    Args:
        crop: (h, w) uint8, 0 ink to 255 paper; read only.
        rng: the only source of chance.
        params: how far the limits stray.

    Returns:
        (height_px, W) uint8, 0 paper to 255 ink, as ``line_image`` gives it.

    Raises:
        ValueError: the crop is not a non-empty (h, w) uint8 array.
    """
    if rng.random() >= params.share:
        return line_image(crop)
    limits = replace(
        PARAMS,
        writing_px=int(rng.integers(*params.writing_px, endpoint=True)),
        stroke_gap_px=rng.uniform(*params.stroke_gap_px),
        loose_gap_px=rng.uniform(*params.loose_gap_px),
        working_height_px=int(rng.integers(*params.working_height_px, endpoint=True)),
    )
    gamma = rng.uniform(*params.gamma)
    table = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return np.asarray(cv2.LUT(line_image(crop, limits), table), np.uint8)
