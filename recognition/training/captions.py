"""Draw a sheet of crops with captions, for a person to judge.

The sheet shows names of people: treat it as the data it was made from.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recognition.training.crop_store import read_crop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.types import GrayImage

_FONT = Path(__file__).parent / "fonts" / "patrick-hand.ttf"  # the plainest of those that ship
_TEXT_PX = 22
_ROW_PX = 84  # three lines of text beside a crop
_CROP_PX = (72, 640)  # largest height and width of a crop
_SHEET_PX = 1100  # width


def draw_captioned(rows: Sequence[tuple[Path, Sequence[str]]]) -> GrayImage:
    """Draw one row a crop: its picture, and up to three captions beside it.

    Args:
        rows: picture file and captions; the sheet is as long as there are many.

    Returns:
        (H, 1100) uint8, 0 ink on 255 paper.

    Raises:
        ManifestError: a file is missing or is no picture.
    """
    sheet = Image.new("L", (_SHEET_PX, max(1, len(rows)) * _ROW_PX), 255)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(_FONT, _TEXT_PX)
    for row, (picture, captions) in enumerate(rows):
        top = row * _ROW_PX
        sheet.paste(Image.fromarray(_fitted(read_crop(picture))), (4, top + 4))
        for line, text in enumerate(captions):
            draw.text((_CROP_PX[1] + 16, top + 4 + line * 26), text, fill=0, font=font)
        draw.line((0, top + _ROW_PX - 1, _SHEET_PX, top + _ROW_PX - 1), fill=192)
    return np.asarray(sheet, np.uint8)


def _fitted(crop: GrayImage) -> GrayImage:
    """Reduce a crop to its place; a small one stays as it is."""
    height, width = crop.shape
    scale = min(1.0, _CROP_PX[0] / height, _CROP_PX[1] / width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
