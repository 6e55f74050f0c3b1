"""Scan a page as office machines do: turned, stretched, unevenly lit, noisy, not quite sharp.

All of it is drawn by the generator that is passed in; the page keeps its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from segmentation.types import GrayImage, Homography

_FloatImage = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerParams:
    """How far a scan strays from its page; ranges are from, to."""

    turn_deg: float = 2.5  # either way
    shift: float = 0.012  # either way, share of the page's width
    stretch: float = 0.008  # either way, each axis on its own: rollers slip
    keystone: float = 0.004  # either way, share that a corner is off, as with a lifted lid
    upside_down: float = 0.1  # share of the pages
    dark_edge: float = 0.25  # share of the pages that lie on a dark lid
    paper_gray: tuple[float, float] = (228, 250)
    ink_gray: tuple[float, float] = (8, 45)  # what black comes out as
    shade: float = 0.06  # widest darkening across the page
    blur_px: tuple[float, float] = (0.5, 1.1)
    noise: tuple[float, float] = (1.5, 5.0)  # standard deviation, gray levels
    specks: int = 60  # at most, a page
    streak: float = 0.2  # share of the pages with a stripe from dirt on the glass


PARAMS = ScannerParams()


def scan(page: GrayImage, rng: np.random.Generator, *, params: ScannerParams = PARAMS) -> GrayImage:
    """Scan one page.

    Args:
        page: (H, W) uint8, the page as it lies on the glass.
        rng: the only source of chance.
        params: how far the scan strays.

    Returns:
        (H, W) uint8.
    """
    lid = float(rng.uniform(20, 70)) if rng.random() < params.dark_edge else 255.0
    moved = cv2.warpPerspective(
        page,
        _draw_move(page.shape[0], page.shape[1], rng, params),
        (page.shape[1], page.shape[0]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(lid,),
    )
    soft = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(*params.blur_px)))
    specked = _drop_specks(np.asarray(soft, np.uint8), rng, params)
    return _expose(specked, rng, params)


def _draw_move(
    height: int, width: int, rng: np.random.Generator, params: ScannerParams
) -> Homography:
    """Draw where the page comes to lie, as a map from page to scan."""
    turn_deg = rng.uniform(-params.turn_deg, params.turn_deg)
    if rng.random() < params.upside_down:
        turn_deg += 180
    turn = np.eye(3)
    centre = ((width - 1) / 2, (height - 1) / 2)
    turn[:2] = cv2.getRotationMatrix2D(centre, turn_deg, 1.0)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    size = np.array([width, height])
    off = corners - size / 2
    off *= 1 + rng.uniform(-params.stretch, params.stretch, 2)
    off += rng.uniform(-params.keystone, params.keystone, (4, 2)) * size / 2
    off += rng.uniform(-params.shift, params.shift, 2) * width
    bent = cv2.getPerspectiveTransform(corners, (off + size / 2).astype(np.float32))
    return np.asarray(bent @ turn, np.float64)


def _drop_specks(image: GrayImage, rng: np.random.Generator, params: ScannerParams) -> GrayImage:
    """Add specks of dust and, now and then, the stripe of a dirty glass."""
    out = image.copy()
    height, width = image.shape
    for _ in range(int(rng.integers(params.specks + 1))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(out, centre, int(rng.integers(1, 4)), int(rng.integers(0, 150)), cv2.FILLED)
    if rng.random() < params.streak:
        x = int(rng.integers(width))
        out[:, x : x + 2] = np.minimum(out[:, x : x + 2], int(rng.integers(170, 225)))
    return out


def _expose(image: GrayImage, rng: np.random.Generator, params: ScannerParams) -> GrayImage:
    """Bring paper and ink to the scanner's levels, with uneven light and noise."""
    paper, ink = rng.uniform(*params.paper_gray), rng.uniform(*params.ink_gray)
    height, width = image.shape
    light = 1 - rng.uniform(0, params.shade) * rng.random((4, 3), np.float32)
    lit = cv2.resize(light.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    out: _FloatImage = image.astype(np.float32)
    out *= np.float32((paper - ink) / 255)
    out += np.float32(ink)
    out *= lit
    out += rng.standard_normal(image.shape, np.float32) * np.float32(rng.uniform(*params.noise))
    return np.asarray(np.clip(out, 0, 255, out=out).round(), np.uint8)
