"""Print a blank form: text, rulings, boxes, combs and check boxes on white paper.

Places are given in millimetres from the top-left corner of the sheet and come back as ``Box``
in pixels. Text sits on its baseline. Images are ``(H, W)`` uint8, 0 ink on 255 paper.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segmentation.types import Box, GrayImage

DPI = 300
_FONTS = Path(__file__).parent / "fonts"
_PT_PER_INCH = 72
_MM_PER_INCH = 25.4
HAIRLINE_MM = 0.25  # about 3 px at 300 dpi, as office printers draw rules
_LEADING = 1.25  # of the size, from line to line


def to_px(length_mm: float) -> int:
    """Turn millimetres into whole pixels."""
    return round(length_mm * DPI / _MM_PER_INCH)


class Sheet:
    """One sheet of paper in the printer; its methods add print to it."""

    def __init__(self, *, width_mm: float, height_mm: float, family: str, text_pt: float) -> None:
        """Take an empty sheet; ``family``, tinos or arimo, and ``text_pt`` are its usual font."""
        self._paper = Image.new("L", (to_px(width_mm), to_px(height_mm)), 255)
        self._draw = ImageDraw.Draw(self._paper)
        self._family = family
        self._text_pt = text_pt

    @property
    def image(self) -> GrayImage:
        """(H, W) uint8, what has been printed so far."""
        return np.array(self._paper, np.uint8)

    def text(  # noqa: PLR0913, how text is set; each has a usual value
        self,
        x_mm: float,
        y_mm: float,
        text: str,
        *,
        size_pt: float | None = None,
        bold: bool = False,
        anchor: str = "ls",
        gray: int = 0,
    ) -> float:
        """Print one line of text and give where it ends, in mm.

        Args:
            x_mm: where the anchor stands; left, middle or right, as its first letter says.
            y_mm: the baseline.
            text: what to print.
            size_pt: the size of the letters; the sheet's own if None.
            bold: whether to print it bold.
            anchor: ``ls``, ``ms`` or ``rs``, as Pillow names them.
            gray: 0 black to 255 white.
        """
        font = _font(self._family, size_pt or self._text_pt, bold=bold)
        self._draw.text((to_px(x_mm), to_px(y_mm)), text, fill=gray, font=font, anchor=anchor)
        return x_mm + font.getlength(text) * _MM_PER_INCH / DPI

    def paragraph(self, x_mm: float, y_mm: float, text: str, *, width_mm: float) -> None:
        """Print text over several lines, the first on the baseline ``y_mm``."""
        font = _font(self._family, self._text_pt, bold=False)
        leading_mm = _LEADING * self._text_pt * _MM_PER_INCH / _PT_PER_INCH
        lines = [""]
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if font.getlength(longer) > to_px(width_mm):
                lines.append(word)
            else:
                lines[-1] = longer
        for i, line in enumerate(lines):
            self.text(x_mm, y_mm + i * leading_mm, line)

    def rule(self, x_mm: float, y_mm: float, to_x_mm: float, *, line_mm: float = 0.3) -> None:
        """Draw a level line; ``y_mm`` is its upper edge."""
        self.bar(x_mm, y_mm, to_x_mm - x_mm, line_mm)

    def bar(
        self, x_mm: float, y_mm: float, width_mm: float, height_mm: float, *, gray: int = 0
    ) -> None:
        """Fill a rectangle, as behind a heading."""
        box = mm_box(x_mm, y_mm, width_mm, height_mm)
        self._draw.rectangle(_corners(box), fill=gray)

    def frame(
        self,
        x_mm: float,
        y_mm: float,
        width_mm: float,
        height_mm: float,
        *,
        line_mm: float = HAIRLINE_MM,
    ) -> Box:
        """Draw an empty rectangle and give its outside."""
        box = mm_box(x_mm, y_mm, width_mm, height_mm)
        self._draw.rectangle(_corners(box), outline=0, width=max(1, to_px(line_mm)))
        return box

    def comb(self, x_mm: float, y_mm: float, cell_mm: float, height_mm: float, cells: int) -> Box:
        """Draw ``cells`` boxes side by side, one for each letter, and give their outside."""
        box = self.frame(x_mm, y_mm, cell_mm * cells, height_mm)
        for i in range(1, cells):
            x = x_mm + i * cell_mm
            self.bar(x, y_mm, HAIRLINE_MM, height_mm)
        return box

    def check_box(self, x_mm: float, y_mm: float, label: str) -> Box:
        """Draw a check box standing on the baseline, its label behind it, and give the box."""
        side_mm = 3.2
        box = self.frame(x_mm, y_mm - side_mm + 0.3, side_mm, side_mm)
        self.text(x_mm + side_mm + 1.6, y_mm, label)
        return box

    def badge(self, x_mm: float, y_mm: float, radius_mm: float) -> None:
        """Draw a round badge with a cross, a stand-in for a logo; centred on the point."""
        x, y, radius = to_px(x_mm), to_px(y_mm), to_px(radius_mm)
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
        arm, half = round(0.62 * radius), round(0.2 * radius)
        self._draw.rectangle((x - arm, y - half, x + arm, y + half), fill=255)
        self._draw.rectangle((x - half, y - arm, x + half, y + arm), fill=255)


def mm_box(x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> Box:
    """Give a rectangle of the sheet in pixels."""
    left, top = to_px(x_mm), to_px(y_mm)
    return Box(
        x_px=left,
        y_px=top,
        width_px=max(1, to_px(x_mm + width_mm) - left),
        height_px=max(1, to_px(y_mm + height_mm) - top),
    )


def _corners(box: Box) -> tuple[int, int, int, int]:
    """Give left, top, right, bottom with the last two inside, as Pillow draws rectangles."""
    return (
        box.x_px,
        box.y_px,
        box.x_px + box.width_px - 1,
        box.y_px + box.height_px - 1,
    )


@lru_cache(maxsize=64)
def _font(family: str, size_pt: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    path = _FONTS / f"{family}-{'bold' if bold else 'regular'}.ttf"
    size_px = size_pt * DPI / _PT_PER_INCH
    # The basic layout is in every Pillow; the other depends on what else is installed.
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.BASIC)
