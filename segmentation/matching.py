"""Find keypoints and pair those of a page with those of a blank form.

Working at about 50 dpi pairs words and boxes, not letters: measured on real scans, that gives
more true pairs than 100 dpi does at a quarter of the cost, since letters repeat and words do
not. Both detectors are turn- and scale-invariant, so quarter turns need no search. ORB comes
first; SIFT costs ten times as much and finds sparse forms on poor scans that ORB does not.

Sources: ORB, Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544; SIFT and the ratio test, Lowe
2004, doi:10.1023/B:VISI.0000029664.99615.94, section 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.illumination import FlattenParams, flatten
from segmentation.pyramid import Level, shrink
from segmentation.types import Points  # noqa: TC001, read by dataclass users
from segmentation.warp import move

if TYPE_CHECKING:
    from collections.abc import Sequence

Descriptors = npt.NDArray[np.uint8]  # (N, 32) bits of ORB, or (N, 128) bins of SIFT


class Detector(StrEnum):
    """How keypoints are found and described."""

    ORB = "orb"
    SIFT = "sift"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchParams:
    """How keypoints are found and paired."""

    detector: Detector = Detector.ORB
    flat: FlattenParams = field(default_factory=FlattenParams)
    long_side_px: int = 560  # keypoints are sought at this size, near 50 dpi on letter paper
    page_keypoints: int = 400
    page_levels: int = 3  # a page is never much larger than its form, so few levels will do
    blank_keypoints: int = 600  # found once, so there may be more of them
    blank_levels: int = 7  # 1.2 ** 6 = 3.0: forms that fill a third of a photo still pair
    pyramid_step: float = 1.2
    fast_threshold: int = 12  # gray step of an ORB corner
    surplus: float = 3.0  # keypoints found for each that is kept; 1 keeps the strongest anywhere
    columns: int = 8  # of the grid whose cells give keypoints by turns
    rows: int = 10
    max_ratio: float = 0.85  # best distance over second best, Lowe's test
    max_distance: float = 80.0  # of 256 bits; chance pairs lie near 128


CAREFUL = MatchParams(
    detector=Detector.SIFT,
    long_side_px=760,
    page_keypoints=1200,
    blank_keypoints=1200,
    surplus=1.0,
    max_distance=350.0,  # of SIFT's bins; true pairs lie under 250
)


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


def page_features(level: Level, params: MatchParams) -> Features:
    """Find keypoints on a page's smallest level; their points are in px of the original."""
    return _find(level, params, keypoints=params.page_keypoints, levels=params.page_levels)


def blank_features(level: Level, params: MatchParams) -> Features:
    """Find keypoints on a blank's smallest level; their points are in px of the original."""
    return _find(level, params, keypoints=params.blank_keypoints, levels=params.blank_levels)


def _find(level: Level, params: MatchParams, *, keypoints: int, levels: int) -> Features:
    small = shrink(level, long_side_px=params.long_side_px)
    flat = flatten(small.image, params.flat)
    detector = _detector(params, keypoints=round(params.surplus * keypoints), levels=levels)
    if params.surplus > 1:
        kept = _spread(detector.detect(flat), flat.shape, keypoints, params)
        found, descriptors = detector.compute(flat, kept)
    else:
        found, descriptors = detector.detectAndCompute(flat, None)
    if not found:
        return Features(points=np.empty((0, 2)), descriptors=np.empty((0, 32), np.uint8))
    points = np.asarray(cv2.KeyPoint.convert(found), np.float64)
    return Features(
        points=move(points, small.to_original()), descriptors=np.asarray(descriptors, np.uint8)
    )


def _spread(
    found: Sequence[cv2.KeyPoint], shape: tuple[int, ...], keypoints: int, params: MatchParams
) -> list[cv2.KeyPoint]:
    """Keep the strongest keypoints of each cell by turns, so that no part of a page takes all.

    Handwriting has more and sharper corners than print, and a list full of it would leave its
    print without any.
    """
    if len(found) <= keypoints:
        return list(found)
    height, width = shape
    points = np.asarray(cv2.KeyPoint.convert(found), np.float64)
    column = (points[:, 0] * params.columns / width).astype(int)
    row = (points[:, 1] * params.rows / height).astype(int)
    cell = row * params.columns + column
    weaker = -np.array([keypoint.response for keypoint in found])
    order = np.lexsort((weaker, cell))
    first = np.searchsorted(cell[order], cell[order])  # where each one's cell begins in the order
    turn = np.arange(len(order)) - first
    by_turn = order[np.lexsort((weaker[order], turn))]
    return [found[at] for at in by_turn[:keypoints]]


def _detector(params: MatchParams, *, keypoints: int, levels: int) -> cv2.Feature2D:
    if params.detector is Detector.SIFT:
        return cv2.SIFT.create(keypoints, 3, 0.04, 10, 1.6, cv2.CV_8U)  # OpenCV's defaults, bytes
    return cv2.ORB.create(
        nfeatures=keypoints,
        scaleFactor=params.pyramid_step,
        nlevels=levels,
        edgeThreshold=16,  # px; the descriptor's own reach, so print near the edge still counts
        fastThreshold=params.fast_threshold,
    )


def pair_features(page: Features, template: Features, params: MatchParams) -> Pairs:
    """Pair keypoints that are each other's clear best; no keypoint is used twice."""
    if len(page.points) < 2 or len(template.points) < 2:  # the ratio test needs a second best
        return Pairs(page=np.empty((0, 2)), template=np.empty((0, 2)))
    orb = params.detector is Detector.ORB
    distance, nearest = cv2.batchDistance(
        page.descriptors,
        template.descriptors,
        cv2.CV_32S if orb else cv2.CV_32F,
        normType=cv2.NORM_HAMMING if orb else cv2.NORM_L2,
        K=2,
    )
    first, second = distance[:, 0].astype(np.float64), distance[:, 1].astype(np.float64)
    clear = np.flatnonzero(first <= np.minimum(params.max_distance, params.max_ratio * second))
    by_distance = clear[np.argsort(first[clear], kind="stable")]
    # Of page keypoints that want the same partner, the first in this order is the nearest.
    of_template, place = np.unique(nearest[by_distance, 0], return_index=True)
    of_page = by_distance[place]
    return Pairs(page=page.points[of_page], template=template.points[of_template])
