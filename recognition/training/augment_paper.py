"""Tell paper from ink and the writing from what stands round it, for the steps that distort.

Crops are ``(h, w)`` uint8, 0 ink on 255 paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.preprocess import PARAMS, even_ink, writing_box

if TYPE_CHECKING:
    import numpy.typing as npt

    from recognition.types import GrayImage

Box = tuple[int, int, int, int]  # left, top, right, bottom px, half open

WHITE = 255
_LOOK_PX = 44  # height at which the writing is looked for; half the rows cost a quarter of the time
_LOST_X, _LOST_Y = 0.04, 0.3  # shares of the writing that may be passed over, such as an accent
_TALLEST = 1.6  # so many times the writing's height may be taken for it
_CONTRAST = 60  # grey levels below the paper's from which a pixel is ink here


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Framed:
    """A crop and where its writing stands."""

    crop: GrayImage
    box: Box

    def is_found(self) -> bool:
        """Say whether reading would find the writing, and at a size that can be read."""
        scale = min(1.0, _LOOK_PX / self.crop.shape[0])
        left, top, right, bottom = (edge * scale for edge in self.box)
        size = (max(1, round(self.crop.shape[1] * scale)), round(self.crop.shape[0] * scale))
        look = np.asarray(cv2.resize(self.crop, size, interpolation=cv2.INTER_AREA), np.uint8)
        found = writing_box(even_ink(look, PARAMS), PARAMS)
        if found is None:
            return False
        slack_x, slack_y = _LOST_X * (right - left), _LOST_Y * (bottom - top)
        return bool(
            found[0] <= left + slack_x
            and found[2] >= right - slack_x
            and found[1] <= top + slack_y
            and found[3] >= bottom - slack_y
            and found[3] - found[1] <= _TALLEST * (bottom - top)
        )


def paper_of(crop: GrayImage) -> int:
    """Estimate the paper's grey: most of a crop is paper."""
    return int(np.median(crop[:: max(1, crop.shape[0] // 16), ::4]))


def ink_mask(crop: GrayImage) -> npt.NDArray[np.bool_]:
    """Say where there is ink: (h, w)."""
    return np.asarray(crop < paper_of(crop) - _CONTRAST, np.bool_)


def ink_box(crop: GrayImage) -> Box | None:
    """Find the ink: left, top, right and bottom px, half open; None where there is none."""
    x, y, width, height = cv2.boundingRect(ink_mask(crop).view(np.uint8))
    return (x, y, x + width, y + height) if width else None


def wander(width: int, height: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Give a smooth random field in about [-1, 1], (height, width) float32."""
    coarse = rng.uniform(-1, 1, (3, max(3, round(2 * width / height)))).astype(np.float32)
    return np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )
