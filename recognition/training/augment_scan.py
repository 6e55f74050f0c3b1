"""Distort a crop as paper, scanner and file do: tone, dust, resolution, compression.

Each step takes a ``(h, w)`` uint8 crop, 0 ink on 255 paper, and gives a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.training.augment_paper import WHITE, paper_of

if TYPE_CHECKING:
    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage


def tone(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Make ink and paper grey, and add the grain of paper and sensor."""
    faint = rng.random() < params.pencil
    paper = rng.uniform(215, 255)
    ink = rng.uniform(90, paper - 80) if faint else rng.uniform(0, 150)
    toned = crop.astype(np.float32) * ((paper - ink) / 255) + ink
    noise = np.zeros(crop.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))  # OpenCV's noise is made ten times as fast
    if faint:  # graphite stays on the paper's peaks only
        cv2.randu(noise, np.zeros(1), np.array([rng.uniform(40, 120)]))
        toned += (paper - toned) * (noise / np.float32(255))
    cv2.randn(noise, np.zeros(1), np.array([rng.uniform(0, 6 if faint else 10)]))
    if rng.random() < 0.3:
        toned += np.linspace(rng.uniform(-25, 0), rng.uniform(-25, 0), crop.shape[1])[None]
    return np.asarray(np.clip(toned + noise, 0, 255), np.uint8)


def drop_specks(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Drop dust on the scan."""
    dusty = crop.copy()
    for _index in range(int(rng.integers(1, 8))):
        at = int(rng.integers(crop.shape[1])), int(rng.integers(crop.shape[0]))
        cv2.circle(dusty, at, int(rng.integers(0, 2)), (int(rng.uniform(0, 160)),), -1)
    return dusty


def coarsen(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Lose resolution."""
    height = max(18, round(crop.shape[0] * rng.uniform(0.4, 0.9)))
    if height >= crop.shape[0]:
        return crop
    size = (max(4, round(crop.shape[1] * height / crop.shape[0])), height)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def blur(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Soften all edges, as a scan out of focus does."""
    sigma_px = rng.uniform(0.008, 0.018) * max(32, crop.shape[0])
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma_px), np.uint8)


def compress(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Go through a JPEG file of low quality."""
    _done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def threshold(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Make it black and white, as a G4 scan does."""
    paper, ink = float(paper_of(crop)), float(np.quantile(crop, 0.01))
    level = ink + (paper - ink) * rng.uniform(0.35, 0.75)
    return np.where(crop < level, 0, WHITE).astype(np.uint8)


def fax(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Send by fax: few rows in black and white, pixels turned round, rows lost or repeated."""
    height, width = crop.shape
    rows = min(height, max(36, int(rng.uniform(0.55, 1.0) * height)))
    columns = max(4, round(width * rows / height * rng.uniform(1, 1.5)))
    small = np.asarray(cv2.resize(crop, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    sent = threshold(small, rng, params)
    flips = int(rng.uniform(0, 0.01) * sent.size)
    at = rng.integers(sent.size, size=flips)
    sent.flat[at] = WHITE - sent.flat[at]
    for row in rng.integers(1, max(2, rows), int(rng.integers(0, 3))):
        sent[row : row + 1] = sent[row - 1] if rng.random() < 0.6 else WHITE
    return np.asarray(cv2.resize(sent, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
