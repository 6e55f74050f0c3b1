"""Set a crop into what a form prints round it: rulings, dots, labels, box edges, a stamp.

Each step takes a ``(h, w)`` uint8 crop, 0 ink on 255 paper, and gives a new one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recognition.training.augment_paper import WHITE, Framed, paper_of

if TYPE_CHECKING:
    from recognition.training.augment_paper import Box
    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage

_LABELS = (
    "Name", "NAME", "Name:", "NOM :", "PRENOM :", "Last name", "First", "Print name", "Client name",
    "Staff", "Signature", "Date of birth", "Patient", "Nom de famille", "Vorname", "Participant",
    "M.I.", "Address", "Surname", "Given names", "(please print)", "Full Name", "DOB", "Phone",
)  # fmt: skip
_STAMPED = ("RECEIVED", "COPY", "FILED", "SCANNED", "12 MAR", "ENTERED", "14:32", "VOID", "No. 118")


def set_in_field(framed: Framed, rng: np.random.Generator, params: AugmentParams) -> Framed:
    """Set the crop into a larger field with remnants of the form's print."""
    height = framed.crop.shape[0]
    top, bottom = (int(m * height) for m in rng.uniform(0, 0.6, 2) ** 1.5)
    left, right = (int(m * height) for m in rng.uniform(0, [1.0, 6.0]) * rng.random())
    paper = paper_of(framed.crop)
    field = np.pad(framed.crop, ((top, bottom), (left, right)), constant_values=paper)
    x0, y0, x1, y1 = framed.box
    box = (x0 + left, y0 + top, x1 + left, y1 + top)
    foot = box[3] - 1
    if rng.random() < params.erased:
        y = foot - int(rng.uniform(-0.05, 0.3) * height)
        cv2.line(field, (0, y), (field.shape[1], y), (paper,), int(rng.integers(1, 3)))
    if rng.random() < params.ruling:
        _rule(field, foot - int(rng.uniform(-0.12, 0.15) * height), rng)
    if rng.random() < params.dots:
        _dot(field, foot - int(rng.uniform(-0.15, 0.1) * height), rng)
    if rng.random() < params.label:
        _print_label(field, box, rng)
    if rng.random() < params.edge:
        _draw_edges(field, rng)
    return Framed(crop=field, box=box)


def _rule(field: GrayImage, y: int, rng: np.random.Generator) -> None:
    """Draw what is left of a ruling line, in pieces, onto ``field`` in place."""
    width = field.shape[1]
    line = np.full_like(field, WHITE)
    tilt = rng.normal(0, 0.004)
    thick = int(rng.integers(1, max(2, field.shape[0] // 24) + 1))
    ink = int(rng.uniform(0, 170))
    whole = rng.random() < 0.4
    x = 0 if whole else int(rng.uniform(0, width / 2))
    while x < width:
        length = width if whole else int(rng.exponential(0.25 * width)) + 4
        start, end = (x, int(y + tilt * x)), (x + length, int(y + tilt * (x + length)))
        cv2.line(line, start, end, (ink,), thick)
        x += length + int(rng.exponential(0.3 * width)) + 3
    np.minimum(field, line, out=field)  # a line never lightens the ink it crosses


def _dot(field: GrayImage, y: int, rng: np.random.Generator) -> None:
    """Print a row of guide dots, in place."""
    size = int(rng.integers(1, max(1, field.shape[0] // 32) + 2))
    period = size + int(rng.integers(2, 3 + max(2, field.shape[0] // 8)))
    ink = int(rng.uniform(0, 150))
    row = field[max(0, y) : max(0, y) + size]
    for x in range(size):
        row[:, x::period] = np.minimum(row[:, x::period], ink)


def _print_label(field: GrayImage, box: Box, rng: np.random.Generator) -> None:
    """Print a label so that at most part of it shows, at left, above or below, in place."""
    left, top, _, bottom = box
    text = _LABELS[int(rng.integers(len(_LABELS)))]
    label = _printed(text, int(np.clip((bottom - top) * rng.uniform(0.25, 0.55), 8, 48)))
    height, width = label.shape
    where = rng.random()
    if where < 0.4:  # left of the writing, mostly cut off
        x, y = -int(width * rng.uniform(0.5, 0.95)), int(rng.uniform(0, field.shape[0]))
        x = min(x, left - width)
    elif where < 0.75:  # above; writing may run into a label, but not through it
        x = int(rng.uniform(-0.3, 0.8) * field.shape[1])
        y = min(-int(height * rng.uniform(0.2, 0.85)), top - int(0.8 * height))
    else:  # below
        x = int(rng.uniform(-0.3, 0.8) * field.shape[1])
        y = max(field.shape[0] - int(height * rng.uniform(0.15, 0.7)), bottom - height // 5)
    _overlay(field, label, x, y)


def _overlay(field: GrayImage, print_: GrayImage, x: int, y: int) -> None:
    """Print onto ``field`` in place, top-left corner at (x, y); what is outside is lost."""
    height, width = print_.shape
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + width, field.shape[1]), min(y + height, field.shape[0])
    if x1 > x0 and y1 > y0:
        part = print_[y0 - y : y1 - y, x0 - x : x1 - x]
        field[y0:y1, x0:x1] = np.minimum(field[y0:y1, x0:x1], part)


@lru_cache(maxsize=512)
def _printed(text: str, size_px: int) -> GrayImage:
    """Set a label in a printed typeface."""
    font = ImageFont.load_default(size_px)
    box = font.getbbox(text)
    canvas = Image.new("L", (int(box[2]) + 2, int(box[3]) + 2), WHITE)
    ImageDraw.Draw(canvas).text((1, 1), text, fill=20, font=font)
    return np.asarray(canvas, np.uint8)


def _draw_edges(field: GrayImage, rng: np.random.Generator) -> None:
    """Draw what is left of a box round the field, in place."""
    height, width = field.shape
    ink, thick = int(rng.uniform(0, 150)), int(rng.integers(1, 4))
    for x in (0, width - 1):
        if rng.random() < 0.5:
            cv2.line(field, (x, 0), (x, height), (ink,), thick)
    for y in (0, height - 1):
        if rng.random() < 0.4:
            cv2.line(field, (0, y), (width, y), (ink,), thick)


def stamp(framed: Framed, rng: np.random.Generator, _: AugmentParams) -> Framed:
    """Stamp a ring across the crop, or a framed word over its edge, lighter than most ink."""
    crop = framed.crop
    height, width = crop.shape
    stamped = np.full_like(crop, WHITE)
    grey, thick = int(rng.uniform(110, 205)), int(rng.integers(1, max(2, height // 20) + 1))
    if rng.random() < 0.5:
        centre = int(rng.uniform(0, width)), int(rng.uniform(-0.8, 1.8) * height)
        radius = int(rng.uniform(0.7, 2.2) * height)
        cv2.circle(stamped, centre, radius, (grey,), thick, cv2.LINE_AA)
        cv2.circle(stamped, centre, int(0.85 * radius), (grey,), 1, cv2.LINE_AA)
    else:
        word = _STAMPED[int(rng.integers(len(_STAMPED)))]
        frame = _framed(word, int(np.clip(rng.uniform(0.4, 0.8) * height, 10, 48)), grey, rng)
        high, wide = frame.shape
        x = int(rng.uniform(-0.8, -0.4) * wide) if rng.random() < 0.5 else width - high
        y = int(rng.uniform(-0.5, 0.5) * high + rng.choice([0, height - high]))
        _overlay(stamped, frame, x, y)
    return Framed(crop=np.minimum(crop, stamped), box=framed.box)


def _framed(word: str, size_px: int, grey: int, rng: np.random.Generator) -> GrayImage:
    """Set a word in a frame, turned a little."""
    framed = np.pad(_printed(word, size_px), 6, constant_values=WHITE)
    cv2.rectangle(framed, (1, 1), (framed.shape[1] - 2, framed.shape[0] - 2), (20,), 2)
    height, width = framed.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-20, 20), 1.0)
    turned = cv2.warpAffine(framed, turn, (width, height), borderValue=(WHITE,))
    return np.maximum(turned, grey).astype(np.uint8)
