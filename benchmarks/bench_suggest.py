"""Measure how well the name fields of unknown forms are proposed: recall and precision.

    python -m benchmarks.bench_suggest [--templates DIR] [--json]

Draws blank forms of many layouts and languages (``form_layouts``); the two sample forms and, with
``--templates``, real blanks whose templates were made by hand, are measured as well. A proposal is
right when it covers most of a true field and little else.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.form_layouts import FormLayout, TrueField, draw_layouts
from segmentation import Page
from worker.print_reader import find_print_reader
from worker.samples.clinic_form import clinic_form
from worker.samples.school_form import school_form
from worker.templates import load_templates
from worker.unknown_forms import UnknownForms, read_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation import Box, Proposal

_MIN_WIDTH = 0.75  # share of the true field's width that a proposal must cover
_MIN_SHARE = 0.5  # share of either box's area that both must cover


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was found on one form."""

    form: str
    true: int  # name fields on it
    found: int  # of them
    proposed: int
    kinds_right: int  # of those found
    seconds: float


def main() -> None:
    """Measure, and print a line a form and the totals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--templates", type=Path, action="append", default=[], metavar="DIR")
    parser.add_argument("--languages", help="as Tesseract names them; what there is if left out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    forms = UnknownForms(reader=find_print_reader(options.languages))
    scores = []
    for layout in _layouts(options.templates):
        scores.append(measure(layout, forms))
        if not options.json:
            print(_line(scores[-1]), flush=True)
    totals = total(scores)
    if options.json:
        print(json.dumps({"forms": [asdict(s) for s in scores], "all": totals}))
    else:
        print("  ".join(f"{name} {value}" for name, value in totals.items()))


def measure(layout: FormLayout, forms: UnknownForms) -> Score:
    """Propose the fields of one form and compare."""
    started = time.perf_counter()
    read = read_form(Page(image=layout.image, dpi=layout.dpi), forms)
    seconds = time.perf_counter() - started
    pairs = list(_pairs(layout.fields, read.proposals))
    return Score(
        form=layout.name,
        true=len(layout.fields),
        found=len(pairs),
        proposed=len(read.proposals),
        kinds_right=sum(true.kind is found.spec.kind for true, found in pairs),
        seconds=round(seconds, 2),
    )


def total(scores: list[Score]) -> dict[str, float]:
    """Add the scores up."""
    true, found = sum(s.true for s in scores), sum(s.found for s in scores)
    proposed = sum(s.proposed for s in scores)
    return {
        "forms": len(scores),
        "fields": true,
        "recall": round(found / max(1, true), 4),
        "precision": round(found / max(1, proposed), 4),
        "kinds_right": round(sum(s.kinds_right for s in scores) / max(1, found), 4),
        "seconds_a_page": round(sum(s.seconds for s in scores) / max(1, len(scores)), 2),
    }


def _layouts(folders: list[Path]) -> Iterator[FormLayout]:
    yield from draw_layouts()
    for blank in (clinic_form(), school_form()):
        fields = tuple(TrueField(box=s.box, kind=s.kind) for s in blank.fields)
        yield FormLayout(name=blank.form_id, image=blank.image, dpi=blank.dpi, fields=fields)
    if folders:
        for template in load_templates(folders):
            fields = tuple(TrueField(box=s.box, kind=s.kind) for s in template.fields)
            yield FormLayout(
                name=template.template_id, image=template.image, dpi=template.dpi, fields=fields
            )


def _pairs(
    fields: tuple[TrueField, ...], proposals: tuple[Proposal, ...]
) -> Iterator[tuple[TrueField, Proposal]]:
    left = list(proposals)
    for true in fields:
        found = next((p for p in left if _same(true.box, p.spec.box)), None)
        if found is not None:
            left.remove(found)
            yield true, found


def _same(true: Box, found: Box) -> bool:
    width = min(true.x_px + true.width_px, found.x_px + found.width_px) - max(true.x_px, found.x_px)
    height = min(true.y_px + true.height_px, found.y_px + found.height_px) - max(
        true.y_px, found.y_px
    )
    shared = max(0, width) * max(0, height)
    return width >= _MIN_WIDTH * true.width_px and shared >= _MIN_SHARE * max(
        true.width_px * true.height_px, found.width_px * found.height_px
    )


def _line(score: Score) -> str:
    s = score
    extra = s.proposed - s.found
    return f"{s.form:24} found {s.found} of {s.true}, {extra} too many, {s.seconds:.1f} s"


if __name__ == "__main__":
    main()
