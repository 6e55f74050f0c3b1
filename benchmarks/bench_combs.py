"""What knowing a comb's cells is worth: the same crops read as they were cut and cell by cell.

``python -m benchmarks.bench_combs DIR --split S`` takes labelled crops whose letters stand apart
(the layout of ``penname evaluate names``), writes two names, with an empty cell between them, into
the combs of the drawn school form, one letter a cell, and segments and reads the pages. With
``--across`` single names are written as they came, 1 to 1.8 times as wide, whatever the cells are.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.ways import compare_ways, tell
from recognition.preprocess import PARAMS, even_ink, writing_box
from recognition.training.augment_cells import part_letters
from recognition.training.crop_store import read_crop
from recognition.training.manifest import read_split
from segmentation import (
    FieldCrop,
    Page,
    SegmentationParams,
    Template,
    WritingStyle,
    as_line,
    index_templates,
    segment_page,
)
from worker.config import read_settings
from worker.runtime import load_recognizer
from worker.samples.school_form import school_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recognition.training.manifest import Sample
    from recognition.types import GrayImage
    from worker.samples.blank import Place

    Name = tuple[str, list[GrayImage]]  # its text without signs, and each letter's ink

_PAPER = 85  # percentile of a letter's pixels that is surely paper


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """A comb as it was segmented, and what was written in it."""

    text: str = field(repr=False)
    crop: FieldCrop


def main() -> None:
    """Write, segment, read both ways, and print."""
    options = _parse()
    samples = read_split(options.folder, options.split)
    np.random.default_rng(options.seed).shuffle(samples)
    cuts = list(itertools.islice(_cuts(samples, options), options.fields))
    recognizer = load_recognizer(read_settings(checkpoint=options.checkpoint))
    ways = {
        "as_cut": [cut.crop.image for cut in cuts],
        "by_cells": [as_line(cut.crop.image, cut.crop.cells) for cut in cuts],
    }
    tell(compare_ways(recognizer, ways, [cut.text for cut in cuts]), as_json=options.json)


def _cuts(samples: Sequence[Sample], options: argparse.Namespace) -> Iterator[Cut]:
    blank, rng = school_form(), np.random.default_rng(options.seed)
    params = SegmentationParams()
    template = Template(
        template_id=blank.form_id,
        version="drawn",
        page_index=0,
        image=blank.image,
        dpi=blank.dpi,
        fields=blank.fields,
    )
    catalog = index_templates([template], params)
    combs = {p.name: p for p in blank.places if p.name and p.style is WritingStyle.COMB}
    entries = (
        _whole(samples)
        if options.across
        else _entries(samples, most=min(place.cells for place in combs.values()))
    )
    while written := dict(zip(combs, entries, strict=False)):
        page = blank.image.copy()
        for name, (text, letters) in written.items():
            if options.across:
                _lay_across(page, combs[name], letters[0], rng)
            else:
                _fill(page, combs[name], text, letters, rng=rng, options=options)
        for crop in segment_page(Page(image=page), catalog, params).crops:
            if crop.field_name in written:
                yield Cut(text=written[crop.field_name][0], crop=crop)


def _entries(samples: Sequence[Sample], *, most: int) -> Iterator[Name]:
    """Join names by twos, where their letters stand apart and fit into a comb."""
    names = (name for sample in samples if (name := _name(sample)) is not None)
    for (first, letters), (last, others) in zip(names, names, strict=False):
        if len(first) + len(last) < most:
            yield f"{first} {last}", [*letters, *others]


def _name(sample: Sample) -> Name | None:
    """Part a crop into its letters; None where they are not as many as the label's."""
    crop = read_crop(sample.image)
    box = writing_box(even_ink(crop, PARAMS), PARAMS)
    if box is None or not sample.text.isalpha():
        return None
    left, top, right, bottom = box
    ink = crop[top:bottom, left:right]
    stretches = part_letters(ink, bottom - top)
    if len(stretches) != len(sample.text):
        return None
    return sample.text, [ink[:, start:end] for start, end in stretches]


def _fill(  # noqa: PLR0913, a comb, what is written in it, and how
    page: GrayImage,
    place: Place,
    text: str,
    letters: Sequence[GrayImage],
    *,
    rng: np.random.Generator,
    options: argparse.Namespace,
) -> None:
    """Write a letter into each cell of a comb, in place."""
    box, cell = place.box, place.box.width_px / place.cells
    scale = min(
        options.height * box.height_px / max(len(ink) for ink in letters),
        options.width * cell / max(ink.shape[1] for ink in letters),
    )
    rest = iter(letters)
    for number, char in enumerate(text):
        if char == " ":
            continue
        ink = _resized(next(rest), scale, scale)
        middle = box.x_px + (number + 0.5 + rng.normal(0, options.stray)) * cell
        top = box.y_px + (box.height_px - len(ink)) * np.clip(rng.normal(0.5, 0.15), 0, 1)
        _lay(page, ink, left=round(middle - ink.shape[1] / 2), top=round(top))


def _whole(samples: Sequence[Sample]) -> Iterator[Name]:
    """Give names as they were written."""
    for sample in samples:
        crop = read_crop(sample.image)
        box = writing_box(even_ink(crop, PARAMS), PARAMS)
        if box is not None:
            left, top, right, bottom = box
            yield sample.text, [crop[top:bottom, left:right]]


def _lay_across(page: GrayImage, place: Place, ink: GrayImage, rng: np.random.Generator) -> None:
    """Write a name into a comb regardless of its cells, in place."""
    box = place.box
    scale = rng.uniform(0.5, 0.9) * box.height_px / len(ink)
    wide = min(scale * rng.uniform(1, 1.8), 0.95 * box.width_px / ink.shape[1])
    drawn = _resized(ink, min(scale, wide), wide)
    left = box.x_px + round(rng.uniform(0, box.width_px - drawn.shape[1]))
    _lay(page, drawn, left=left, top=box.y_px + (box.height_px - len(drawn)) // 2)


def _lay(page: GrayImage, ink: GrayImage, *, left: int, top: int) -> None:
    here = page[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.minimum(here, ink, out=here)


def _resized(ink: GrayImage, high: float, wide: float) -> GrayImage:
    """Bring writing to the comb's size, its paper to white."""
    way = cv2.INTER_CUBIC if high > 1 else cv2.INTER_AREA
    large = cv2.resize(ink, None, fx=wide, fy=high, interpolation=way).astype(np.float32)
    white = large + (255 - np.percentile(large, _PAPER))
    return np.asarray(np.clip(white, 0, 255), np.uint8)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR", help="holds the split's CSV and crops")
    parser.add_argument("--split", default="validation", metavar="S")
    parser.add_argument("--fields", type=int, default=400, metavar="N", help="how many, at most")
    parser.add_argument("--height", type=float, default=0.8, help="of letters, share of a cell's")
    parser.add_argument("--width", type=float, default=0.9, help="of the widest, at most")
    parser.add_argument("--stray", type=float, default=0.06, help="off the cell's middle, sigma")
    parser.add_argument("--across", action="store_true", help="not a letter a cell, but names")
    parser.add_argument("--seed", type=int, default=5, metavar="N")
    parser.add_argument("--checkpoint", type=Path, help="weights; without it, those in use")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
