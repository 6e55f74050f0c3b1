"""What removing printed lines is worth: CER of the recognizer on the same crops with and without.

``python -m benchmarks.bench_rulings DIR --templates DIR`` cuts the written fields of a folder laid
out as for ``penname evaluate forms``, and reads each crop twice, by the ink alone: as it is, and
with the lines that were removed drawn back from the scan. Fields in doubt are left out.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.ways import compare_ways, tell
from segmentation import FieldState, Page, SegmentationError, SegmentationParams, index_templates
from segmentation.illumination import flatten
from segmentation.ink import find_ink
from segmentation.printed import find_print
from segmentation.rulings import remove_rulings
from segmentation.sampling import pull_level
from segmentation.segment import prepare_page, segment_page
from segmentation.warp import onto_quad
from worker.config import read_settings
from worker.document_images import DecodedPage, DecodeLimits, decode_pages
from worker.runtime import load_recognizer
from worker.templates import load_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation import Catalog, FieldCrop, GrayImage
    from segmentation.register import PreparedPage

_UNREADABLE = "UNREADABLE"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """One field without its printed lines and with them."""

    text: str = field(repr=False)
    without: GrayImage = field(repr=False)
    ruled: GrayImage = field(repr=False)


def main() -> None:
    """Cut, read both ways, and print."""
    options = _parse()
    catalog = index_templates(load_templates([options.templates]), SegmentationParams())
    pairs = list(_pairs(options.folder, catalog))
    recognizer = load_recognizer(read_settings(checkpoint=options.checkpoint))
    ways = {
        "lines_removed": [pair.without for pair in pairs],
        "lines_kept": [pair.ruled for pair in pairs],
    }
    report = compare_ways(recognizer, ways, [pair.text for pair in pairs])
    tell(report, as_json=options.json)


def _pairs(folder: Path, catalog: Catalog) -> Iterator[Pair]:
    params = SegmentationParams()
    with (folder / "truth.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for form, scan in sorted({(row["form"], row["scan"]) for row in rows}):
        data = (folder / form / scan).read_bytes()
        for page in decode_pages(data, DecodeLimits()):
            if not isinstance(page, DecodedPage):
                continue
            texts = {
                row["field"]: row["text"]
                for row in rows
                if (row["form"], row["scan"]) == (form, scan)
                and int(row.get("page") or 1) == page.page_index + 1
                and row["text"] not in {"", _UNREADABLE}
            }
            try:
                found = segment_page(Page(image=page.image), catalog, params)
            except SegmentationError:
                continue
            prepared = prepare_page(page.image, params)
            for crop in found.crops:
                if crop.field_name in texts and crop.state is FieldState.WRITTEN:
                    ruled = _ruled(prepared, crop, catalog, found.template_id, params)
                    yield Pair(text=texts[crop.field_name], without=crop.image, ruled=ruled)


def _ruled(
    page: PreparedPage,
    crop: FieldCrop,
    catalog: Catalog,
    template_id: str,
    params: SegmentationParams,
) -> GrayImage:
    """Draw the lines of a field back into its crop."""
    template = next(
        form.template for form in catalog.forms if form.template.template_id == template_id
    )
    spec = next(spec for spec in template.fields if spec.name == crop.field_name)
    printed = find_print(template, spec, params.catalog.printed)
    height, width = crop.image.shape
    window = onto_quad(crop.box, crop.page_box)
    came = pull_level(page.levels, window, width_px=width, height_px=height)
    flat = flatten(came, params.field.flat)
    ink = find_ink(flat, params.field.ink).faint
    left = remove_rulings(ink, printed.rulings, params.field.ruling).left
    lines = cv2.dilate(cv2.subtract(ink, left), np.ones((3, 3), np.uint8))
    return np.asarray(np.where(lines > 0, np.minimum(flat, crop.image), crop.image), np.uint8)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds truth.csv and the scans")
    parser.add_argument("--templates", type=Path, required=True, metavar="DIR")
    parser.add_argument("--checkpoint", type=Path, help="weights; without it, those in use")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
