"""Forms that are quick to cut: drawn at 150 dpi, filled in, and copied with other bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmentation.template import format_template
from tests.drawing import Distortion, draw_form, scan, write_in
from tests.scans import encode

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation import GrayImage, Template

_DPI = 150.0
_SHEETS = 4  # that differ in what is written; their copies differ behind the picture's end


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickForms:
    """One form, and sheets of it as bytes."""

    template: Template
    sheets: tuple[bytes, ...]
    deadly: bytes  # a black field: kills the recognizer of these tests

    @property
    def field_count(self) -> int:
        """How many fields a sheet has."""
        return len(self.template.fields)

    def copies(self, count: int, *, label: str) -> dict[str, bytes]:
        """Give so many documents, no two of the same bytes, by name."""
        return {
            f"{at:05}.jpg": self.sheets[at % _SHEETS] + f"{label}/{at}".encode()
            for at in range(count)
        }


def draw_quick_forms() -> QuickForms:
    """Draw and fill them."""
    template = draw_form(5, dpi=_DPI)
    sheets = tuple(_scanned(_filled(template, number), number) for number in range(_SHEETS))
    blackened = _filled(template, 0).copy()
    box = template.fields[0].box
    blackened[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px] = 0
    return QuickForms(template=template, sheets=sheets, deadly=_scanned(blackened, 0))


def write_templates(forms: QuickForms, folder: Path) -> Path:
    """Write the form as a template folder inside ``folder``."""
    place = folder / forms.template.template_id
    place.mkdir(parents=True)
    (place / "blank.png").write_bytes(encode(forms.template.image, "PNG"))
    text = format_template(
        template_id=forms.template.template_id,
        dpi=forms.template.dpi,
        fields=forms.template.fields,
    )
    (place / "template.toml").write_text(text)
    return folder


def _filled(template: Template, number: int) -> GrayImage:
    sheet = template.image
    for at, spec in enumerate(template.fields):
        sheet = write_in(sheet, spec.box, seed=100 * number + at, dpi=template.dpi)
    return np.asarray(sheet)


def _scanned(sheet: GrayImage, number: int) -> bytes:
    page, _ = scan(sheet, Distortion(noise=2.0, skew_deg=0.5, seed=number))
    return encode(page, "JPEG", quality=80)
