"""Draw lists with many equal rows: visitors, petitions, attendance; with their name fields."""

from __future__ import annotations

import cv2
import numpy as np

from segmentation.template import template_version
from segmentation.types import Box, FieldKind, FieldSpec, GrayImage, Template, WritingStyle

LISTS = ("visitors", "heads inside", "petition", "two columns")
LIST_EDITIONS = ("visitors, lower rows", "visitors, fewer rows", "visitors, higher rows")
_ROWS = {"lower": (30, 0.32), "fewer": (25, 1 / 3), "higher": (27, 0.36)}
_HEADS = ("Name", "Date", "Time in", "Signature")


def draw_list(kind: str, *, dpi: float = 300.0) -> Template:
    """Draw a blank list on a letter sheet, one name field a row.

    Args:
        kind: of ``LIST_EDITIONS``: the first list with other rows; or of
            ``LISTS``: 29 rows under a title and column heads; heads as the first row of the
            table; a paragraph over it, row numbers and a footer; or two tables side by side.
        dpi: of the sheet.
    """
    sheet = _Sheet(dpi)
    if kind == "visitors":
        sheet.text("VISITORS", 3.3, 0.53, 0.2)
        sheet.heads(0.8)
        sheet.table(left=0.5, right=8.0, top=0.867, rows=29)
    elif kind in LIST_EDITIONS:
        rows, pitch = _ROWS[kind.split()[1]]
        sheet.text("VISITORS", 3.3, 0.53, 0.2)
        sheet.heads(0.8)
        sheet.table(left=0.5, right=8.0, top=0.867, rows=rows, pitch=pitch)
    elif kind == "heads inside":
        sheet.text("ATTENDANCE SHEET", 2.3, 0.6, 0.2)
        sheet.heads(1.23)
        sheet.table(left=0.5, right=8.0, top=1.0, rows=28, first=1)
    elif kind == "petition":
        sheet.text("Keep the library open", 2.0, 0.7, 0.18)
        sheet.text(
            "We who sign below ask the council to keep it open in the evening.", 0.6, 1.0, 0.08
        )
        sheet.heads(1.43)
        sheet.table(left=0.8, right=8.0, top=1.5, rows=23, pitch=0.38)
        for row in range(23):
            sheet.text(str(row + 1), 0.45, 1.5 + 0.38 * row + 0.25, 0.09)
        sheet.text("Form 12-B rev. 3 - hand in at the front desk", 0.6, 10.7, 0.08)
    elif kind == "two columns":
        sheet.text("Sign-up list, spring term", 2.0, 0.6, 0.18)
        for left, label in ((0.5, "Monday group"), (4.4, "Thursday group")):
            sheet.text(label, left, 1.0, 0.1)
            sheet.table(left=left, right=left + 3.6, top=1.1, rows=27, splits=(0.75,))
    else:
        raise ValueError(f"no such list: {kind}")
    return sheet.template(kind)


class _Sheet:
    """A letter sheet to print on; places in inches."""

    def __init__(self, dpi: float) -> None:
        self.dpi = dpi
        self.image: GrayImage = np.full((round(11 * dpi), round(8.5 * dpi)), 250, np.uint8)
        self.fields: list[FieldSpec] = []

    def px(self, inches: float) -> int:
        return round(inches * self.dpi)

    def text(self, text: str, x: float, y: float, height: float) -> None:
        """Print text with its baseline at y."""
        thick = max(1, round(self.dpi * height / 12))
        at, scale = (self.px(x), self.px(y)), height * self.dpi / 22.0
        cv2.putText(self.image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 20, thick, cv2.LINE_AA)

    def heads(self, y: float) -> None:
        """Print what the columns of a table over the whole width hold."""
        for x, text in zip((0.9, 4.0, 5.4, 6.8), _HEADS, strict=True):
            self.text(text, x, y, 0.1)

    def table(  # noqa: PLR0913, a table has so many sides
        self,
        *,
        left: float,
        right: float,
        top: float,
        rows: int,
        pitch: float = 1 / 3,
        first: int = 0,
        splits: tuple[float, ...] = (0.45, 0.65, 0.82),
    ) -> None:
        """Rule a table with a name field in each row from ``first`` on."""
        thick = max(1, round(self.dpi / 75))
        for row in range(rows + 1):
            y = self.px(top + pitch * row)
            cv2.line(self.image, (self.px(left), y), (self.px(right), y), 20, thick)
        for share in (0.0, *splits, 1.0):
            x = self.px(left + share * (right - left))
            cv2.line(self.image, (x, self.px(top)), (x, self.px(top + pitch * rows)), 20, thick)
        for row in range(first, rows):
            self.fields.append(
                FieldSpec(
                    name=f"name_{len(self.fields)}",
                    box=Box(
                        x_px=self.px(left + 0.03),
                        y_px=self.px(top + pitch * row + 0.02),
                        width_px=self.px(splits[0] * (right - left) - 0.06),
                        height_px=self.px(pitch - 0.04),
                    ),
                    kind=FieldKind.FULL_NAME,
                    style=WritingStyle.BOX,
                )
            )

    def template(self, name: str) -> Template:
        fields = tuple(self.fields)
        return Template(
            template_id=f"list {name}",
            version=template_version(self.image, dpi=self.dpi, page_index=0, fields=fields),
            page_index=0,
            image=self.image,
            dpi=self.dpi,
            fields=fields,
        )
