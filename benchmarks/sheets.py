"""Sheets to distort: drawn forms with exact truth, and real ones where they are given.

The truth of a real scan is where registration finds its fields before it is distorted; look at
an overlay (``segmentation.overlay``) before believing it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.distortions import SHEET_DPI, Sheet
from segmentation import FieldState, Page, SegmentationParams, Template, index_templates
from segmentation.segment import segment_page
from segmentation.warp import corners
from tests.drawing import draw_form, write_in
from tests.lists import LIST_EDITIONS, LISTS, draw_list
from worker.samples.clinic_form import clinic_form
from worker.samples.school_form import school_form
from worker.templates import load_templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from segmentation.types import GrayImage

EDITION = "-edition-"  # between a form's own id and the number of its edition
_EDITIONS = (
    "Edition 2019, return by post to the office",
    "Revised 2024 - hand in at the front desk",
)
_IMAGES = (".jpg", ".jpeg", ".png")


def drawn_templates(seeds: Sequence[int]) -> list[Template]:
    """Draw forms of different layouts at ``SHEET_DPI``."""
    return [draw_form(seed, dpi=SHEET_DPI) for seed in seeds]


def sample_templates() -> list[Template]:
    """Give the two forms of ``penname sample``."""
    return [
        Template(
            template_id=blank.form_id,
            version=blank.form_id,
            page_index=0,
            image=blank.image,
            dpi=float(blank.dpi),
            fields=blank.fields,
        )
        for blank in (clinic_form(), school_form())
    ]


def list_templates() -> list[Template]:
    """Draw lists whose rows are all alike, at ``SHEET_DPI``."""
    return [draw_list(kind, dpi=SHEET_DPI) for kind in LISTS]


def list_editions() -> list[Template]:
    """Draw lists with one head and rows of other heights or number, at ``SHEET_DPI``."""
    return [draw_list(kind, dpi=SHEET_DPI) for kind in (LISTS[0], *LIST_EDITIONS)]


def editions(template: Template) -> list[Template]:
    """Give two editions of a form that differ in one printed line at its foot."""
    return [_edition(template, number, line) for number, line in enumerate(_EDITIONS, start=1)]


def _edition(template: Template, number: int, line: str) -> Template:
    image = template.image.copy()
    height, width = image.shape
    at, size = (round(0.1 * width), round(0.965 * height)), template.dpi / 180
    thickness = max(1, round(template.dpi / 110))
    cv2.putText(image, line, at, cv2.FONT_HERSHEY_SIMPLEX, size, 20, thickness, cv2.LINE_AA)
    name = f"{template.template_id}{EDITION}{number}"
    return dataclasses.replace(template, template_id=name, version=name, image=image)


def filled(template: Template, *, seed: int) -> Sheet:
    """Write into every field of a form, print and pen apart."""
    pen = np.full(template.image.shape, 255, np.uint8)
    for at, spec in enumerate(template.fields):
        pen = write_in(pen, spec.box, seed=seed + at, dpi=template.dpi)
    return _at_sheet_dpi(
        Sheet(
            name=f"{template.template_id} drawn {seed}",
            template_id=template.template_id,
            printed=template.image,
            pen=pen,
            boxes={spec.name: corners(spec.box) for spec in template.fields},
        ),
        template.dpi,
    )


def real_sheets(templates_dir: Path, scans_dir: Path) -> tuple[list[Template], list[Sheet]]:
    """Read real templates and the scans that lie in a folder named for each template's id."""
    templates = load_templates([templates_dir])
    params = SegmentationParams()
    sheets = []
    for template in templates:
        catalog = index_templates([template], params)
        for path in _pictures(scans_dir / template.template_id):
            image = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
            found = segment_page(Page(image=image), catalog, params)
            boxes = {
                crop.field_name: crop.page_box
                for crop in found.crops
                if crop.state is not FieldState.MISPLACED
            }
            whole = len(boxes) == len(template.fields)
            if whole and abs(found.scan_dpi - SHEET_DPI) < 0.05 * SHEET_DPI:
                sheets.append(
                    Sheet(
                        name=path.stem,
                        template_id=template.template_id,
                        printed=image,
                        pen=None,
                        boxes=boxes,
                    )
                )
    return templates, sheets


def _pictures(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _IMAGES and not path.stem.startswith("blank"):
            yield path


def _at_sheet_dpi(sheet: Sheet, dpi: float) -> Sheet:
    if dpi == SHEET_DPI:
        return sheet
    ratio = SHEET_DPI / dpi

    def sized(image: GrayImage) -> GrayImage:
        return np.asarray(cv2.resize(image, None, fx=ratio, fy=ratio), np.uint8)

    return dataclasses.replace(
        sheet,
        printed=sized(sheet.printed),
        pen=None if sheet.pen is None else sized(sheet.pen),
        boxes={name: (quad + 0.5) * ratio - 0.5 for name, quad in sheet.boxes.items()},
    )
