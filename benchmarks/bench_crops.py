"""How much of the pen a crop keeps where it meets print, and how much print stays in it.

``python -m benchmarks.bench_crops`` draws forms on which people write over pale print, with the
feet of capitals exactly on the printed line, down into the label below and up into the one above;
scans them, and holds each crop against the pen alone, scanned in the same way. Every form is
scanned blank too, and all its fields must then be blank.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.distortions import Distortion, distort
from benchmarks.distortions import Sheet as Paper
from segmentation import (
    FieldKind,
    FieldSpec,
    FieldState,
    Page,
    SegmentationError,
    SegmentationParams,
    Template,
    WritingStyle,
    index_templates,
    segment_page,
)
from segmentation.ink import grow
from segmentation.warp import onto_quad, pull
from worker.samples.filling import shipped_fonts
from worker.samples.hand import Hand, baseline_row, fit, lay, write_line
from worker.samples.people import FAMILY_NAMES, GIVEN_NAMES
from worker.samples.sheet import DPI, Sheet, mm_box, to_px

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation import Box, FieldCrop, GrayImage

_FIELDS = 9  # a page
_STEP_MM = 22.0
_LEFT_MM, _RIGHT_MM = 20.0, 150.0
_TEXT = "All that is said here stays between you and the office, and is kept for two years. " * 3
_HINTS = (
    "please write your full name clearly and in ink",
    "only one person on each form, yours or your child's",
    "as it is spelled in your passport or driving licence",
)
_NEAR_PX = 4  # pen this near to print is what may be lost
_DARK = 60  # steps from paper, of pen and print
_REST_PX = 100  # print left in a crop that people would see


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way in which pen and print meet."""

    draw: Callable[[Sheet, str, float, int], Box]  # a place to write; its line at ``y_mm``
    foot_mm: tuple[float, float]  # of the letters, from the middle of the line; downwards
    cap_mm: tuple[float, float]  # height of a capital
    upper: bool  # in capitals
    tails: bool  # with letters that reach below the line
    print_gray: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """A form, and what is written on it."""

    template: Template
    pen: GrayImage = field(repr=False)  # (H, W), white where nothing is written


def main() -> None:
    """Draw, scan, cut, and print the table."""
    options = _parse()
    cv2.setNumThreads(1)
    report = {}
    for name, case in _CASES.items():
        total: Counter[str] = Counter()
        for number in range(options.pages):
            total.update(_measure(_fill(case, number), number, options.crops, name))
        report[name] = _row(total)
    print("| case | " + " | ".join(next(iter(report.values()))) + " |")
    print("| --- | " + " | ".join("---:" for _ in next(iter(report.values()))) + " |")
    for name, row in report.items():
        print(f"| {name} | " + " | ".join(str(value) for value in row.values()) + " |")
    if options.json:
        print(json.dumps(report))


def _row(total: Counter[str]) -> dict[str, float]:
    return {
        "fields": total["fields"],
        "read": total["read"],
        "kept": round(total["kept"] / max(1, total["pen"]), 4),
        "kept near print": round(total["kept_near"] / max(1, total["pen_near"]), 4),
        "print left, px a crop": round(total["left"] / max(1, total["read"]), 1),
        "crops with over 100": total["left_seen"],
        "called blank": total["lost"],
        "blank fields": total["blank_fields"],
        "not called so": total["not_blank"],
    }


def _place(
    sheet: Sheet, y_mm: float, *, left_mm: float = _LEFT_MM, line_mm: float, gray: int = 0
) -> Box:
    sheet.bar(left_mm, y_mm - line_mm / 2, _RIGHT_MM - left_mm, line_mm, gray=gray)
    return mm_box(left_mm, y_mm - 8, _RIGHT_MM - left_mm, 8)


def _on_line(sheet: Sheet, hint: str, y_mm: float, gray: int) -> Box:
    left = sheet.text(_LEFT_MM, y_mm, hint.split(maxsplit=1)[0] + ":") + 2
    return _place(sheet, y_mm, left_mm=left, line_mm=0.25 + 0.1 * (round(y_mm) % 3), gray=gray)


def _label_twice(sheet: Sheet, hint: str, y_mm: float, gray: int) -> None:
    for left_mm in (_LEFT_MM, _LEFT_MM + 70):
        sheet.text(left_mm, y_mm, hint, size_pt=9, gray=gray)


def _label_below(sheet: Sheet, hint: str, y_mm: float, gray: int) -> Box:
    _label_twice(sheet, hint, y_mm + 3.8, gray)
    return _place(sheet, y_mm, line_mm=0.3)


def _label_above(sheet: Sheet, hint: str, y_mm: float, gray: int) -> Box:
    _label_twice(sheet, hint, y_mm - 6.2, gray)
    return _lower(_place(sheet, y_mm, line_mm=0.3), to_px(6.0))


def _over_hint(sheet: Sheet, hint: str, y_mm: float, gray: int) -> Box:
    box = sheet.frame(_LEFT_MM, y_mm - 8, _RIGHT_MM - _LEFT_MM, 11)
    sheet.text(_LEFT_MM + 2, y_mm - 1.5, hint, size_pt=8, gray=gray)
    return box


def _lower(box: Box, height_px: int) -> Box:
    """Keep the foot of a box and make it so high."""
    return replace(box, y_px=box.y_px + box.height_px - height_px, height_px=height_px)


_CASES = {
    "over pale print": Case(
        draw=_over_hint,
        foot_mm=(-1, 1),
        cap_mm=(4.5, 6.5),
        upper=False,
        tails=False,
        print_gray=(90, 185),
    ),
    "over black print": Case(
        draw=_over_hint, foot_mm=(-1, 1), cap_mm=(4.5, 6.5), upper=False, tails=False
    ),
    "capitals on the line": Case(
        draw=_on_line, foot_mm=(-0.1, 0.25), cap_mm=(4.5, 6.5), upper=True, tails=False
    ),
    "capitals on a gray line": Case(
        draw=_on_line,
        foot_mm=(-0.1, 0.25),
        cap_mm=(4.5, 6.5),
        upper=True,
        tails=False,
        print_gray=(90, 150),
    ),
    "tails into a label": Case(
        draw=_label_below, foot_mm=(-0.5, 0.5), cap_mm=(4.5, 7), upper=False, tails=True
    ),
    "tails into a pale label": Case(
        draw=_label_below,
        foot_mm=(-0.5, 0.5),
        cap_mm=(4.5, 7),
        upper=False,
        tails=True,
        print_gray=(90, 185),
    ),
    "capitals up into a label": Case(
        draw=_label_above, foot_mm=(-0.5, 0.5), cap_mm=(6.5, 8.5), upper=False, tails=False
    ),
}


def _fill(case: Case, number: int) -> Filled:
    """Draw a form and write into each of its fields."""
    rng = np.random.default_rng([number, 71])
    family = ("arimo", "tinos")[number % 2]
    sheet = Sheet(width_mm=210, height_mm=297, family=family, text_pt=10.5)
    sheet.text(20, 22, f"Form {number + 11}: what we ask of you", size_pt=17, bold=True)
    sheet.paragraph(20, 32, _TEXT, width_mm=170)
    sheet.paragraph(20, 265, _TEXT, width_mm=170)
    gray = int(rng.integers(*case.print_gray))
    boxes = []
    for at in range(_FIELDS):
        y_mm = 70 + at * _STEP_MM
        sheet.text(160, y_mm, f"office use {number + at}", size_pt=8)
        boxes.append(case.draw(sheet, _HINTS[(at + number) % len(_HINTS)], y_mm, gray))
    pen = np.full(sheet.image.shape, 255, np.uint8)
    for at, box in enumerate(boxes):
        pen = _write(pen, box, to_px(70 + at * _STEP_MM), case, rng)
    fields = tuple(
        FieldSpec(name=f"name_{at}", box=box, kind=FieldKind.FULL_NAME, style=WritingStyle.LINE)
        for at, box in enumerate(boxes)
    )
    template = Template(
        template_id=f"crowded-{number}",
        version="1",
        page_index=0,
        image=sheet.image,
        dpi=float(DPI),
        fields=fields,
    )
    return Filled(template=template, pen=pen)


def _write(
    pen: GrayImage, box: Box, line_px: int, case: Case, rng: np.random.Generator
) -> GrayImage:
    fonts = shipped_fonts()
    font = fonts[int(rng.integers(len(fonts)))]
    hand = Hand(
        font=font,
        block_font=font,
        capitals=case.upper,
        cap_px=to_px(rng.uniform(*case.cap_mm)),
        pen_px=int(rng.integers(0, 3)),
        gray=int(rng.integers(15, 75)),
        pressure=0.9,
        grain=0.1,
        drift_px=0,
        stray=0,
    )
    given, family = (str(rng.choice(_names(names, case))) for names in (GIVEN_NAMES, FAMILY_NAMES))
    text = f"{given} {family}"
    ink = fit(write_line(text.upper() if case.upper else text, hand, rng), 0.9 * box.width_px)
    foot = line_px + to_px(rng.uniform(*case.foot_mm))
    return lay(pen, ink, box.x_px + 25, foot - baseline_row(ink), hand.gray)


def _names(names: tuple[str, ...], case: Case) -> list[str]:
    return [n for n in names if not case.tails or set(n[1:]) & set("gjpqy")]


def _measure(filled: Filled, number: int, crops: Path | None, name: str) -> Counter[str]:
    """Scan a form, written and blank, and compare its crops with the pen alone."""
    template, white = filled.template, np.full(filled.pen.shape, 255, np.uint8)
    catalog = index_templates([template], SegmentationParams())
    rng = np.random.default_rng([number, 72])
    scanned = Distortion(
        skew_deg=float(rng.uniform(-1.5, 1.5)),
        stretch=float(rng.uniform(0.997, 1.003)),
        noise=float(rng.uniform(1, 5)),
        jpeg=int(rng.integers(60, 90)),
        seed=number,
    )
    paper = Paper(
        name=name,
        template_id=template.template_id,
        printed=template.image,
        pen=filled.pen,
        boxes={},
    )
    total: Counter[str] = Counter()
    try:
        written = segment_page(
            Page(image=distort(paper, scanned).image), catalog, SegmentationParams()
        )
        empty = segment_page(
            Page(image=distort(replace(paper, pen=white), scanned).image),
            catalog,
            SegmentationParams(),
        )
    except SegmentationError as error:
        sys.exit(f"a drawn form was refused: {error}")
    clean = replace(scanned, noise=0.0, jpeg=98)
    pen = distort(replace(paper, printed=white), clean).image
    print_alone = distort(replace(paper, pen=white), clean).image
    total["blank_fields"] += len(empty.crops)
    total["not_blank"] += sum(crop.state is not FieldState.BLANK for crop in empty.crops)
    for crop in written.crops:
        total.update(_compare(crop, _pull(pen, crop), _pull(print_alone, crop)))
    if crops:
        crops.mkdir(parents=True, exist_ok=True)
        sheet = np.vstack([row for crop in written.crops for row in _shown(crop, pen, print_alone)])
        cv2.imwrite(str(crops / f"{name.replace(' ', '-')}-{number}.png"), sheet)
    return total


def _pull(page: GrayImage, crop: FieldCrop) -> GrayImage:
    height, width = crop.image.shape
    to_page = onto_quad(crop.box, crop.page_box)
    return pull(page, to_page, width_px=width, height_px=height)


def _compare(crop: FieldCrop, pen: GrayImage, print_alone: GrayImage) -> Counter[str]:
    """Count what of the pen is in the crop, and what else is."""
    if crop.state is FieldState.MISPLACED:
        return Counter(fields=1)
    truth = pen < 255 - _DARK
    kept = truth & (crop.image < 255 - _DARK // 2)
    near = grow(np.where(print_alone < 255 - _DARK, np.uint8(255), np.uint8(0)), _NEAR_PX) > 0
    far = grow(np.where(pen < 230, np.uint8(255), np.uint8(0)), 3) == 0
    left = int(((crop.image < 255 - _DARK) & far).sum())
    return Counter(
        fields=1,
        read=1,
        lost=int(crop.blank),
        pen=int(truth.sum()),
        kept=int(kept.sum()),
        pen_near=int((truth & near).sum()),
        kept_near=int((kept & near).sum()),
        left=left,
        left_seen=int(left > _REST_PX),
    )


def _shown(crop: FieldCrop, pen: GrayImage, print_alone: GrayImage) -> Iterator[GrayImage]:
    """Give rows to look at: what came, and what was cut."""
    for image in (np.minimum(_pull(pen, crop), _pull(print_alone, crop)), crop.image):
        row = np.full((230, 1900), 255, np.uint8)
        height, width = min(230, image.shape[0]), min(1900, image.shape[1])
        row[:height, :width] = image[:height, :width]
        if image is crop.image:
            cv2.putText(row, f"{crop.state} {crop.doubt}", (1700, 30), 0, 0.6, 120, 1)
            row[-1] = 0
        yield row


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=6, help="of each case")
    parser.add_argument("--crops", type=Path, metavar="DIR", help="draw the crops there to look at")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
