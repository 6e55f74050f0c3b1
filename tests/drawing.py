"""Draw forms, handwriting-like strokes and what scanners do to paper; seeded, with known truth.

Forms are drawn small (100 dpi letter unless asked otherwise), so that tests stay quick. Nothing
here is random but by the seed given.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from segmentation.template import template_version
from segmentation.types import (
    Box,
    FieldKind,
    FieldSpec,
    GrayImage,
    Homography,
    Points,
    Template,
    WritingStyle,
)

_VOCABULARY = """
application family given name date of birth address city postal code country phone please write
clearly in block capitals sign below office use only number received consent I agree that
information above may be kept school year class teacher parent guardian emergency contact doctor
allergies none yes no other details amount paid receipt reference section
"""
_WORDS = tuple(_VOCABULARY.split())
_FONTS = (
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Distortion:
    """What happens to a sheet between the pen and the file."""

    turn_deg: int = 0  # quarter turns, counter-clockwise as seen
    skew_deg: float = 0.0
    scale: float = 1.0  # page pixels per template pixel
    stretch: float = 1.0  # along the feed, by a sheet feeder
    perspective: float = 0.0  # corners move by up to this share of the width
    margin: float = 0.0  # scanner bed around the sheet, as a share of its size
    bed: int = 255  # gray of the bed
    shadow: float = 1.0  # brightness at the darkest side
    noise: float = 0.0  # gray standard deviation
    contrast: float = 1.0  # 0.3 leaves ink at 0.7 of paper
    covered: float = 0.0  # share of the sheet under a gray patch
    one_bit: bool = False
    jpeg: int | None = None  # quality
    seed: int = 0


@dataclass(slots=True)
class _Pen:
    """Where the next thing is drawn."""

    image: GrayImage
    dpi: float
    rng: np.random.Generator
    y: float = 0.0
    fields: list[FieldSpec] = field(default_factory=list)

    def px(self, inches: float) -> int:
        return round(inches * self.dpi)


def draw_form(seed: int, *, dpi: float = 100.0, template_id: str = "") -> Template:
    """Draw a blank form with two to five name fields among other print."""
    rng = np.random.default_rng(seed)
    image = np.full((round(11 * dpi), round(8.5 * dpi)), 255, np.uint8)
    pen = _Pen(image=image, dpi=dpi, rng=rng, y=0.7)
    _text(pen, 1.0 + rng.uniform(0, 2), pen.y, _words(rng, 3).title(), 0.2)
    pen.y += 0.5
    parts = ["line", "line", *rng.choice(["line", "box", "comb", "text", "checks", "table"], 7)]
    rng.shuffle(parts)
    for part in parts:
        if pen.y > 9.6:
            break
        _PARTS[part](pen)
    fields = tuple(pen.fields)
    return Template(
        template_id=template_id or f"form-{seed}",
        version=template_version(image, dpi=dpi, page_index=0, fields=fields),
        page_index=0,
        image=image,
        dpi=dpi,
        fields=fields,
    )


def write_in(image: GrayImage, box: Box, *, seed: int, dpi: float, ink: int = 40) -> GrayImage:
    """Write a name-like run of joined strokes into a box; descenders leave it."""
    rng = np.random.default_rng(seed)
    out = image.copy()
    height = box.height_px
    letters = max(3, int(0.7 * box.width_px / (0.6 * height)))
    x = box.x_px + 0.1 * box.width_px
    base = box.y_px + 0.85 * height
    points: list[tuple[float, float]] = []
    for i in range(letters):
        top = base - height * (rng.uniform(0.65, 0.9) if i == 0 else rng.uniform(0.3, 0.75))
        low = base + (0.3 * height if rng.random() < 0.2 else rng.uniform(-2, 1))
        width = 0.6 * height * rng.uniform(0.6, 0.9)
        points += [(x, base), (x + 0.3 * width, top), (x + 0.6 * width, low), (x + width, base - 2)]
        x += width
    curve = _smooth(np.array(points))
    thickness = max(1, round(0.02 * dpi))
    cv2.polylines(
        out, [np.round(curve * 16).astype(np.int32)], False, ink, thickness, cv2.LINE_AA, 4
    )
    return out


def scan(sheet: GrayImage, distortion: Distortion) -> tuple[GrayImage, Homography]:
    """Scan a sheet: the page as a file would hold it, and the true map from sheet to page."""
    d = distortion
    rng = np.random.default_rng(d.seed)
    sheet_to_page, (width, height) = _geometry(sheet.shape, d, rng)
    source = _cover(sheet, d, rng)
    if d.scale < 0.8:  # a scanner's sensor sees areas, not points
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.4 / d.scale), np.uint8)
    page = cv2.warpPerspective(
        source, sheet_to_page, (width, height), flags=cv2.INTER_LINEAR, borderValue=float(d.bed)
    ).astype(np.float32)
    page = 255 - d.contrast * (255 - page)
    ramp = np.linspace(d.shadow, 1.0, width, dtype=np.float32)[None, :]
    page = page * ramp + rng.standard_normal(page.shape, dtype=np.float32) * np.float32(d.noise)
    out = np.clip(page, 0, 255).astype(np.uint8)
    if d.one_bit:
        out = np.asarray(cv2.threshold(out, 150, 255, cv2.THRESH_BINARY)[1], np.uint8)
    if d.jpeg is not None:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, d.jpeg])
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return out, sheet_to_page


def text_page(seed: int, *, width_px: int = 850, height_px: int = 1100) -> GrayImage:
    """Draw a page of running text that is no form."""
    rng = np.random.default_rng(seed)
    image = np.full((height_px, width_px), 255, np.uint8)
    pen = _Pen(image=image, dpi=100.0, rng=rng)
    for y in np.arange(0.8, height_px / 100 - 0.6, 0.19):
        _text(pen, 0.8, float(y), _words(rng, int(rng.integers(7, 11))), 0.1)
    return image


def noise_page(seed: int, *, width_px: int = 850, height_px: int = 1100) -> GrayImage:
    """Give a page of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px), dtype=np.uint8)


def photo_page(seed: int, *, width_px: int = 850, height_px: int = 1100) -> GrayImage:
    """Draw soft shapes, as a photo of anything but paper has them."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (14, 11), dtype=np.uint8)
    image = cv2.resize(small, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        at = (int(rng.integers(0, width_px)), int(rng.integers(0, height_px)))
        cv2.circle(image, at, int(rng.integers(5, 90)), int(rng.integers(0, 256)), -1, cv2.LINE_AA)
    return np.asarray(image, np.uint8)


def move_points(points: Points, h: Homography) -> Points:
    """Move (N, 2) points through a homography."""
    return np.asarray(cv2.perspectiveTransform(points[None], h)[0], np.float64)


def _geometry(
    shape: tuple[int, ...], d: Distortion, rng: np.random.Generator
) -> tuple[Homography, tuple[int, int]]:
    height, width = shape
    rect = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64) - 0.5
    bent = rect + rng.uniform(-1, 1, (4, 2)) * d.perspective * width
    tilt = cv2.getPerspectiveTransform(rect.astype(np.float32), bent.astype(np.float32))
    angle = np.radians(d.turn_deg + d.skew_deg)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])  # y points down
    size = np.diag([d.scale, d.scale * d.stretch, 1.0])
    h = np.asarray(turn @ size @ tilt, np.float64)
    edges = move_points(rect, h)
    low, high = edges.min(axis=0), edges.max(axis=0)
    room = d.margin * (high - low)
    shift = np.eye(3)
    shift[:2, 2] = room - low - 0.5
    out = np.round(high - low + 2 * room).astype(int)
    h = shift @ h
    return np.asarray(h / h[2, 2], np.float64), (int(out[0]), int(out[1]))


def _cover(sheet: GrayImage, d: Distortion, rng: np.random.Generator) -> GrayImage:
    if d.covered <= 0:
        return sheet
    out = sheet.copy()
    height, width = sheet.shape
    h, w = round(height * np.sqrt(d.covered)), round(width * np.sqrt(d.covered))
    y, x = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
    out[y : y + h, x : x + w] = rng.integers(90, 240)
    return out


def _smooth(points: Points) -> Points:
    """Run a Catmull-Rom spline through (N, 2) points."""
    p = np.vstack([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    a, b, c, e = p[:-3, None], p[1:-2, None], p[2:-1, None], p[3:, None]
    run = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - e) * t**2 + (3 * b - a - 3 * c + e) * t**3
    )
    return np.asarray(run.reshape(-1, 2), np.float64)


def _words(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(_WORDS, count))


def _text(pen: _Pen, x: float, y: float, text: str, height: float) -> float:
    """Print text with its baseline at y; all in inches. Give the x where it ends."""
    font = int(_FONTS[int(pen.rng.integers(len(_FONTS)))])
    scale = height * pen.dpi / 22.0  # Hershey capitals are about 22 px high at scale 1
    thickness = max(1, round(pen.dpi / 100))
    at = (pen.px(x), pen.px(y))
    cv2.putText(pen.image, text, at, font, scale, 20, thickness, cv2.LINE_AA)
    return x + float(cv2.getTextSize(text, font, scale, thickness)[0][0]) / pen.dpi


def _add_field(pen: _Pen, rect: tuple[float, float, float, float], style: WritingStyle) -> None:
    """Add a field; the rectangle is x, y, width, height in inches."""
    x, y, width, height = (pen.px(v) for v in rect)
    pen.fields.append(
        FieldSpec(
            name=f"name_{len(pen.fields)}",
            box=Box(x_px=x, y_px=y, width_px=width, height_px=height),
            kind=FieldKind.FULL_NAME,
            style=style,
        )
    )


def _draw_line(pen: _Pen) -> None:
    start = _text(pen, 0.7, pen.y + 0.4, _words(pen.rng, 2).title() + ":", 0.11) + 0.1
    end = min(7.8, start + pen.rng.uniform(3.0, 4.5))
    y = pen.px(pen.y + 0.42)
    cv2.line(pen.image, (pen.px(start), y), (pen.px(end), y), 30, max(1, round(pen.dpi / 100)))
    _add_field(pen, (start, pen.y + 0.12, end - start, 0.32), WritingStyle.LINE)
    if end < 6.4:
        _text(pen, end + 0.2, pen.y + 0.4, _words(pen.rng, 1).title() + ":", 0.11)
    pen.y += 0.65


def _draw_box(pen: _Pen) -> None:
    _text(pen, 0.75, pen.y + 0.12, _words(pen.rng, 3), 0.08)
    width = pen.rng.uniform(3.0, 5.0)
    top, left = pen.y + 0.2, 0.7
    corner, far = (pen.px(left), pen.px(top)), (pen.px(left + width), pen.px(top + 0.4))
    cv2.rectangle(pen.image, corner, far, 30, max(1, round(pen.dpi / 100)))
    _add_field(pen, (left + 0.03, top + 0.03, width - 0.06, 0.34), WritingStyle.BOX)
    pen.y += 0.85


def _draw_comb(pen: _Pen) -> None:
    start = _text(pen, 0.7, pen.y + 0.3, _words(pen.rng, 1).title(), 0.11) + 0.2
    cells = int(pen.rng.integers(12, 18))
    for i in range(cells + 1):
        x = pen.px(start + 0.25 * i)
        cv2.line(pen.image, (x, pen.px(pen.y + 0.1)), (x, pen.px(pen.y + 0.42)), 60, 1)
    for y in (pen.y + 0.1, pen.y + 0.42):
        cv2.line(
            pen.image, (pen.px(start), pen.px(y)), (pen.px(start + 0.25 * cells), pen.px(y)), 60
        )
    _add_field(pen, (start, pen.y + 0.1, 0.25 * cells, 0.32), WritingStyle.COMB)
    pen.y += 0.65


def _draw_text(pen: _Pen) -> None:
    for _ in range(int(pen.rng.integers(2, 5))):
        _text(pen, 0.7, pen.y + 0.15, _words(pen.rng, 8), 0.09)
        pen.y += 0.17
    pen.y += 0.2


def _draw_checks(pen: _Pen) -> None:
    for i in range(4):
        x = 0.8 + 1.7 * i
        corner, far = (pen.px(x), pen.px(pen.y)), (pen.px(x + 0.13), pen.px(pen.y + 0.13))
        cv2.rectangle(pen.image, corner, far, 30, 1)
        _text(pen, x + 0.2, pen.y + 0.12, _words(pen.rng, 1), 0.09)
    pen.y += 0.4


def _draw_table(pen: _Pen) -> None:
    rows = int(pen.rng.integers(3, 6))
    for i in range(rows + 1):
        y = pen.px(pen.y + 0.27 * i)
        cv2.line(pen.image, (pen.px(0.7), y), (pen.px(7.6), y), 50, 1)
    for x in (0.7, 2.5, 4.6, 7.6):
        at = pen.px(x)
        cv2.line(pen.image, (at, pen.px(pen.y)), (at, pen.px(pen.y + 0.27 * rows)), 50, 1)
    for x in (0.8, 2.6, 4.7):
        _text(pen, x, pen.y + 0.18, _words(pen.rng, 1), 0.09)
    pen.y += 0.27 * rows + 0.3


_PARTS = {
    "line": _draw_line,
    "box": _draw_box,
    "comb": _draw_comb,
    "text": _draw_text,
    "checks": _draw_checks,
    "table": _draw_table,
}
