"""Letters of handwriting fonts as small arrays, drawn once and kept.

A font is opened in few sizes only; what is drawn from a glyph is scaled from the next larger one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

    from recognition.types import GrayImage

_MISSING = "\U000fffff"  # private use, drawn by every font as its box for unknown characters
_LEAST_PX = 36  # line height that fonts are opened in, and its doubles: nothing shrinks by half


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Glyph:
    """A letter, or some letters in one."""

    ink: GrayImage  # (h, w), 255 where there is ink
    left: float  # px from the pen's position to the ink's left edge
    top: float  # px from the baseline down to the ink's top edge: negative for most
    advance: float  # px from this pen position to the next
    scale: float  # wanted line height over the drawn one; all of the above are still to be scaled


def glyph(font_path: Path, text: str, size_px: int) -> Glyph:
    """Draw ``text``, whose line height becomes ``size_px`` when it is scaled by ``scale``."""
    drawn_px = _drawn_px(size_px)
    draw = _letter if len(text) == 1 else _draw
    ink, left, top, step = draw(font_path, text, drawn_px)
    return Glyph(ink=ink, left=left, top=top, advance=step, scale=size_px / drawn_px)


def kerning(font_path: Path, first: str, second: str, size_px: int) -> float:
    """Give the px by which the font moves ``second`` when it follows ``first``."""
    drawn_px = _drawn_px(size_px)
    return _kerning(font_path, first, second, drawn_px) * size_px / drawn_px


def covers(font_path: Path, text: str) -> bool:
    """Say whether the font has a glyph of its own for every character of ``text``."""
    return all(char == " " or _has_glyph(font_path, char) for char in text)


@lru_cache(maxsize=65536)
def _has_glyph(font_path: Path, char: str) -> bool:
    font = _font(font_path, _LEAST_PX)
    missing = font.getmask(_MISSING)
    mask = font.getmask(char)
    if mask.getbbox() is None:  # a glyph without ink stands for a character left out
        return False
    return mask.size != missing.size or bytes(mask) != bytes(missing)


@lru_cache(maxsize=2048)  # a font takes long to open
def _font(font_path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """Load a font so that ascent plus descent is about ``size_px``."""
    font = ImageFont.truetype(str(font_path), 100)
    ascent, descent = font.getmetrics()
    return ImageFont.truetype(str(font_path), max(1, round(100 * size_px / (ascent + descent))))


def _draw(font_path: Path, text: str, size_px: int) -> tuple[GrayImage, float, float, float]:
    """Draw letters: their ink, its left and top px from the pen on the baseline, their advance."""
    font = _font(font_path, size_px)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text, anchor="ls"))
    canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)), 0)
    ImageDraw.Draw(canvas).text((-left, -top), text, fill=255, font=font, anchor="ls")
    ink = np.asarray(canvas, np.uint8)
    ink.setflags(write=False)
    return ink, left, top, font.getlength(text)


_letter = lru_cache(maxsize=32768)(_draw)  # about 2 kB each


@lru_cache(maxsize=262144)
def _kerning(font_path: Path, first: str, second: str, drawn_px: int) -> float:
    together = _font(font_path, drawn_px).getlength(first + second)
    return together - sum(_letter(font_path, char, drawn_px)[3] for char in (first, second))


def _drawn_px(size_px: int) -> int:
    """Choose the line height that letters of a size are drawn in: few, so that most are kept."""
    drawn_px = _LEAST_PX
    while drawn_px < size_px:
        drawn_px *= 2
    return drawn_px
