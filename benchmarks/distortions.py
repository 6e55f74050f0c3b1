"""Distort sheets as scanners, phones and hands do, graded, with the truth kept.

``GRADES`` is the table that ``benchmarks/README.md`` shows. A grade is a set of ranges; each
kind of distortion alone takes the range of that kind and leaves the rest as they were, and
``mixed`` takes all of them at once. Nothing here is random but by the generator given.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segmentation.types import GrayImage, Homography, Points

SHEET_DPI = 300.0  # of every sheet that is distorted, and of every error that is reported
_ONE_IN = 4  # mixed pages have each of the kinds that are there or not in one case of so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """How bad it gets; each value is drawn evenly between no distortion and the limit."""

    skew_deg: float  # to either side, after any quarter turn
    dpi: tuple[float, float]  # of the page, evenly in its logarithm
    shift: float  # share of width and height that the sheet is moved, partly off the page
    stretch: float  # share by which the feed is too fast or too slow
    slip_px: float  # uneven feed: a slow wave of this size along the sheet, px
    perspective: float  # share of the width that each corner moves, any way
    shadow: float  # brightness at the darkest place
    border: float  # share of width and height of scanner bed around the sheet, black to white
    fax: bool  # one bit a pixel
    jpeg: int  # lowest quality
    contrast: float  # least contrast of all ink
    dropout_gray: int  # lightest gray that coloured print comes out as, dark ink staying dark
    covered: float  # share of the sheet under an opaque patch, or torn off at a corner
    noise: float  # gray standard deviation


GRADES: Mapping[str, Grade] = MappingProxyType(
    {
        "moderate": Grade(
            skew_deg=5,
            dpi=(150, 400),
            shift=0.01,
            stretch=0.02,
            slip_px=0,
            perspective=0.03,
            shadow=0.5,
            border=0.02,
            fax=False,
            jpeg=40,
            contrast=0.6,
            dropout_gray=120,
            covered=0.05,
            noise=8,
        ),
        "hard": Grade(
            skew_deg=15,
            dpi=(100, 600),
            shift=0.06,
            stretch=0.04,
            slip_px=6,
            perspective=0.06,
            shadow=0.25,
            border=0.1,
            fax=True,
            jpeg=30,
            contrast=0.25,
            dropout_gray=215,
            covered=0.1,
            noise=14,
        ),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """A filled sheet at ``SHEET_DPI``; print and pen apart where they are known apart."""

    name: str
    template_id: str
    printed: GrayImage = field(repr=False)  # (H, W), with the pen where ``pen`` is None
    pen: GrayImage | None = field(repr=False)  # (H, W), white where nothing is written
    boxes: Mapping[str, Points]  # field name to its (4, 2) corners


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """What happens to one sheet; the defaults do nothing."""

    turn_deg: int = 0
    skew_deg: float = 0.0
    dpi: float = SHEET_DPI
    shift: tuple[float, float] = (0.0, 0.0)
    stretch: float = 1.0
    slip_px: float = 0.0
    corners: tuple[tuple[float, float], ...] = ((0.0, 0.0),) * 4  # shares of the width
    shadow: float = 1.0
    shadow_deg: float = 0.0  # where the dark side is
    border: float = 0.0
    bed: int = 255
    fax_threshold: int | None = None
    jpeg: int = 90
    contrast: float = 1.0
    print_gray: int = 0
    print_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)  # tint of coloured print
    covered: float = 0.0
    torn: bool = False
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scan:
    """A page as a decoder would hand it over, and where its fields truly lie."""

    image: GrayImage = field(repr=False)  # (H, W)
    boxes: Mapping[str, Points]  # field name to (4, 2) corners, page px
    dpi: float  # page pixels per inch


def draw_distortion(kind: str, grade: Grade, rng: np.random.Generator) -> Distortion:
    """Draw one distortion of a kind of ``KINDS``, or of all at once for ``mixed``."""
    start = Distortion(seed=int(rng.integers(1 << 31)))
    if kind != MIXED:
        return KINDS[kind](start, grade, rng)
    out = start
    for name, drawer in KINDS.items():
        if name not in _SOME or rng.integers(_ONE_IN) == 0:
            out = drawer(out, grade, rng)
    return out


def _turn(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    skew = rng.uniform(-grade.skew_deg, grade.skew_deg)
    return replace(d, turn_deg=90 * int(rng.integers(4)), skew_deg=float(skew))


def _dpi(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, dpi=float(np.exp(rng.uniform(*np.log(grade.dpi)))))


def _shift(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    x, y = rng.uniform(-grade.shift, grade.shift, 2)
    return replace(d, shift=(float(x), float(y)))


def _stretch(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    stretch = 1 + rng.uniform(-grade.stretch, grade.stretch)
    return replace(d, stretch=float(stretch), slip_px=float(rng.uniform(0, grade.slip_px)))


def _perspective(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    moves = rng.uniform(-grade.perspective, grade.perspective, (4, 2))
    return replace(d, corners=tuple((float(x), float(y)) for x, y in moves))


def _shadow(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(
        d, shadow=float(rng.uniform(grade.shadow, 1)), shadow_deg=float(rng.uniform(0, 360))
    )


def _border(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    bed = int(rng.choice([0, 0, 20, 90, 200]))  # black more often than not
    return replace(d, border=float(rng.uniform(0, grade.border)), bed=bed)


def _fax(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, fax_threshold=int(rng.integers(110, 190)) if grade.fax else None)


def _jpeg(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, jpeg=int(rng.integers(grade.jpeg, 90)))


def _contrast(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, contrast=float(rng.uniform(grade.contrast, 1)))


def _dropout(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    tint = rng.uniform(0.4, 1.0, 3)  # how much of each channel the print takes away
    b, g, r = (float(v) for v in tint / tint.max())
    return replace(d, print_gray=int(rng.integers(0, grade.dropout_gray)), print_bgr=(b, g, r))


def _covered(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, covered=float(rng.uniform(0, grade.covered)), torn=False)


def _torn(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, covered=float(rng.uniform(0, grade.covered)), torn=True)


def _noise(d: Distortion, grade: Grade, rng: np.random.Generator) -> Distortion:
    return replace(d, noise=float(rng.uniform(0, grade.noise)))


MIXED = "mixed"
KINDS: Mapping[str, Callable[[Distortion, Grade, np.random.Generator], Distortion]] = (
    MappingProxyType(
        {
            "turn": _turn,
            "dpi": _dpi,
            "shift": _shift,
            "stretch": _stretch,
            "perspective": _perspective,
            "shadow": _shadow,
            "border": _border,
            "fax": _fax,
            "jpeg": _jpeg,
            "contrast": _contrast,
            "dropout": _dropout,
            "covered": _covered,
            "torn": _torn,
            "noise": _noise,
        }
    )
)
_SOME = ("fax", "dropout", "torn")  # there or not; all on one page would leave no page


def distort(sheet: Sheet, d: Distortion) -> Scan:
    """Scan a sheet: the page as decoded, and where its fields truly lie on it."""
    rng = np.random.default_rng(d.seed)
    paper, tint = _paper(sheet, d, rng)
    height, width = sheet.printed.shape
    slip = _slip(height, d, rng)
    if slip is not None:
        rows = np.arange(height, dtype=np.float32)
        # Rows move to y + slip(y); the wave is slow, so looking back by slip(y) inverts it.
        back = np.repeat((rows - slip.astype(np.float32))[:, None], width, axis=1)
        across = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
        paper = _bytes(
            cv2.remap(paper, across, back, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        )
    sheet_to_page, (page_width, page_height) = _geometry((height, width), d)
    scale = d.dpi / SHEET_DPI
    if scale < 0.8:  # a sensor sees areas, not points
        paper = _bytes(cv2.GaussianBlur(paper, (0, 0), 0.4 / scale))
    page = cv2.warpPerspective(
        paper,
        sheet_to_page,
        (page_width, page_height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(d.bed,) * 3,
    )
    image = _expose(_bytes(page), d, rng, tinted=tint)
    boxes = {
        name: _moved(_slipped(corners, slip), sheet_to_page)
        for name, corners in sheet.boxes.items()
    }
    return Scan(image=image, boxes=boxes, dpi=d.dpi)


def _paper(sheet: Sheet, d: Distortion, rng: np.random.Generator) -> tuple[GrayImage, bool]:
    """Give the sheet before it is moved, (H, W) or (H, W, 3), and whether it is in colour."""
    printed = sheet.printed
    tinted = d.print_gray > 0 and sheet.pen is not None
    if tinted:
        printed = _bytes(cv2.merge([_bytes(cv2.LUT(printed, table)) for table in _tints(d)]))
    if sheet.pen is not None:
        pen = cv2.merge([sheet.pen] * 3) if tinted else sheet.pen
        printed = np.minimum(printed, _bytes(pen))
    return _covered_sheet(np.ascontiguousarray(printed), d, rng), tinted


def _tints(d: Distortion) -> list[GrayImage]:
    """Give the table of each channel, blue, green and red, from black print to coloured."""
    ink = (255.0 - np.arange(256)) * ((255 - d.print_gray) / 255)
    return [np.round(255 - share * ink).astype(np.uint8) for share in d.print_bgr]


def _covered_sheet(sheet: GrayImage, d: Distortion, rng: np.random.Generator) -> GrayImage:
    """Lay a turned patch over the sheet, or tear a corner off."""
    if d.covered <= 0:
        return sheet
    height, width = sheet.shape[:2]
    out = sheet.copy()
    area = d.covered * height * width
    if d.torn:
        legs = np.sqrt(2 * area) * np.array([1, 1]) * rng.uniform(0.7, 1.4)
        legs[1] = 2 * area / legs[0]
        x, y = rng.choice([0, width]), rng.choice([0, height])
        inward = np.array([1 if x == 0 else -1, 1 if y == 0 else -1])
        corner = np.array([x, y], float)
        quad = np.array(
            [corner, corner + [inward[0] * legs[0], 0], corner + [0, inward[1] * legs[1]]]
        )
        gray = d.bed
    else:
        aspect = rng.uniform(0.5, 2)
        half = np.sqrt([area * aspect, area / aspect]) / 2
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = rng.uniform([0, 0], [width, height])
        quad = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ turn.T + middle
        gray = int(rng.integers(60, 256))
    cv2.fillConvexPoly(out, np.round(quad).astype(np.int32), (gray,) * 3)
    return out


def _slip(height: int, d: Distortion, rng: np.random.Generator) -> npt.NDArray[np.float64] | None:
    """Give how far each row is carried along, (H,), px."""
    if d.slip_px <= 0:
        return None
    waves = rng.uniform(0.5, 1.5)  # over the sheet
    return np.asarray(
        d.slip_px * np.sin(2 * np.pi * (waves * np.arange(height) / height + rng.uniform())),
        np.float64,
    )


def _slipped(corners: Points, slip: npt.NDArray[np.float64] | None) -> Points:
    if slip is None:
        return corners
    out = corners.copy()
    out[:, 1] += np.interp(corners[:, 1], np.arange(len(slip)), slip)
    return out


def _geometry(shape: tuple[int, int], d: Distortion) -> tuple[Homography, tuple[int, int]]:
    """Give the map from sheet to page, and the page's width and height."""
    height, width = shape
    rect = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    bent = rect + np.array(d.corners) * width
    tilt = cv2.getPerspectiveTransform(rect.astype(np.float32), bent.astype(np.float32))
    angle = np.radians(d.turn_deg + d.skew_deg)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])  # y points down
    scale = d.dpi / SHEET_DPI
    h = np.asarray(turn @ np.diag([scale, scale * d.stretch, 1.0]) @ tilt, np.float64)
    edges = _moved(rect, h)
    low, high = edges.min(axis=0), edges.max(axis=0)
    room = d.border * (high - low)
    size = high - low + 2 * room
    shift = np.eye(3)
    shift[:2, 2] = room - low - 0.5 + np.array(d.shift) * size
    h = shift @ h
    out = np.round(size).astype(int)
    return np.asarray(h / h[2, 2], np.float64), (int(out[0]), int(out[1]))


def _expose(page: GrayImage, d: Distortion, rng: np.random.Generator, *, tinted: bool) -> GrayImage:
    """Light, sense, code and decode a page, in colour where it is; (H, W)."""
    height, width = page.shape[:2]
    lifted = cv2.LUT(page, np.round(255 - d.contrast * (255.0 - np.arange(256))).astype(np.uint8))
    light = _light(height, width, d)
    if d.noise > 0:
        side = 1024
        tile = rng.standard_normal((side, side), np.float32) * np.float32(d.noise)
        light_noise = np.tile(tile, (height // side + 1, width // side + 1))[:height, :width]
    else:
        light_noise = None
    out = _lit(_bytes(lifted), light, light_noise)
    if d.fax_threshold is not None:
        gray = cv2.cvtColor(out, cv2.COLOR_BGR2GRAY) if tinted else out
        return _bytes(cv2.threshold(gray, d.fax_threshold, 255, cv2.THRESH_BINARY)[1])
    _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, d.jpeg])
    return _bytes(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))


def _light(height: int, width: int, d: Distortion) -> npt.NDArray[np.float32] | None:
    """Give the brightness of each pixel: a soft edge between a light and a dark half."""
    if d.shadow >= 1:
        return None
    angle = np.radians(d.shadow_deg)
    xs = np.linspace(-1, 1, 64, dtype=np.float32)
    along = xs[None, :] * np.cos(angle) + xs[:, None] * np.sin(angle)
    soft = 1 / (1 + np.exp(-6 * along))
    small = (d.shadow + (1 - d.shadow) * soft).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height)), np.float32)


def _lit(
    page: GrayImage,
    light: npt.NDArray[np.float32] | None,
    noise: npt.NDArray[np.float32] | None,
) -> GrayImage:
    if light is None and noise is None:
        return page
    out = page.astype(np.float32)
    if light is not None:
        out *= light if page.ndim == 2 else light[..., None]
    if noise is not None:
        out += noise if page.ndim == 2 else noise[..., None]
    return np.clip(out, 0, 255, out=out).astype(np.uint8)


def _moved(points: Points, h: Homography) -> Points:
    return np.asarray(cv2.perspectiveTransform(points[None], h)[0], np.float64)


def _bytes(image: object) -> GrayImage:
    return np.asarray(image, np.uint8)
