"""Guess how a page lies from its edges, and check the guess by large printed patches.

Most scans show their form upright and edge to edge, a little shifted and turned. Then the form's
print lies near where the page's edges say, and twenty patches at about 37 dpi give the first fit at
a quarter of the cost of keypoints. A page that does not lie so is no worse off for the look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.errors import RegistrationError
from segmentation.patches import (
    Patches,
    PatchParams,
    cut_patches,
    find_patches,
    patch_strength,
    pick_spread,
)
from segmentation.pyramid import Level, halve, scaling
from segmentation.registration import RegistrationParams, fit_registration, fit_similarity
from segmentation.types import Homography  # noqa: TC001, read by dataclass users
from segmentation.warp import inverse, move, unit

if TYPE_CHECKING:
    from segmentation.types import Mask, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineParams:
    """How far a page may lie from where its edges say; px of the coarse level, ~37 dpi."""

    patch: PatchParams = field(
        default_factory=lambda: PatchParams(side_px=25, search_px=11, min_score=0.6)
    )
    columns: int = 4
    rows: int = 5
    max_aspect: float = 1.08  # page's aspect over the form's, or the other way round
    min_share: float = 0.7  # of the visible patches; chance finds under 0.2
    fit: RegistrationParams = field(
        default_factory=lambda: RegistrationParams(inlier_px=2.0, min_inliers=8, min_spread=0.2)
    )
    # Of a form that repeats itself, only what it shows once says how a page lies.
    anchor: PatchParams = field(
        default_factory=lambda: PatchParams(side_px=21, search_px=22, min_score=0.6)
    )
    min_anchors: int = 4
    min_anchor_share: float = 0.4  # of the visible ones
    min_anchor_reach: float = 0.3  # of the form's width, between the farthest two


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """What a form shows at a coarse look."""

    patches: Patches  # coarse-level px
    anchors: Patches  # of a form that repeats itself, what it shows once; else none
    size: tuple[int, int]  # (H, W) of the coarse level
    to_template: Homography  # coarse-level px to template px


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guess:
    """How a page seems to lie."""

    page_to_template: Homography
    inlier_count: int  # patches that support it


def cut_outline(level: Level, written: Mask, landmarks: Points, params: OutlineParams) -> Outline:
    """Choose what is looked for at a coarse look.

    Args:
        level: of the blank form; its half is used.
        written: (h, w) of ``level``, 255 where people write.
        landmarks: (N, 2) of ``level``, what a form that repeats itself shows once.
        params: how many patches, and how large.
    """
    coarse = halve(level)
    height, width = coarse.image.shape
    avoid = np.asarray(cv2.resize(written, (width, height), interpolation=cv2.INTER_NEAREST))
    strength = patch_strength(coarse, params.patch, avoid=avoid.astype(np.uint8))
    centers = pick_spread(strength, params.patch, columns=params.columns, rows=params.rows)
    return Outline(
        patches=cut_patches(coarse, centers, params.patch),
        anchors=_anchors(coarse, landmarks, params.anchor),
        size=(height, width),
        to_template=coarse.to_original(),
    )


def _anchors(coarse: Level, landmarks: Points, params: PatchParams) -> Patches:
    """Cut landmarks again from the coarse level, those that lie far enough inside it."""
    reach = params.side_px // 2 + 1
    height, width = coarse.image.shape
    centers = np.floor(landmarks / 2)
    inside = (centers >= reach) & (centers < np.array([width, height]) - reach)
    return cut_patches(coarse, centers[inside.all(axis=1)], params)


def guess(page: Level, outline: Outline, params: OutlineParams) -> Guess | None:
    """Look whether a page shows a form edge to edge, upright.

    Args:
        page: the page's coarse level.
        outline: of the form.
        params: how far off it may be.

    Returns:
        How the page lies, or None where it does not lie so. A form that repeats itself has few
        keypoints that are like no others, so it is looked for in every quarter turn.
    """
    seen = _upright(page, outline, params)
    if seen is not None or not len(outline.anchors.centers):
        return seen
    to_coarse = inverse(page.to_original())
    for quarters in (2, 1, 3):
        turned = np.ascontiguousarray(np.rot90(page.image, quarters))
        seen = _upright(Level(image=turned, scale_x=1.0, scale_y=1.0), outline, params)
        if seen is not None:
            whole = seen.page_to_template @ _turn(page.image.shape, quarters) @ to_coarse
            return Guess(page_to_template=unit(whole), inlier_count=seen.inlier_count)
    return None


def _turn(shape: tuple[int, ...], quarters: int) -> Homography:
    """Give the map from an (H, W) image to the same as ``np.rot90`` turns it."""
    height, width = shape[:2]
    if quarters == 2:
        return np.array([[-1.0, 0.0, width - 1], [0.0, -1.0, height - 1], [0.0, 0.0, 1.0]])
    if quarters == 1:
        return np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width - 1], [0.0, 0.0, 1.0]])
    return np.array([[0.0, -1.0, height - 1], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def _upright(page: Level, outline: Outline, params: OutlineParams) -> Guess | None:
    """Look whether a page shows a form upright and edge to edge."""
    (height, width), (page_height, page_width) = outline.size, page.image.shape
    across, down = page_width / width, page_height / height
    if max(across, down) > params.max_aspect * min(across, down):
        return None
    to_page = scaling(across, down)
    if len(outline.anchors.centers):
        anchored = _by_anchors(page, outline, to_page, params)
        if anchored is not None:
            return anchored
    if len(outline.patches.centers) < params.fit.min_inliers:
        return None
    sighting = find_patches(outline.patches, page, to_page, params.patch)
    found = sighting.found
    if found.sum() < params.min_share * max(1, int(sighting.visible.sum())):
        return None
    centers = outline.patches.centers
    where = move(centers + sighting.moved, page.to_original() @ to_page)
    try:
        fit = fit_registration(where[found], centers[found], outline.size, params.fit)
    except RegistrationError:
        return None
    return Guess(
        page_to_template=unit(outline.to_template @ fit.page_to_template),
        inlier_count=int(fit.inliers.sum()),
    )


def _by_anchors(
    page: Level, outline: Outline, to_page: Homography, params: OutlineParams
) -> Guess | None:
    """Guess shift, turn and scale from what a form that repeats itself shows once."""
    sighting = find_patches(outline.anchors, page, to_page, params.anchor)
    found = sighting.found
    least = max(params.min_anchors, params.min_anchor_share * int(sighting.visible.sum()))
    if found.sum() < least:
        return None
    centers = outline.anchors.centers[found]
    where = move(centers + sighting.moved[found], page.to_original() @ to_page)
    fit, inliers = fit_similarity(where, centers, params.fit.inlier_px)
    if fit is None or inliers.sum() < least:
        return None
    if np.ptp(centers[inliers], axis=0).max() < params.min_anchor_reach * outline.size[1]:
        return None
    return Guess(page_to_template=unit(outline.to_template @ fit), inlier_count=int(inliers.sum()))
