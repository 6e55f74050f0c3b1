"""Find keypoints and pair those of a page with those of a blank form.

Working at about 50 dpi pairs words and boxes, not letters: measured on real scans, that gives
more true pairs than 100 dpi does at a quarter of the cost, since letters repeat and words do
not. ORB is turn- and scale-invariant, so quarter turns need no search.

Sources: ORB, Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544; ratio test, Lowe 2004,
doi:10.1023/B:VISI.0000029664.99615.94, section 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import GrayImage, Points  # noqa: TC001, read by dataclass users

Descriptors = npt.NDArray[np.uint8]  # (N, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchParams:
    """How keypoints are found and paired."""

    long_side_px: int = 560  # keypoints are sought at this size, near 50 dpi on letter paper
    page_keypoints: int = 400
    page_levels: int = 3  # a page is never much larger than its form, so few levels will do
    blank_keypoints: int = 800  # found once, so there may be more of them
    blank_levels: int = 7  # 1.2 ** 6 = 3.0: forms that fill a third of a photo still pair
    pyramid_step: float = 1.2
    fast_threshold: int = 12  # gray step of a corner, on a page stretched to full contrast
    max_ratio: float = 0.85  # best distance over second best, Lowe's test
    max_distance: int = 80  # of 256 bits; chance pairs lie near 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """Keypoints of one image."""

    points: Points  # (N, 2)
    descriptors: Descriptors  # (N, 32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Keypoints that look alike, one to one."""

    page: Points  # (N, 2)
    template: Points  # (N, 2)


def page_features(image: GrayImage, params: MatchParams) -> Features:
    """Find keypoints on a flattened page of about ``long_side_px``."""
    return _find(image, params, keypoints=params.page_keypoints, levels=params.page_levels)


def blank_features(image: GrayImage, params: MatchParams) -> Features:
    """Find keypoints on a flattened blank form of about ``long_side_px``."""
    return _find(image, params, keypoints=params.blank_keypoints, levels=params.blank_levels)


def _find(image: GrayImage, params: MatchParams, *, keypoints: int, levels: int) -> Features:
    orb = cv2.ORB.create(
        nfeatures=keypoints,
        scaleFactor=params.pyramid_step,
        nlevels=levels,
        edgeThreshold=16,  # px; the descriptor's own reach, so print near the edge still counts
        fastThreshold=params.fast_threshold,
    )
    corners, descriptors = orb.detectAndCompute(image, None)
    if not corners:
        return Features(points=np.empty((0, 2)), descriptors=np.empty((0, 32), np.uint8))
    points = cv2.KeyPoint.convert(corners)
    return Features(
        points=np.asarray(points, np.float64), descriptors=np.asarray(descriptors, np.uint8)
    )


def pair_features(page: Features, template: Features, params: MatchParams) -> Pairs:
    """Pair keypoints that are each other's clear best; no keypoint is used twice."""
    if len(page.points) < 2 or len(template.points) < 2:  # the ratio test needs a second best
        return Pairs(page=np.empty((0, 2)), template=np.empty((0, 2)))
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
    rows = matcher.knnMatch(page.descriptors, template.descriptors, k=2)
    best_for: dict[int, tuple[float, int]] = {}
    for best, second in rows:
        if best.distance > min(params.max_distance, params.max_ratio * second.distance):
            continue
        candidate = (best.distance, best.queryIdx)
        if candidate < best_for.get(best.trainIdx, (np.inf, -1)):
            best_for[best.trainIdx] = candidate
    of_template = np.array(sorted(best_for), np.intp)
    of_page = np.array([best_for[i][1] for i in of_template.tolist()], np.intp)
    return Pairs(page=page.points[of_page], template=template.points[of_template])
