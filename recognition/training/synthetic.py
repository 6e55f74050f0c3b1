"""Draw a text as if a hand had written it, in a handwriting font.

Fonts teach letter shapes that no collected crop holds. Each letter is set on its own, with
its own size, tilt and height, at the place the font gives it; then the whole line is slanted
and bent, so that no two drawings of a text are alike.

Images are ``(H, W)`` uint8, 0 ink on 255 paper. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

    from recognition.types import GrayImage

_MISSING = "\U000fffff"  # private use, drawn by every font as its box for unknown characters


@dataclass(frozen=True, slots=True, kw_only=True)
class HandParams:
    """How far a drawn hand strays from its font."""

    oversampling: int = 2  # drawn this much larger, then reduced, for soft edges
    slant: float = 0.3  # sideways px per px of height, either way
    size_spread: float = 0.06  # standard deviation of one letter's size
    lift: float = 0.025  # standard deviation of one letter's height, shares of the line height
    wave: float = 0.06  # amplitude of the baseline's wave, shares of the line height
    tracking: float = 0.12  # widest extra letter spacing, shares of the line height
    loose_letters: float = 0.5  # share of drawings whose letters move one by one
    heavy_pen: float = 0.5  # share of drawings with a thicker stroke
    margin_px: int = 2  # paper left around the ink


PARAMS = HandParams()


def draw_name(
    text: str,
    *,
    font_path: Path,
    height_px: int,
    rng: np.random.Generator,
    params: HandParams = PARAMS,
) -> GrayImage:
    """Draw ``text`` as a hand might write it.

    Args:
        text: what to write; every character should be one that the font ``covers``.
        font_path: a TTF or OTF font.
        height_px: the font's line height, highest ascender to lowest descender.
        rng: the only source of chance.
        params: how far the hand strays.

    Returns:
        (h, w) uint8, 0 ink on 255 paper, a tight box around the ink; h follows the letters.

    Raises:
        ValueError: ``text`` leaves no ink, or ``height_px`` is not positive.
    """
    if height_px < 1:
        raise ValueError(f"want a positive height_px, got {height_px}")
    size_px = height_px * params.oversampling
    ink = _draw_letters(text, font_path, size_px, rng, params)
    ink = _bend(ink, size_px, rng, params)
    tight = _trim(ink, params.margin_px * params.oversampling)
    scale = 1 / params.oversampling
    small = cv2.resize(tight, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(255 - small, np.uint8)


def covers(font_path: Path, text: str) -> bool:
    """Say whether the font has a glyph of its own for every character of ``text``."""
    return all(char == " " or _has_glyph(font_path, char) for char in text)


@lru_cache(maxsize=16384)
def _has_glyph(font_path: Path, char: str) -> bool:
    font = _font(font_path, 32)
    missing = font.getmask(_MISSING)
    mask = font.getmask(char)
    if mask.getbbox() is None:  # a glyph without ink stands for a character left out
        return False
    return mask.size != missing.size or bytes(mask) != bytes(missing)


@lru_cache(maxsize=4096)  # letters vary in size, and a font takes long to open
def _font(font_path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """Load a font so that ascent plus descent is about ``size_px``."""
    font = ImageFont.truetype(str(font_path), 100)
    ascent, descent = font.getmetrics()
    return ImageFont.truetype(str(font_path), max(1, round(100 * size_px / (ascent + descent))))


def _draw_letters(
    text: str,
    font_path: Path,
    size_px: int,
    rng: np.random.Generator,
    params: HandParams,
) -> GrayImage:
    """Set the letters one after the other; 255 is ink here."""
    font = _font(font_path, size_px)
    loose = rng.random() < params.loose_letters
    tracking_px = rng.uniform(-0.15, 1.0) * params.tracking * size_px if loose else 0.0
    pen_px = (
        int(rng.integers(1, max(2, size_px // 24) + 1)) if rng.random() < params.heavy_pen else 0
    )
    pad = size_px
    width = int(font.getlength(text) + max(0.0, tracking_px) * len(text)) + 2 * pad
    canvas = Image.new("L", (width, 3 * size_px), 0)
    draw = ImageDraw.Draw(canvas)
    if not loose:
        draw.text((pad, pad), text, fill=255, font=font, stroke_width=pen_px // 2)
        return np.asarray(canvas, np.uint8)
    for i, char in enumerate(text):
        # Measured from the start of the text, so that kerning between letters is kept.
        x = pad + font.getlength(text[: i + 1]) - font.getlength(char) + i * tracking_px
        y = pad + rng.normal(0, params.lift) * size_px
        growth = 1 + float(np.clip(rng.normal(0, params.size_spread), -0.2, 0.2))
        own = _font(font_path, round(size_px * growth))
        y += font.getmetrics()[0] - own.getmetrics()[0]  # keep the baseline, not the top
        draw.text((x, y), char, fill=255, font=own, stroke_width=pen_px // 2)
    return np.asarray(canvas, np.uint8)


def _bend(ink: GrayImage, size_px: int, rng: np.random.Generator, params: HandParams) -> GrayImage:
    """Slant the line and let its baseline and its spacing wander."""
    height, width = ink.shape
    slant = rng.uniform(-0.4, 1.0) * params.slant  # hands lean forward more often
    xs = np.arange(width, dtype=np.float32)
    wave_px = rng.uniform(0, params.wave) * size_px
    period_px = rng.uniform(3, 12) * size_px
    phase, rhythm = rng.uniform(0, 2 * np.pi, 2)
    rise = wave_px * np.sin(2 * np.pi * xs / period_px + phase)
    stretch = 0.25 * wave_px * np.sin(2 * np.pi * xs / (0.4 * period_px) + rhythm)
    rows = np.arange(height, dtype=np.float32)[:, None]
    map_y = rows + rise[None].astype(np.float32)
    map_x = xs[None] + stretch[None] + slant * (rows - 1.5 * size_px)
    return np.asarray(
        cv2.remap(ink, map_x.astype(np.float32), map_y.astype(np.float32), cv2.INTER_LINEAR),
        np.uint8,
    )


def _trim(ink: GrayImage, margin_px: int) -> GrayImage:
    """Cut to the ink's box and a margin."""
    if not ink.any():
        raise ValueError("the text leaves no ink")
    x, y, width, height = cv2.boundingRect(ink)
    box = ink[y : y + height, x : x + width]
    return np.asarray(np.pad(box, margin_px), np.uint8)
