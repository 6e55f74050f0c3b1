"""Distort a crop as hands and pens do: strokes, shape, and what is cut off.

Each step takes a ``(h, w)`` uint8 crop, 0 ink on 255 paper, and gives a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.training.augment_paper import ink_box, ink_mask, paper_of, wander

if TYPE_CHECKING:
    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage


def change_pen(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Thicken or thin the strokes; grey erosion of paper thickens ink."""
    shape = ((2, 1), (1, 2), (2, 2), (3, 3))[int(rng.choice(4, p=[0.25, 0.25, 0.35, 0.15]))]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, shape)
    thicker = rng.random() < 0.6
    changed = cv2.erode(crop, kernel) if thicker else cv2.dilate(crop, kernel)
    share = rng.uniform(0.3, 1.0) if thicker else rng.uniform(0.2, 0.7)
    return np.asarray(cv2.addWeighted(crop, 1 - share, changed, share, 0), np.uint8)


def press_unevenly(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Thicken here, thin there, as pressure changes; sometimes the ink runs low in places."""
    height, width = crop.shape
    before = crop.astype(np.float32)
    pressure = wander(width, height, rng) * rng.uniform(0.4, 1.0)
    thicker = cv2.erode(crop, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    thinner = cv2.dilate(crop, np.ones((2, 2), np.uint8))
    pressed = before + np.maximum(pressure, 0) * (thicker - before)
    pressed += np.clip(-pressure, 0, 0.7) * (thinner - before)
    if rng.random() < 0.3:
        low = np.clip(wander(width, height, rng), 0, 1) * rng.uniform(0.3, 0.8)
        pressed += low * (paper_of(crop) - pressed)
    return np.asarray(np.clip(pressed, 0, 255), np.uint8)


def deform(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Turn, slant, stretch and bend in one resampling."""
    height, width = crop.shape
    stretch = float(np.exp(np.clip(rng.normal(0, params.stretch), -0.35, 0.35)))
    slant = rng.normal(0, params.slant)
    turn = np.tan(np.deg2rad(rng.normal(0, params.turn_deg)))
    pad_y = int(0.1 * height + abs(turn) * width / 2)
    pad_x = int(0.5 * abs(slant) * height) + 2
    out_w, out_h = int(width * stretch) + 2 * pad_x, height + 2 * pad_y
    bend_x, bend_y = (wander(out_w, out_h, rng) * (params.bend * height) for _ in range(2))
    xs = np.arange(out_w, dtype=np.float32)[None]
    ys = np.arange(out_h, dtype=np.float32)[:, None]
    middle_x, middle_y = out_w / 2, out_h / 2
    map_x = (xs - middle_x + slant * (ys - middle_y)) / stretch + width / 2 + bend_x
    map_y = ys - middle_y + turn * (xs - middle_x) + height / 2 + bend_y
    return np.asarray(
        cv2.remap(
            crop,
            map_x.astype(np.float32),
            map_y.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(paper_of(crop),),
        ),
        np.uint8,
    )


def raise_capitals(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Stretch what stands above the small letters, and lower these; block capitals stay."""
    filled = np.count_nonzero(ink_mask(crop), axis=1)
    rows = np.flatnonzero(filled)
    if len(rows) < 8:
        return crop
    body = np.flatnonzero(filled > 0.5 * filled.max())
    top, foot = int(body[0]), int(body[-1]) + 1
    if top - rows[0] < 0.15 * len(rows) or foot - top < 4:
        return crop
    scales = rng.uniform([1.0, 0.7, 0.8], [params.tall_most, 1.0, 1.2])
    zones = (crop[:top], crop[top:foot], crop[foot:])
    return np.vstack([_scale_rows(z, s) for z, s in zip(zones, scales, strict=True) if len(z)])


def _scale_rows(zone: GrayImage, scale: float) -> GrayImage:
    height, width = zone.shape
    return np.asarray(cv2.resize(zone, (width, max(1, round(height * scale)))), np.uint8)


def cut_ink(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Lose a strip of the ink at top or bottom, as a field cut too low does."""
    box = ink_box(crop)
    if box is None or box[3] - box[1] < 8:
        return crop
    _, top, _, bottom = box
    depth = int(rng.random() ** 1.5 * params.cut_share * (bottom - top))
    return crop[: bottom - depth] if rng.random() < 0.7 else crop[top + depth :]
