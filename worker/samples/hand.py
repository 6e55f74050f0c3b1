"""Write with a pen: a line of text, one letter to a box, or a tick.

A hand is a font with its size, its pen and its habits. Writing comes as ink, ``(h, w)`` float32
in [0, 1], 1 where the pen covers the paper, and is then laid onto the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from recognition.training.synthetic import HandParams, draw_name

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation.types import GrayImage
    from worker.samples.blank import Place

Ink = npt.NDArray[np.float32]  # (h, w), 0 bare paper to 1 covered

# The hand's own pen sets how thick a stroke is, so that one hand stays one hand.
_WRITING = HandParams(heavy_pen=0)
_STEADY = HandParams(loose_letters=0, heavy_pen=0, wave=0, slant_deg=(0, 0))
_SINGLE_LETTER = HandParams(loose_letters=0, heavy_pen=0, wave=0.02, slant_deg=(-3, 7))
_BASELINE_SHARE = 0.3  # of the fullest row's ink; tails below the line leave less
_PRESSURE_STEP_PX = 70  # how far apart pressure is drawn anew, about 6 mm
_COMB_CAP = 0.6  # a capital's share of its cell's height
_COMB_FOOT = 0.18  # free share of the cell below the letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """How one person writes on one day."""

    font: Path
    block_font: Path  # for capitals, which joined writing leaves to print
    capitals: bool  # writes every name in capitals
    cap_px: float  # height of a capital
    pen_px: int  # how much the pen widens the font's stroke, 0 for a fine point
    gray: int  # of full ink, 0 black to 255
    pressure: float  # [0, 1], ink that the lightest touch still leaves
    grain: float  # [0, 1], how much of the paper's grain shows through, as with pencil
    drift_px: float  # standard deviation of the baseline about the ruled line
    stray: float  # share of a place's width by which writing may run out of it


def write_line(text: str, hand: Hand, rng: np.random.Generator, *, size: float = 1.0) -> Ink:
    """Write ``text`` in one go, ``size`` times the hand's usual height."""
    font = hand.block_font if text.isupper() else hand.font
    height_px = max(8, round(size * hand.cap_px / _cap_share(font)))
    drawn = draw_name(text, font_path=font, height_px=height_px, rng=rng, params=_WRITING)
    return _pen(drawn, hand, rng)


def fit(ink: Ink, width_px: float) -> Ink:
    """Make writing smaller, if it must be, to end within ``width_px``."""
    scale = width_px / ink.shape[1]
    if scale >= 1:
        return ink
    small = cv2.resize(ink, None, fx=scale, fy=max(scale, 0.8), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def baseline_row(ink: Ink) -> int:
    """Find the row on which the letters stand, by the ink of each row."""
    rows = ink.sum(axis=1)
    return int(np.flatnonzero(rows >= _BASELINE_SHARE * rows.max())[-1])


def write_comb(
    page: GrayImage, place: Place, text: str, hand: Hand, rng: np.random.Generator
) -> GrayImage:
    """Write one letter into each cell of a comb; a space leaves its cell empty.

    Raises:
        ValueError: the text has more letters than the comb has cells.
    """
    if len(text) > place.cells:
        raise ValueError(f"want at most {place.cells} letters for the comb, got {len(text)}")
    box = place.box
    cell_px = box.width_px / place.cells
    cap_px = _COMB_CAP * box.height_px * rng.uniform(0.85, 1.15)
    height_px = max(8, round(cap_px / _cap_share(hand.block_font)))
    foot = box.y_px + (1 - _COMB_FOOT) * box.height_px
    for i, char in enumerate(text):
        if char == " ":
            continue
        drawn = draw_name(
            char, font_path=hand.block_font, height_px=height_px, rng=rng, params=_SINGLE_LETTER
        )
        ink = fit(_pen(drawn, hand, rng), 0.92 * cell_px)
        middle = box.x_px + (i + 0.5 + rng.normal(0, 0.05)) * cell_px
        bottom = foot - _lift(char) * cap_px + rng.normal(0, 0.04) * cap_px
        page = lay(page, ink, middle - ink.shape[1] / 2, bottom - ink.shape[0], hand.gray)
    return page


def tick(side_px: int, hand: Hand, rng: np.random.Generator) -> Ink:
    """Cross a box of ``side_px`` or tick it, not quite within its sides."""
    shape = rng.choice(["cross", "tick"])
    strokes = {
        "cross": [[(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.05), (0.1, 0.95)]],
        "tick": [[(0.1, 0.5), (0.4, 0.9), (1.1, -0.2)]],
    }[str(shape)]
    pad = side_px // 2
    canvas = np.zeros((side_px + 2 * pad, side_px + 2 * pad), np.uint8)
    for stroke in strokes:
        points = np.array(stroke) + rng.normal(0, 0.08, (len(stroke), 2))
        pixels = np.round(pad + points * side_px).astype(np.int32)
        cv2.polylines(
            canvas, [pixels], isClosed=False, color=255, thickness=4, lineType=cv2.LINE_AA
        )
    return _pen(255 - canvas, hand, rng)


def lay(page: GrayImage, ink: Ink, x: float, y: float, gray: int) -> GrayImage:
    """Lay ink onto the page, its top-left corner at ``(x, y)``, and give a new page."""
    top, left = round(y), round(x)
    rows = slice(max(0, top), min(page.shape[0], top + ink.shape[0]))
    columns = slice(max(0, left), min(page.shape[1], left + ink.shape[1]))
    seen = ink[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    out = page.copy()
    paper = page[rows, columns].astype(np.float32)
    written = paper - seen * (paper - gray)
    out[rows, columns] = np.minimum(paper, written).round()  # a pen never lightens print
    return out


def _pen(drawn: GrayImage, hand: Hand, rng: np.random.Generator) -> Ink:
    """Turn drawn letters into ink of the hand's pen, pressed now more, now less."""
    ink = np.pad(255 - drawn, hand.pen_px + 1)
    if hand.pen_px:
        nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * hand.pen_px + 1,) * 2)
        ink = np.asarray(cv2.dilate(ink, nib), np.uint8)
    width = ink.shape[1]
    steps = rng.uniform(hand.pressure, 1.0, 2 + width // _PRESSURE_STEP_PX)
    along = np.interp(np.linspace(0, len(steps) - 1, width), np.arange(len(steps)), steps)
    grain = 1 - hand.grain * rng.random(ink.shape, np.float32)
    return np.asarray(ink / np.float32(255) * along.astype(np.float32) * grain, np.float32)


def _lift(char: str) -> float:
    """Say how far over the line a sign floats, in heights of a capital."""
    return {"-": 0.45, "'": 0.7}.get(char, 0.0)


@lru_cache(maxsize=256)
def _cap_share(font: Path) -> float:
    """Measure a capital's height as a share of the font's line height."""
    plain = draw_name(
        "E", font_path=font, height_px=100, rng=np.random.default_rng(0), params=_STEADY
    )
    return float(plain.shape[0]) / 100
