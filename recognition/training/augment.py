"""Distort a crop at random, as pens, hands, forms and scanners do.

Every step takes a ``(h, w)`` uint8 crop, 0 ink on 255 paper, and gives a new one. They run in the
order of the world: hand and pen, then the form's print round it, then paper, scanner and file.
The crop goes through ``preprocess`` afterwards, just as in reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable

    from recognition.types import GrayImage

PAPER = 255
_LABELS = (
    "Name", "NAME", "Name:", "NOM :", "PRENOM :", "Last name", "First", "Print name", "Client name",
    "Staff", "Signature", "Date of birth", "Patient", "Nom de famille", "Vorname", "Participant",
    "M.I.", "Address", "Surname", "Given names", "(please print)", "Full Name", "DOB", "Phone",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentParams:
    """How often each step is taken, as a share of crops, and how far it goes."""

    geometry: float = 0.85
    turn_deg: float = 2.5  # standard deviation
    slant: float = 0.18  # standard deviation, px sideways per px of height
    stretch: float = 0.16  # standard deviation of the log of width against height
    bend: float = 0.035  # largest shift of ink, shares of the height
    pen: float = 0.45  # thicker or thinner strokes
    field: float = 0.5  # set into a larger field of a form, with what stands round it
    ruling: float = 0.35  # of those: remnants of a ruling line
    erased: float = 0.15  # a ruling was removed, and with it some ink
    label: float = 0.3  # slivers of a printed label
    edge: float = 0.2  # edges of a box
    cut: float = 0.15  # top or bottom of the ink is cut off
    cut_share: float = 0.12  # of the height, at most
    tone: float = 0.7  # grey ink, grey paper, noise
    coarse: float = 0.3  # scanned at a lower resolution
    blur: float = 0.2
    jpeg: float = 0.15
    binary: float = 0.15
    specks: float = 0.15


FULL = AugmentParams()
LIGHT = AugmentParams(field=0.08, ruling=0.2, label=0.1, tone=0.4, coarse=0.2, cut=0.08)
"""For crops that come from forms already, with all that stands round them."""


def distort(crop: GrayImage, rng: np.random.Generator, params: AugmentParams = FULL) -> GrayImage:
    """Give a distorted copy of ``crop``; its size may change, its text does not."""
    steps: list[tuple[float, Callable[[GrayImage, np.random.Generator, AugmentParams], GrayImage]]]
    steps = [
        (params.pen, _pen),
        (params.geometry, _geometry),
        (params.cut, _cut),
        (params.field, _field),
        (params.tone, _tone),
        (params.specks, _specks),
        (params.coarse, _coarse),
        (params.blur, _blur),
        (params.jpeg, _jpeg),
        (params.binary, _binary),
    ]
    for often, step in steps:
        if rng.random() < often:
            crop = step(crop, rng, params)
    return crop


def _pen(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Thicken or thin the strokes; grey erosion of paper thickens ink."""
    shape = ((2, 1), (1, 2), (2, 2), (3, 3))[int(rng.choice(4, p=[0.25, 0.25, 0.35, 0.15]))]
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, shape)
    thicker = rng.random() < 0.6
    changed = cv2.erode(crop, kernel) if thicker else cv2.dilate(crop, kernel)
    share = rng.uniform(0.3, 1.0) if thicker else rng.uniform(0.2, 0.7)
    return np.asarray(cv2.addWeighted(crop, 1 - share, changed, share, 0), np.uint8)


def _geometry(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Turn, slant, stretch and bend in one resampling."""
    height, width = crop.shape
    stretch = float(np.exp(np.clip(rng.normal(0, params.stretch), -0.35, 0.35)))
    slant = rng.normal(0, params.slant)
    turn = np.tan(np.deg2rad(rng.normal(0, params.turn_deg)))
    pad_y = int(0.1 * height + abs(turn) * width / 2)
    pad_x = int(0.5 * abs(slant) * height) + 2
    out_w, out_h = int(width * stretch) + 2 * pad_x, height + 2 * pad_y
    bend_x, bend_y = (_wander(out_w, out_h, rng) * (params.bend * height) for _ in range(2))
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
            borderValue=_paper(crop),
        ),
        np.uint8,
    )


def _wander(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Give a smooth random field in [-1, 1], (height, width) float32."""
    coarse = rng.uniform(-1, 1, (3, max(3, round(2 * width / height)))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def _cut(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Lose a strip of the ink at top or bottom, as a field cut too low does."""
    rows = np.flatnonzero((crop < _paper(crop) - 60).any(axis=1))
    if len(rows) < 8:
        return crop
    depth = int(rng.uniform(0, params.cut_share) * len(rows))
    return crop[: rows[-1] + 1 - depth] if rng.random() < 0.7 else crop[rows[0] + depth :]


def _field(crop: GrayImage, rng: np.random.Generator, params: AugmentParams) -> GrayImage:
    """Set the crop into a larger field with remnants of the form's print."""
    height = crop.shape[0]
    top, bottom = (int(m * height) for m in rng.uniform(0, 0.6, 2) ** 1.5)
    left, right = (int(m * height) for m in rng.uniform(0, [1.0, 6.0]) * rng.random())
    paper = _paper(crop)
    field = np.pad(crop, ((top, bottom), (left, right)), constant_values=paper)
    rows = np.flatnonzero((crop < paper - 60).any(axis=1))
    foot = top + (int(rows[-1]) if len(rows) else height)
    if rng.random() < params.erased:
        y = foot - int(rng.uniform(-0.05, 0.3) * height)
        cv2.line(field, (0, y), (field.shape[1], y), paper, int(rng.integers(1, 3)))
    if rng.random() < params.ruling:
        _rule(field, foot - int(rng.uniform(-0.12, 0.15) * height), rng)
    if rng.random() < params.label:
        _print_label(field, rng, height)
    if rng.random() < params.edge:
        _draw_edges(field, rng)
    return field


def _rule(field: GrayImage, y: int, rng: np.random.Generator) -> None:
    """Draw what is left of a ruling line, in pieces, onto ``field`` in place."""
    width = field.shape[1]
    line = np.full_like(field, PAPER)
    tilt = rng.normal(0, 0.004)
    thick = int(rng.integers(1, max(2, field.shape[0] // 24) + 1))
    ink = int(rng.uniform(0, 170))
    whole = rng.random() < 0.4
    x = 0 if whole else int(rng.uniform(0, width / 2))
    while x < width:
        length = width if whole else int(rng.exponential(0.25 * width)) + 4
        start, end = (x, int(y + tilt * x)), (x + length, int(y + tilt * (x + length)))
        cv2.line(line, start, end, ink, thick)
        x += length + int(rng.exponential(0.3 * width)) + 3
    np.minimum(field, line, out=field)  # a line never lightens the ink it crosses


def _print_label(field: GrayImage, rng: np.random.Generator, writing_px: int) -> None:
    """Print a label so that at most part of it shows, at left, above or below, in place."""
    text = _LABELS[int(rng.integers(len(_LABELS)))]
    label = _printed(text, int(np.clip(writing_px * rng.uniform(0.25, 0.55), 8, 48)))
    height, width = label.shape
    where = rng.random()
    if where < 0.4:  # left of the writing, mostly cut off
        x, y = -int(width * rng.uniform(0.5, 0.95)), int(rng.uniform(0, field.shape[0]))
    elif where < 0.75:  # above
        x = int(rng.uniform(-0.3, 0.8) * field.shape[1])
        y = -int(height * rng.uniform(0.2, 0.85))
    else:  # below
        x = int(rng.uniform(-0.3, 0.8) * field.shape[1])
        y = field.shape[0] - int(height * rng.uniform(0.15, 0.7))
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, field.shape[1]), min(y + height, field.shape[0])
    if x1 > x0 and y1 > y0:
        part = label[y0 - y : y1 - y, x0 - x : x1 - x]
        field[y0:y1, x0:x1] = np.minimum(field[y0:y1, x0:x1], part)


@lru_cache(maxsize=512)
def _printed(text: str, size_px: int) -> GrayImage:
    """Set a label in a printed typeface."""
    font = ImageFont.load_default(size_px)
    box = font.getbbox(text)
    canvas = Image.new("L", (int(box[2]) + 2, int(box[3]) + 2), PAPER)
    ImageDraw.Draw(canvas).text((1, 1), text, fill=20, font=font)
    return np.asarray(canvas, np.uint8)


def _draw_edges(field: GrayImage, rng: np.random.Generator) -> None:
    """Draw what is left of a box round the field, in place."""
    height, width = field.shape
    ink, thick = int(rng.uniform(0, 150)), int(rng.integers(1, 4))
    for x in (0, width - 1):
        if rng.random() < 0.5:
            cv2.line(field, (x, 0), (x, height), ink, thick)
    for y in (0, height - 1):
        if rng.random() < 0.4:
            cv2.line(field, (0, y), (width, y), ink, thick)


def _tone(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Make ink and paper grey, and add the grain of paper and sensor."""
    paper = rng.uniform(215, 255)
    ink = rng.uniform(0, 150)
    toned = crop.astype(np.float32) * ((paper - ink) / 255) + ink
    noise = np.zeros(crop.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))  # OpenCV's noise is made ten times as fast
    cv2.randn(noise, np.zeros(1), np.array([rng.uniform(0, 10)]))
    if rng.random() < 0.3:
        toned += np.linspace(rng.uniform(-25, 0), rng.uniform(-25, 0), crop.shape[1])[None]
    return np.asarray(np.clip(toned + noise, 0, 255), np.uint8)


def _specks(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Drop dust on the scan."""
    dusty = crop.copy()
    for _index in range(int(rng.integers(1, 8))):
        at = int(rng.integers(crop.shape[1])), int(rng.integers(crop.shape[0]))
        cv2.circle(dusty, at, int(rng.integers(0, 2)), int(rng.uniform(0, 160)), -1)
    return dusty


def _coarse(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Lose resolution."""
    height = max(18, round(crop.shape[0] * rng.uniform(0.4, 0.9)))
    if height >= crop.shape[0]:
        return crop
    size = (max(4, round(crop.shape[1] * height / crop.shape[0])), height)
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)


def _blur(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    sigma_px = rng.uniform(0.008, 0.022) * max(32, crop.shape[0])
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma_px), np.uint8)


def _jpeg(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    _done, data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 70))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def _binary(crop: GrayImage, rng: np.random.Generator, _: AugmentParams) -> GrayImage:
    """Threshold, as a fax or a G4 scan does."""
    paper, ink = float(_paper(crop)), float(np.quantile(crop, 0.01))
    level = ink + (paper - ink) * rng.uniform(0.35, 0.75)
    return np.where(crop < level, 0, PAPER).astype(np.uint8)


def _paper(crop: GrayImage) -> int:
    """Estimate the paper's grey: most of a crop is paper."""
    return int(np.median(crop[:: max(1, crop.shape[0] // 16), ::4]))
