"""Other ways to lay a page onto its form, written here from their published methods.

``sift_ransac`` is the textbook way: SIFT on the full page, Lowe's ratio test, a homography by
RANSAC, the full page warped (Lowe 2004, doi:10.1023/B:VISI.0000029664.99615.94; Fischler and
Bolles 1981, doi:10.1145/358669.358692). ``orb_best_share`` is the approach of OMRChecker's
``FeatureBasedAlignment``: both images brought to its processing size, 500 ORB features, the 15 %
of the matches that are most alike, a homography by RANSAC, the small page warped.

Neither refuses a page of its own accord: one that fits no homography is all that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.pyramid import scaling
from segmentation.warp import inverse, unit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segmentation import GrayImage, Homography, Template

    Aligner = Callable[[GrayImage], "Aligned | None"]

_SIFT_FEATURES = 4000
_SIFT_RATIO = 0.75
_RANSAC_PX = 5.0
_LEAST_PAIRS = 4
_ORB_FEATURES = 500
_ORB_SHARE = 0.15
_PROCESSING_PX = (666, 820)  # width, height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aligned:
    """A page warped onto its form."""

    image: GrayImage  # (h, w)
    page_to_template: Homography


def sift_ransac(template: Template) -> Aligner:
    """Align full pages by SIFT."""
    sift = cv2.SIFT.create(_SIFT_FEATURES)
    theirs, their_descriptors = sift.detectAndCompute(template.image, None)
    matcher = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 5}, {"checks": 50})
    height, width = template.image.shape

    def align(page: GrayImage) -> Aligned | None:
        ours, our_descriptors = sift.detectAndCompute(page, None)
        if len(ours) < _LEAST_PAIRS:
            return None
        pairs = [
            two[0]
            for two in matcher.knnMatch(our_descriptors, their_descriptors, k=2)
            if len(two) == 2 and two[0].distance < _SIFT_RATIO * two[1].distance
        ]
        return _warped(page, _fit(pairs, ours, theirs), width, height)

    return align


def orb_best_share(template: Template) -> Aligner:
    """Align small pages by the best matches of ORB, as OMRChecker does."""
    orb = cv2.ORB.create(_ORB_FEATURES)
    width, height = _PROCESSING_PX
    theirs, their_descriptors = orb.detectAndCompute(
        cv2.resize(template.image, _PROCESSING_PX), None
    )
    matcher = cv2.BFMatcher.create(cv2.NORM_HAMMING)
    small_to_template = scaling(template.image.shape[1] / width, template.image.shape[0] / height)

    def align(page: GrayImage) -> Aligned | None:
        small = cv2.normalize(cv2.resize(page, _PROCESSING_PX), None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload] # OpenCV's stub wants an output array
        ours, our_descriptors = orb.detectAndCompute(small, None)
        if len(ours) < _LEAST_PAIRS:
            return None
        matches = sorted(
            matcher.match(our_descriptors, their_descriptors), key=lambda match: match.distance
        )
        best = matches[: int(len(matches) * _ORB_SHARE)]
        found = _warped(np.asarray(small, np.uint8), _fit(best, ours, theirs), width, height)
        if found is None:
            return None
        page_to_small = inverse(scaling(page.shape[1] / width, page.shape[0] / height))
        h = unit(small_to_template @ found.page_to_template @ page_to_small)
        return Aligned(image=found.image, page_to_template=h)

    return align


ALIGNMENTS: Mapping[str, Callable[[Template], Aligner]] = {
    "sift-ransac": sift_ransac,
    "orb-best-share": orb_best_share,
}


def _fit(
    pairs: list[cv2.DMatch], ours: Sequence[cv2.KeyPoint], theirs: Sequence[cv2.KeyPoint]
) -> Homography | None:
    if len(pairs) < _LEAST_PAIRS:
        return None
    page = np.array([ours[pair.queryIdx].pt for pair in pairs])
    form = np.array([theirs[pair.trainIdx].pt for pair in pairs])
    h, _ = cv2.findHomography(page, form, cv2.RANSAC, _RANSAC_PX)
    if h is None or abs(np.linalg.det(h)) < 1e-9:
        return None
    return np.asarray(h, np.float64)


def _warped(page: GrayImage, h: Homography | None, width: int, height: int) -> Aligned | None:
    if h is None:
        return None
    image = np.asarray(cv2.warpPerspective(page, h, (width, height)), np.uint8)
    return Aligned(image=image, page_to_template=h)
