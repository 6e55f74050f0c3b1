"""Choose among many forms: are pages given to the right one, and pages of none refused?

``python -m benchmarks.bench_choice`` knows 50 drawn layouts, among them two editions that differ in
one line. It scans filled pages of each, and pages that are none of them: other drawn layouts,
letters and pictures. Every page is distorted by the moderate grade, all kinds at once. It exits
with 1 when a page is given to a wrong form, or an unknown one is accepted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.distortions import GRADES, MIXED, Sheet, distort, draw_distortion
from benchmarks.sheets import drawn_templates, editions, filled, sample_templates
from segmentation import (
    Catalog,
    Page,
    SegmentationError,
    SegmentationParams,
    Template,
    index_templates,
    segment_page,
)
from tests.drawing import noise_page, photo_page, text_page

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAMPLES = 2  # of the known forms; two more are editions of one, the rest are drawn
_FIRST_UNKNOWN = 10_000  # seeds from here on are drawn for unknown forms alone
_PLAIN_EVERY = 4  # of the unknown pages, one in four is no form at all
_PLAIN = (text_page, photo_page, noise_page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One page to be made and judged."""

    known: bool
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one page."""

    known: bool
    chosen: bool  # some form was
    right: bool  # the page's own form was chosen, or none where it is of none
    code: str  # why it was refused, else ""
    name: str
    seconds: float  # of processor time


def main() -> None:
    """Choose, and print the counts or, last, one line of JSON."""
    options = _parse()
    jobs = [Job(known=True, number=n) for n in range(options.known)]
    jobs += [Job(known=False, number=n) for n in range(options.unknown)]
    spawn = multiprocessing.get_context("spawn")
    run = partial(_run, options.layouts, options.seed)
    with ProcessPoolExecutor(options.processes, spawn, cv2.setNumThreads, (1,)) as pool:
        outcomes = list(pool.map(run, jobs, chunksize=8))
    report = _report(outcomes, layouts=options.layouts)
    for name, value in report.items():
        print(f"{name:24} {value}")
    for outcome in outcomes:
        if outcome.chosen and not outcome.right:
            print(f"given to a wrong form: {outcome.name}")
    if options.json:
        print(json.dumps(report))
    sys.exit(0 if report["passed"] else 1)


def _report(outcomes: Sequence[Outcome], *, layouts: int) -> dict[str, float | str | bool]:
    known = [o for o in outcomes if o.known]
    unknown = [o for o in outcomes if not o.known]
    wrong = sum(o.chosen and not o.right for o in known)
    accepted = sum(o.chosen for o in unknown)
    codes = Counter(o.code for o in known if o.code)
    return {
        "layouts": layouts,
        "known_pages": len(known),
        "right": sum(o.right for o in known),
        "refused": sum(not o.chosen for o in known),
        "refused_as": " ".join(f"{code}:{n}" for code, n in sorted(codes.items())),
        "wrong_form": wrong,
        "unknown_pages": len(unknown),
        "unknown_accepted": accepted,
        "known_ms": _median_ms(known),
        "unknown_ms": _median_ms(unknown),
        "passed": not wrong and not accepted,
    }


def _median_ms(outcomes: Sequence[Outcome]) -> float:
    return round(1000 * statistics.median(o.seconds for o in outcomes), 1) if outcomes else 0.0


@cache
def _world(layouts: int) -> tuple[list[Template], Catalog]:
    """Draw the known forms and index them, once a process."""
    first, *others = drawn_templates(range(layouts - _SAMPLES - 1))
    templates = [*editions(first), *others, *sample_templates()]
    return templates, index_templates(templates, SegmentationParams())


def _run(layouts: int, seed: int, job: Job) -> Outcome:
    templates, catalog = _world(layouts)
    rng = np.random.default_rng([seed, job.known, job.number])
    sheet = _known_sheet(templates, job.number) if job.known else _unknown_sheet(job.number)
    scan = distort(sheet, draw_distortion(MIXED, GRADES["moderate"], rng))
    code, chosen = "", ""
    began = time.process_time()
    try:
        found = segment_page(Page(image=scan.image), catalog, SegmentationParams())
        chosen = found.template_id
    except SegmentationError as refusal:
        code = refusal.code
    return Outcome(
        known=job.known,
        chosen=bool(chosen),
        right=chosen == (sheet.template_id if job.known else ""),
        code=code,
        name=f"{sheet.name}, taken for {chosen}" if chosen else sheet.name,
        seconds=time.process_time() - began,
    )


def _known_sheet(templates: Sequence[Template], number: int) -> Sheet:
    return filled(templates[number % len(templates)], seed=number)


def _unknown_sheet(number: int) -> Sheet:
    """Draw a form that is none of the known ones, or a page that is no form."""
    if number % _PLAIN_EVERY:
        return filled(drawn_templates([_FIRST_UNKNOWN + number])[0], seed=number)
    draw = _PLAIN[number // _PLAIN_EVERY % len(_PLAIN)]
    image = draw(number, width_px=2550, height_px=3300)
    return Sheet(
        name=f"{draw.__name__} {number}", template_id="", printed=image, pen=None, boxes={}
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layouts", type=int, default=50, help="forms that are known")
    parser.add_argument("--known", type=int, default=200, help="pages of known forms")
    parser.add_argument("--unknown", type=int, default=200, help="pages of none of them")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
