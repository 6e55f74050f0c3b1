"""Draw a text as if a hand had written it, in a handwriting font.

Fonts teach letter shapes that no collected crop holds. A text is set piece by piece, a piece
being a letter, a few joined ones or a word, each with its own size, tilt and height, about where
the font would place it; the whole is slanted and written with one pen. No two drawings of a text
are alike.

Images are ``(H, W)`` uint8, 0 ink on 255 paper. Nothing here needs torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from recognition.training.glyphs import Glyph, glyph, kerning

if TYPE_CHECKING:
    from pathlib import Path

    from recognition.types import GrayImage


@dataclass(frozen=True, slots=True, kw_only=True)
class HandParams:
    """How far a drawn hand strays from its font."""

    oversampling: int = 2  # drawn this much larger, then reduced, for soft edges
    slant_deg: tuple[float, float] = (-7, 17)  # furthest back and furthest forward
    size_spread: float = 0.06  # standard deviation of one piece's size
    tilt_deg: float = 0.0  # standard deviation of one piece's turn
    lift: float = 0.025  # standard deviation of one piece's height, shares of the line height
    wave: float = 0.06  # amplitude of the baseline's wave, shares of the line height
    tracking: float = 0.12  # widest extra letter spacing, shares of the line height
    unrest: float = 0.0  # standard deviation of one letter's spacing, shares of the line height
    word_gap: tuple[float, float] | None = None  # shares of the line height; None: as the font's
    tall_capitals: float = 0.0  # share of drawings whose capitals outgrow the small letters ...
    capital_growth: float = 1.5  # ... so many times at most
    loose_letters: float = 0.5  # share of drawings whose letters move one by one
    half_joined: float = 0.0  # share of drawings whose letters move in groups of up to four
    heavy_pen: float = 0.5  # share of drawings with a thicker stroke ...
    pen_growth: float = 0.03  # ... by so much of the line height at most
    widest_pen: float = 0.1  # a stroke is thickened no further, shares of the line height
    light_pen: float = 0.0  # share of drawings with a thinner stroke
    finest_pen: float = 0.045  # a stroke is thinned no further, shares of the line height
    margin_px: int = 2  # paper left around the ink


PARAMS = HandParams()
HANDS = HandParams(
    oversampling=1,  # what follows softens every edge
    slant_deg=(-15, 35),
    size_spread=0.07,
    tilt_deg=2.0,
    lift=0.03,
    tracking=0.16,
    unrest=0.02,
    word_gap=(0.14, 0.9),
    tall_capitals=0.5,
    loose_letters=0.45,
    half_joined=0.25,
    heavy_pen=0.45,
    pen_growth=0.07,
    light_pen=0.2,
)
"""For training: as unlike each other as the people who fill in forms."""


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
    pieces = _set(_part(text, rng, params), font_path, size_px, rng, params)
    ink = _write(pieces, margin_px=4 + int(params.pen_growth * size_px))
    ink = _change_pen(ink, size_px, rng, params)
    tight = _trim(ink, params.margin_px * params.oversampling)
    if params.oversampling > 1:
        scale = 1 / params.oversampling
        tight = np.asarray(
            cv2.resize(tight, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.asarray(255 - tight, np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """A glyph and where it goes."""

    glyph: Glyph
    place: npt.NDArray[np.float64]  # (2, 3): glyph px, its origin at (0, 0), to canvas px


def _part(text: str, rng: np.random.Generator, params: HandParams) -> list[str]:
    """Part a text into the pieces that a hand writes in one go; spaces stay alone."""
    words = [part for word in text.split(" ") for part in (" ", word) if part][1:]
    roll = rng.random()
    if roll < params.loose_letters:
        return list(text)
    if roll >= params.loose_letters + params.half_joined:
        return words
    pieces: list[str] = []
    for word in words:
        start = 0
        while start < len(word):  # a capital is seldom joined to what follows it
            length = 1 if start == 0 and word[0].isupper() else int(rng.integers(1, 5))
            pieces.append(word[start : start + length])
            start += length
    return pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hand:
    """What one drawing keeps to from its first letter to its last, in px."""

    slant: float  # sideways px per px of height
    tracking_px: float
    capital_size: float
    gap_px: float | None  # between words, None where the font says
    wave_px: float
    phase: float  # of the wave, radians
    turn_px: float  # along which the wave goes through one radian


def _take_pen(text: str, size_px: int, rng: np.random.Generator, params: HandParams) -> _Hand:
    """Choose a hand's habits."""
    back, forward = (float(np.tan(np.deg2rad(limit))) for limit in params.slant_deg)
    usual = back + 0.45 * (forward - back)
    gap_px = None
    if params.word_gap is not None:
        narrow, wide = params.word_gap
        gap_px = (narrow + (wide - narrow) * rng.random() ** 2) * size_px
    grown = rng.random() < params.tall_capitals and not text.isupper()
    return _Hand(
        slant=rng.triangular(back, usual, forward) if forward > back else back,
        tracking_px=rng.uniform(-0.15, 1.0) * params.tracking * size_px,
        capital_size=rng.uniform(1.0, params.capital_growth) if grown else 1.0,
        gap_px=gap_px,
        wave_px=rng.uniform(0, params.wave) * size_px,
        phase=rng.uniform(0, 2 * np.pi),
        turn_px=rng.uniform(3, 12) * size_px / (2 * np.pi),
    )


def _set(
    parts: list[str],
    font_path: Path,
    size_px: int,
    rng: np.random.Generator,
    params: HandParams,
) -> list[_Piece]:
    """Place the pieces one after the other about a waving baseline at y 0."""
    hand = _take_pen("".join(parts), size_px, rng, params)
    # Joined letters keep each other in place.
    free = 0.5 if any(len(part) > 1 for part in parts) else 1.0
    spread = [params.size_spread, params.lift * size_px, np.deg2rad(params.tilt_deg)]
    strays = np.clip(rng.normal(0, 1, (len(parts), 4)), -3, 3) * [*spread, params.unrest * size_px]
    strays[:, :3] *= free
    pieces: list[_Piece] = []
    x = 0.0
    for part, following, (growth, lift, tilt, step) in zip(
        parts, [*parts[1:], " "], strays, strict=True
    ):
        drawn = glyph(font_path, part, size_px)
        if part == " ":
            x += drawn.advance * drawn.scale if hand.gap_px is None else hand.gap_px
            continue
        size = drawn.scale * (1 + growth) * (hand.capital_size if part[0].isupper() else 1.0)
        y = hand.wave_px * np.sin(x / hand.turn_px + hand.phase) + lift
        pieces.append(_Piece(glyph=drawn, place=_place(x, y, size, hand.slant, tilt)))
        x += drawn.advance * size + step
        if following != " ":
            x += hand.tracking_px + kerning(font_path, part[-1], following[0], size_px)
    return pieces


def _place(x: float, y: float, size: float, slant: float, tilt: float) -> npt.NDArray[np.float64]:
    """Give the map that sizes, slants and turns a glyph (rad) and moves it to (x, y)."""
    cos, sin = np.cos(tilt), np.sin(tilt)
    turned = np.array([[cos, sin], [-sin, cos]]) @ np.array([[size, -slant * size], [0, size]])
    return np.column_stack([turned, [x, y]])


def _write(pieces: list[_Piece], margin_px: int) -> GrayImage:
    """Draw the placed pieces on one canvas with a margin; 255 is ink here."""
    patches: list[tuple[int, int, GrayImage]] = []
    for piece in pieces:
        drawn = piece.glyph
        height, width = drawn.ink.shape
        across = np.array([drawn.left, drawn.left + width])
        down = np.array([[drawn.top], [drawn.top + height]])
        (a, b, x), (c, d, y) = piece.place
        xs, ys = a * across + b * down + x, c * across + d * down + y
        left, top = int(np.floor(xs.min())) - 1, int(np.floor(ys.min())) - 1
        size = (int(np.ceil(xs.max())) + 2 - left, int(np.ceil(ys.max())) + 2 - top)
        matrix = np.array(
            [
                [a, b, a * drawn.left + b * drawn.top + x - left],
                [c, d, c * drawn.left + d * drawn.top + y - top],
            ]
        )
        patch = cv2.warpAffine(drawn.ink, matrix, size, flags=cv2.INTER_LINEAR)
        patches.append((left, top, np.asarray(patch, np.uint8)))
    if not patches:
        raise ValueError("the text leaves no ink")
    left = min(x for x, _, _ in patches) - margin_px
    top = min(y for _, y, _ in patches) - margin_px
    right = max(x + patch.shape[1] for x, _, patch in patches) + margin_px
    bottom = max(y + patch.shape[0] for _, y, patch in patches) + margin_px
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    for x, y, patch in patches:
        height, width = patch.shape
        there = canvas[y - top : y - top + height, x - left : x - left + width]
        np.maximum(there, patch, out=there)
    return canvas


def _change_pen(
    ink: GrayImage, size_px: int, rng: np.random.Generator, params: HandParams
) -> GrayImage:
    """Write with a thicker pen, up to a felt pen's, or a thinner one."""
    roll = rng.random()
    if roll >= params.heavy_pen + params.light_pen:
        return ink
    core = cv2.erode(ink, np.ones((3, 3), np.uint8))
    area, inner = (int(np.count_nonzero(part > 127)) for part in (ink, core))
    stroke_px = 2 * area / max(1, area - inner)  # a long stroke of width w loses 2 of each w
    if roll < params.heavy_pen:
        room_px = max(0.0, params.widest_pen * size_px - stroke_px)
        more_px = min(rng.random() ** 1.5 * params.pen_growth * size_px, room_px)
        part = more_px % 1
        thick, thicker = _thicken(ink, int(more_px)), _thicken(ink, int(more_px) + 1)
        return np.asarray(cv2.addWeighted(thick, 1 - part, thicker, part, 0), np.uint8)
    if stroke_px < params.finest_pen * size_px:
        return ink
    thin = cv2.erode(ink, np.ones((2, 2), np.uint8))
    share = rng.uniform(0.2, 0.8)
    return np.asarray(cv2.addWeighted(ink, 1 - share, thin, share, 0), np.uint8)


def _thicken(ink: GrayImage, more_px: int) -> GrayImage:
    """Widen every stroke by whole pixels."""
    if more_px == 0:
        return ink
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (more_px + 1, more_px + 1))
    return np.asarray(cv2.dilate(ink, kernel), np.uint8)


def _trim(ink: GrayImage, margin_px: int) -> GrayImage:
    """Cut to the ink's box and a margin."""
    if not ink.any():
        raise ValueError("the text leaves no ink")
    x, y, width, height = cv2.boundingRect(ink)
    box = ink[y : y + height, x : x + width]
    return np.asarray(np.pad(box, margin_px), np.uint8)
