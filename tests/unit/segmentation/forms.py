"""Draw small parts of unknown forms for tests, with the words that a reader of print would give."""

from __future__ import annotations

import cv2
import numpy as np

from segmentation.suggest import SuggestParams, look_at_form, suggest_fields
from segmentation.types import Box, PrintedWord

DPI = 200.0
MM = DPI / 25.4
PARAMS = SuggestParams()


class Form:
    """A sheet on which a test prints; places in mm."""

    def __init__(self):
        self.image = np.full((2200, 1700), 255, np.uint8)
        self.words = []
        # Enough print for the usual height of words to be known.
        for i in range(6):
            self.label("paragraph", 20 + 25 * i, 12)

    def label(self, text, x_mm, y_mm, *, confidence=0.95, height_mm=2.6):
        """Put words on a baseline, and draw bars in their place."""
        x = x_mm
        for word in text.split():
            width = 2.0 * len(word)
            box = Box(
                x_px=round(x * MM),
                y_px=round((y_mm - height_mm) * MM),
                width_px=round(width * MM),
                height_px=round(height_mm * MM),
            )
            for i in range(len(word)):
                left = box.x_px + round(i * 2.0 * MM)
                cv2.rectangle(
                    self.image, (left, box.y_px), (left + 6, box.y_px + box.height_px - 1), 0, -1
                )
            self.words.append(PrintedWord(text=word, box=box, confidence=confidence))
            x += width + 1.2
        return x

    def line(self, x_mm, y_mm, to_mm):
        y = round(y_mm * MM)
        cv2.rectangle(self.image, (round(x_mm * MM), y), (round(to_mm * MM), y + 1), 0, -1)

    def box(self, x_mm, y_mm, width_mm, height_mm):
        start = round(x_mm * MM), round(y_mm * MM)
        end = round((x_mm + width_mm) * MM), round((y_mm + height_mm) * MM)
        cv2.rectangle(self.image, start, end, 0, 2)

    def comb(self, x_mm, y_mm, cells, cell_mm=7.0, height_mm=8.0):
        for i in range(cells):
            self.box(x_mm + i * cell_mm, y_mm, cell_mm, height_mm)

    def look(self):
        return look_at_form(self.image, DPI, PARAMS)

    def proposals(self):
        return suggest_fields(self.look(), self.words, PARAMS)


def edges_mm(box):
    """Left, top, right and bottom of a box, in whole mm."""
    return (
        round(box.x_px / MM),
        round(box.y_px / MM),
        round((box.x_px + box.width_px) / MM),
        round((box.y_px + box.height_px) / MM),
    )
