"""Where fields are found on distorted pages, against where they truly lie.

``python -m benchmarks.bench_distortion`` distorts drawn forms, and real ones with ``--templates
DIR --scans DIR``, by each kind of ``benchmarks.distortions`` alone and all mixed, at each grade.
With ``--alone`` only the page's own form and its editions are known, as in most batches; with
``--lists`` the pages are lists of equal rows, which look alike one row off, and with
``--list-editions`` lists that share a head and differ in their rows.
The error of a page is the largest error of a corner of a field box, in px at 300 dpi. It exits
with 1 when a bar of ``benchmarks/README.md`` is missed.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.corner_errors import GOOD_PX, GRAVE_PX, corner_error, rival_error, rival_rows
from benchmarks.distortions import GRADES, KINDS, MIXED, distort, draw_distortion
from benchmarks.worlds import Places, World, make_world
from segmentation import (
    FieldState,
    Page,
    SegmentationError,
    SegmentationParams,
    segment_page,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.distortions import Scan, Sheet

_MODERATE_SHARE = 0.99
_MIXED_TIMES = 4  # as many pages as a kind alone has
KINDS_OF = {
    name: [kind for kind in (*KINDS, MIXED) if kind != "fax" or grade.fax]
    for name, grade in GRADES.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One page to be made and found."""

    grade: str
    kind: str
    number: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one page."""

    grade: str
    kind: str
    number: int
    sheet: str
    code: str  # why it was refused, else ""
    wrong_form: bool
    error_px: float  # over all fields, those in doubt too; inf where the page was refused
    trusted_px: float  # over the fields that are not in doubt; 0 where there are none
    fields: int
    doubtful: int
    rivals: Mapping[str, float] = field(default_factory=dict)  # error of each, inf where it gave up

    @property
    def silent(self) -> bool:
        """Tell whether something is far from its place and nothing says so."""
        return self.trusted_px > GRAVE_PX or (self.wrong_form and self.doubtful < self.fields)


def main() -> None:
    """Distort, find, and print a table or, last, one line of JSON."""
    options = _parse()
    outcomes = _joined(options.join) if options.join else _measured(options)
    if options.pages_out is not None:
        lines = [json.dumps(asdict(outcome)) for outcome in outcomes]
        options.pages_out.write_text("\n".join(lines) + "\n", "utf-8")
    rows = [
        _row(grade, kind, [o for o in outcomes if (o.grade, o.kind) == (grade, kind)])
        for grade in options.grades
        for kind in options.kinds
        if kind in KINDS_OF[grade]
    ]
    rows += [
        _row(grade, "all", [o for o in outcomes if o.grade == grade]) for grade in options.grades
    ]
    _print(rows)
    if rivals := rival_rows(outcomes):
        _print(rivals)
    verdict = _verdict(outcomes)
    if options.json:
        print(json.dumps({"pages": len(outcomes), **verdict, "rows": rows}))
    sys.exit(0 if verdict["passed"] else 1)


def _joined(files: Sequence[Path]) -> list[Outcome]:
    """Read the pages that earlier runs wrote."""
    lines = (line for file in files for line in file.read_text("utf-8").splitlines())
    return [Outcome(**json.loads(line)) for line in lines]


def _measured(options: argparse.Namespace) -> list[Outcome]:
    """Make the pages and find them."""
    places = Places(
        templates=options.templates,
        scans=options.scans,
        alone=options.alone,
        lists=options.lists,
        list_editions=options.list_editions,
        rivals=options.rivals,
    )
    jobs = [
        Job(grade=grade, kind=kind, number=number, seed=options.seed)
        for grade in options.grades
        for kind in options.kinds
        if kind in KINDS_OF[grade]
        for number in range(options.pages * (_MIXED_TIMES if kind == MIXED else 1))
    ]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, spawn, cv2.setNumThreads, (1,)) as pool:
        return list(pool.map(partial(_run, places), jobs, chunksize=8))


def _verdict(outcomes: Sequence[Outcome]) -> dict[str, float | bool]:
    moderate = [o.error_px <= GOOD_PX for o in outcomes if o.grade == "moderate"]
    share = sum(moderate) / len(moderate) if moderate else 1.0
    silent = sum(o.silent for o in outcomes)
    return {
        "moderate_within_8_px": round(share, 4),
        "silent_over_20_px": silent,
        "passed": share >= _MODERATE_SHARE and silent == 0,
    }


def _row(grade: str, kind: str, outcomes: Sequence[Outcome]) -> dict[str, float | str]:
    count = max(1, len(outcomes))
    errors = [o.error_px for o in outcomes if np.isfinite(o.error_px)] or [0.0]
    return {
        "grade": grade,
        "kind": kind,
        "pages": len(outcomes),
        "within_8_px": round(sum(o.error_px <= GOOD_PX for o in outcomes) / count, 4),
        "refused": round(sum(bool(o.code) for o in outcomes) / count, 4),
        "fields_in_doubt": round(
            sum(o.doubtful for o in outcomes) / max(1, sum(o.fields for o in outcomes)), 4
        ),
        "median_px": round(float(np.median(errors)), 2),
        "p99_px": round(float(np.percentile(errors, 99)), 2),
        "max_trusted_px": round(max((o.trusted_px for o in outcomes), default=0.0), 2),
        "silent": sum(o.silent for o in outcomes),
    }


def _print(rows: Iterable[dict[str, float | str]]) -> None:
    rows = list(rows)
    print("| " + " | ".join(rows[0]) + " |")
    print("| " + " | ".join("---" for _ in rows[0]) + " |")
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")


def _run(places: Places, job: Job) -> Outcome:
    world = make_world(places)
    kind = [*KINDS, MIXED].index(job.kind)
    rng = np.random.default_rng([job.seed, list(GRADES).index(job.grade), kind, job.number])
    sheet = world.sheets[int(rng.integers(len(world.sheets)))]
    scan = distort(sheet, draw_distortion(job.kind, GRADES[job.grade], rng))
    return _judge(job, sheet, scan, world)


def _judge(job: Job, sheet: Sheet, scan: Scan, world: World) -> Outcome:
    code, wrong, doubtful, error, trusted = "", False, 0, 0.0, 0.0
    try:
        catalog = world.catalogs[sheet.template_id]
        found = segment_page(Page(image=scan.image), catalog, SegmentationParams())
    except SegmentationError as refusal:
        code, error = refusal.code, float("inf")
    else:
        wrong = found.template_id != sheet.template_id
        for crop in found.crops:
            doubtful += crop.state is FieldState.MISPLACED
            if crop.field_name not in scan.boxes:
                continue
            px = corner_error(crop.page_box, crop.field_name, scan)
            error = max(error, px)
            if crop.state is not FieldState.MISPLACED:
                trusted = max(trusted, px)
        error = float("inf") if wrong else error
    return Outcome(
        grade=job.grade,
        kind=job.kind,
        number=job.number,
        sheet=sheet.name,
        code=code,
        wrong_form=wrong,
        error_px=error,
        trusted_px=trusted,
        fields=len(sheet.boxes),
        doubtful=doubtful,
        rivals={
            name: rival_error(align, world.forms[sheet.template_id], scan)
            for name, align in world.aligners.get(sheet.template_id, {}).items()
        },
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=60, help="of each kind and grade")
    parser.add_argument("--kinds", nargs="+", default=[*KINDS, MIXED], choices=[*KINDS, MIXED])
    parser.add_argument("--grades", nargs="+", default=list(GRADES), choices=list(GRADES))
    parser.add_argument("--templates", type=Path, help="real templates, besides the drawn ones")
    parser.add_argument("--scans", type=Path, help="their scans, in folders named for their ids")
    parser.add_argument("--alone", action="store_true", help="know only each page's own form")
    parser.add_argument("--lists", action="store_true", help="distort lists of equal rows instead")
    parser.add_argument(
        "--list-editions", action="store_true", help="distort lists that differ in their rows"
    )
    parser.add_argument("--rivals", action="store_true", help="measure other ways beside it")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages-out", type=Path, help="write one line of JSON for each page")
    parser.add_argument(
        "--join", nargs="+", type=Path, metavar="PAGES", help="judge what --pages-out wrote instead"
    )
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    if (options.templates is None) != (options.scans is None):
        parser.error("--templates and --scans go together")
    return options


if __name__ == "__main__":
    main()
