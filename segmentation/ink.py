"""Tell ink from paper on a flattened image, as faint as the noise allows.

Two thresholds with hysteresis (Canny 1986, doi:10.1109/TPAMI.1986.4767851): a faint pixel
counts when it hangs together with a clear one. Both rise with the measured noise of the paper,
so that pencil is found on a clean scan and grain is not taken for ink on a poor one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from segmentation.types import GrayImage, Mask  # noqa: TC001, read by dataclass users


@dataclass(frozen=True, slots=True, kw_only=True)
class InkParams:
    """How much darker than paper ink must be; gray steps on a flattened, smoothed image."""

    clear_step: float = 36.0
    clear_sigmas: float = 7.0  # of paper noise
    faint_step: float = 22.0
    faint_sigmas: float = 4.0
    max_step: float = 110.0  # however noisy, darker than this is ink


def ink_mask(flat: GrayImage, params: InkParams) -> Mask:
    """Mark ink.

    Args:
        flat: (H, W) with paper near 255.
        params: the thresholds.

    Returns:
        (H, W), 255 on ink.
    """
    smooth = cv2.GaussianBlur(flat, (3, 3), 0)
    darkness = np.asarray(cv2.bitwise_not(smooth), np.uint8)
    noise = paper_noise(darkness)
    clear = min(max(params.clear_step, params.clear_sigmas * noise), params.max_step)
    faint = min(max(params.faint_step, params.faint_sigmas * noise), params.max_step)
    low = np.asarray(cv2.threshold(darkness, faint, 255, cv2.THRESH_BINARY)[1], np.uint8)
    count, labels = cv2.connectedComponents(low, connectivity=8, ltype=cv2.CV_32S)
    keep = np.zeros(count, np.uint8)
    keep[labels[darkness > clear]] = 255
    keep[0] = 0  # the background
    return np.asarray(keep[labels], np.uint8)


def paper_noise(darkness: GrayImage) -> float:
    """Estimate the standard deviation of bare paper in gray steps.

    Half of the pixels of any form are paper, so the median and what lies on its lighter side
    describe it, however much is written.
    """
    counts = np.cumsum(cv2.calcHist([darkness], [0], None, [256], [0, 256]).ravel())
    median = int(np.searchsorted(counts, counts[-1] * 0.5))
    lower = int(np.searchsorted(counts, counts[-1] * 0.16))  # one sigma below a normal's middle
    upper = int(np.searchsorted(counts, counts[-1] * 0.68))
    return float(max(median - lower, (upper - median) * 2))


def ink_fraction(mask: Mask) -> float:
    """Give the share of a mask that is ink, in [0, 1]."""
    return float(cv2.countNonZero(mask)) / mask.size
