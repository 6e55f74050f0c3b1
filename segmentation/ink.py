"""Tell ink from paper on a flattened image, as faint as the noise allows.

Two thresholds with hysteresis (Canny 1986, doi:10.1109/TPAMI.1986.4767851): a faint pixel
counts when it hangs together with a clear one. Both rise with the measured noise of the paper,
so that pencil is found on a clean scan and grain is not taken for ink on a poor one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import Box, GrayImage, Mask  # noqa: TC001, read by dataclass users


@dataclass(frozen=True, slots=True, kw_only=True)
class InkParams:
    """How much darker than paper ink must be; gray steps on a flattened, smoothed image."""

    clear_step: float = 36.0
    clear_sigmas: float = 7.0  # of paper noise
    faint_step: float = 22.0
    faint_sigmas: float = 4.0
    max_step: float = 110.0  # however noisy, darker than this is ink


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ink:
    """What may be ink, and what surely is."""

    faint: Mask  # (H, W), 255 where it may be
    clear: npt.NDArray[np.bool_]  # (H, W), where it surely is


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """The connected components of a mask; (n,) each, number 0 the background."""

    labels: npt.NDArray[np.int32]  # (H, W)
    at: npt.NDArray[np.intp]  # (k,), where the mask is set, in reading order, as flat places
    of: npt.NDArray[np.int32]  # (k,), the piece there; ink is a small part of most masks
    area: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]
    top: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]  # one past the last column
    bottom: npt.NDArray[np.int64]  # one past the last row

    def count_where(self, where: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Count each piece's pixels where a (H, W) condition holds; (n,), none for paper."""
        return np.bincount(self.of[where.ravel()[self.at]], minlength=len(self.area))

    def count_in(self, box: Box) -> npt.NDArray[np.int64]:
        """Count each piece's pixels in a box, which may lie outside; (n,), none for paper."""
        height, width = self.labels.shape
        rows = np.clip([box.y_px, box.y_px + box.height_px], 0, height)
        first, last = np.searchsorted(self.at, rows * width)
        columns = self.at[first:last] % width
        inside = (columns >= box.x_px) & (columns < box.x_px + box.width_px)
        return np.bincount(self.of[first:last][inside], minlength=len(self.area))

    def draw(self, keep: npt.NDArray[np.bool_]) -> Mask:
        """Draw the (n,) chosen pieces: (H, W), 255 on them."""
        out = np.zeros(self.labels.shape, np.uint8)
        chosen = np.where(keep, np.uint8(255), np.uint8(0))
        out.ravel()[self.at] = chosen[self.of]
        return out


def find_ink(flat: GrayImage, params: InkParams) -> Ink:
    """Apply both thresholds to a (H, W) image with paper near 255."""
    darkness = np.asarray(cv2.bitwise_not(cv2.GaussianBlur(flat, (3, 3), 0)), np.uint8)
    noise = paper_noise(darkness)
    clear = min(max(params.clear_step, params.clear_sigmas * noise), params.max_step)
    faint = min(max(params.faint_step, params.faint_sigmas * noise), params.max_step)
    _, low = cv2.threshold(darkness, faint, 255, cv2.THRESH_BINARY)
    return Ink(faint=np.asarray(low, np.uint8), clear=darkness > clear)


def find_pieces(mask: Mask) -> Pieces:
    """Find the connected components of a (H, W) mask."""
    # Grana's algorithm is three times as fast as OpenCV's default at 32-bit labels.
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask, 8, cv2.CV_32S, cv2.CCL_GRANA
    )
    numbers = stats.astype(np.int64)
    left, top = numbers[:, cv2.CC_STAT_LEFT], numbers[:, cv2.CC_STAT_TOP]
    at = np.flatnonzero(mask != 0)  # four times as fast as of the bytes themselves
    return Pieces(
        labels=np.asarray(labels, np.int32),
        at=at,
        of=np.asarray(labels, np.int32).ravel()[at],
        area=numbers[:, cv2.CC_STAT_AREA],
        left=left,
        top=top,
        right=left + numbers[:, cv2.CC_STAT_WIDTH],
        bottom=top + numbers[:, cv2.CC_STAT_HEIGHT],
    )


def ink_mask(flat: GrayImage, params: InkParams) -> Mask:
    """Mark ink: (H, W), 255 on faint pixels that hang together with a clear one."""
    ink = find_ink(flat, params)
    pieces = find_pieces(ink.faint)
    return pieces.draw(pieces.count_where(ink.clear) > 0)


def paper_noise(darkness: GrayImage) -> float:
    """Estimate the standard deviation of bare paper in gray steps.

    Half of the pixels of any form are paper, so the median and what lies on its lighter side
    describe it, however much is written.
    """
    some = np.ascontiguousarray(darkness[::2, ::2])  # a quarter of the pixels says as much
    counts = np.cumsum(cv2.calcHist([some], [0], None, [256], [0, 256]).ravel())
    median = int(np.searchsorted(counts, counts[-1] * 0.5))
    lower = int(np.searchsorted(counts, counts[-1] * 0.16))  # one sigma below a normal's middle
    upper = int(np.searchsorted(counts, counts[-1] * 0.68))  # half a sigma above it
    return float(max(median - lower, (upper - median) * 2))


def ink_fraction(mask: Mask) -> float:
    """Give the share of a mask that is ink, in [0, 1]."""
    return float(cv2.countNonZero(mask)) / mask.size


def grow(mask: Mask, by_px: int) -> Mask:
    """Give (h, w) what is set in a mask and all that lies within ``by_px`` of it, squarely."""
    size = 2 * by_px + 1
    return np.asarray(cv2.dilate(mask, np.ones((size, size), np.uint8)), np.uint8)
