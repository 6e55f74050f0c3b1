"""Fit the homography that carries a scanned page onto its template.

Finding the point pairs is the work of ``matching`` and ``patches``; moving pixels, of ``warp``.
Points are ``(x, y)`` in pixels from the centre of the top-left pixel, x right, y down.

Sources: RANSAC, Fischler and Bolles 1981, doi:10.1145/358669.358692; MAGSAC++, Barath et al.
2020, doi:10.1109/CVPR42600.2020.00138; homographies and their robust fit, Hartley and
Zisserman, *Multiple View Geometry*, 2nd ed., ch. 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.errors import Misfit, RegistrationError
from segmentation.types import Homography, Points  # noqa: TC001, read by dataclass users
from segmentation.warp import jacobians, move, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationParams:
    """Limits a fit must meet before its crops can be trusted; px of the reduced template."""

    inlier_px: float = 3.0  # a pair supports the fit when it lands this near
    min_inliers: int = 14  # 4 pairs define a homography; the rest is evidence
    min_spread: float = 0.06  # share of the form that the inliers' hull covers
    max_stretch: float = 1.4  # longer over shorter axis of the local map; feeders give 1.02
    max_tilt: float = 1.6  # local scale at the hull's points, largest over smallest


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # arrays have no one truth value
class Registration:
    """A page laid onto its template."""

    page_to_template: Homography
    inliers: npt.NDArray[np.bool_]  # (N,): pairs within ``inlier_px``
    rms_px: float  # root mean square distance over the inliers
    spread: float  # [0, 1], share of the template that the inliers' hull covers


def fit_registration(
    page: Points, template: Points, size: tuple[int, int], params: RegistrationParams
) -> Registration:
    """Fit ``template ~ H @ page``, or say which limit the scan missed.

    Args:
        page: (N, 2) points found on the scan.
        template: (N, 2) their partners, row for row.
        size: (H, W) of the template in the same pixels as ``template``.
        params: limits the fit must meet.

    Raises:
        ValueError: the arrays are not two equal (N, 2) shapes, which is a caller's bug.
        RegistrationError: the scan is at fault; ``reason`` names the limit it missed.
    """
    if page.shape != template.shape or page.ndim != 2 or page.shape[1] != 2:
        raise ValueError(f"want two equal (N, 2) arrays, got {page.shape} and {template.shape}")
    if len(page) < params.min_inliers:
        raise RegistrationError(Misfit.TOO_FEW_PAIRS, found=len(page), limit=params.min_inliers)

    h = _robust_fit(page, template, params)
    # Measured here, since OpenCV's own mask can hold outliers (opencv issue 25546).
    distance_px = np.linalg.norm(move(page, h) - template, axis=1)
    inliers = distance_px <= params.inlier_px
    if (count := int(inliers.sum())) < params.min_inliers:
        raise RegistrationError(Misfit.TOO_FEW_INLIERS, found=count, limit=params.min_inliers)
    _require_plausible(h, page[inliers], params)
    spread = hull_share(template[inliers], size)
    if spread < params.min_spread:
        raise RegistrationError(Misfit.NARROW_SPREAD, found=spread, limit=params.min_spread)

    rms_px = float(np.sqrt(np.square(distance_px[inliers]).mean()))
    return Registration(page_to_template=h, inliers=inliers, rms_px=rms_px, spread=spread)


def fit_similarity(
    page: Points, template: Points, inlier_px: float, *, stretched: bool = False
) -> tuple[Homography | None, npt.NDArray[np.bool_]]:
    """Fit shift, turn and scale alone, which two pairs settle.

    Args:
        page: (N, 2) points found on the scan.
        template: (N, 2) their partners, row for row.
        inlier_px: how near a partner a point must land, px of ``template``.
        stretched: the scales along two axes may differ, which takes three pairs.

    Returns:
        The map from page to template, None where there is none, and (N,) which pairs support it.
    """
    none = np.zeros(len(page), bool)
    if len(page) < 2 + stretched:
        return None, none
    estimate = cv2.estimateAffine2D if stretched else cv2.estimateAffinePartial2D
    fitted, _ = estimate(
        page, template, method=cv2.RANSAC, ransacReprojThreshold=inlier_px, maxIters=2000
    )
    if fitted is None or not np.isfinite(fitted).all() or np.linalg.det(fitted[:, :2]) < 1e-9:
        return None, none
    h = np.vstack([fitted, [0.0, 0.0, 1.0]]).astype(np.float64)
    return h, np.linalg.norm(move(page, h) - template, axis=1) <= inlier_px


def hull_share(points: Points, size: tuple[int, int]) -> float:
    """Give the share of an (H, W) image that the convex hull of (N, 2) points covers."""
    hull = cv2.convexHull(points.astype(np.float32))
    return float(cv2.contourArea(hull)) / (size[0] * size[1])


def _robust_fit(page: Points, template: Points, params: RegistrationParams) -> Homography:
    fitted, _ = cv2.findHomography(
        page, template, cv2.USAC_MAGSAC, params.inlier_px, maxIters=2000, confidence=0.999
    )
    if fitted is None or not np.isfinite(fitted).all() or abs(fitted[2, 2]) < 1e-9:
        # OpenCV's answers to points that all lie on one line
        raise RegistrationError(Misfit.NO_FIT, found=0, limit=params.min_inliers)
    return unit(np.asarray(fitted, np.float64))


def _require_plausible(h: Homography, page: Points, params: RegistrationParams) -> None:
    """Refuse a page that would be mirrored, folded, or stretched beyond any scanner.

    The Jacobian's singular values are the local scales; its determinant is negative where
    the page would be mirrored.
    """
    hull = np.asarray(cv2.convexHull(page.astype(np.float32))[:, 0], np.float64)
    local = jacobians(h, np.vstack([hull, page.mean(axis=0)]))  # (M, 2, 2)
    scales = np.linalg.svd(local, compute_uv=False)  # (M, 2)
    mirrored = float(np.linalg.det(local).min()) <= 0
    stretch = float((scales[:, 0] / np.maximum(scales[:, 1], 1e-9)).max())
    tilt = float(np.sqrt(scales.prod(axis=1).max() / max(scales.prod(axis=1).min(), 1e-18)))
    if mirrored or stretch > params.max_stretch:
        found = -stretch if mirrored else stretch
        raise RegistrationError(Misfit.IMPLAUSIBLE_SHAPE, found=found, limit=params.max_stretch)
    if tilt > params.max_tilt:
        raise RegistrationError(Misfit.IMPLAUSIBLE_SHAPE, found=tilt, limit=params.max_tilt)
