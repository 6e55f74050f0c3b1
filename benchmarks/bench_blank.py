"""Are faint fields taken for blank ones, and blank ones for written?

``python -m benchmarks.bench_blank`` draws forms, writes into every second field with a pen a few
gray steps darker than the paper, scans them with noise, and compares what each field is called
with what it is. A written field that is called blank is lost, so it is the worse fault.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from benchmarks.distortions import SHEET_DPI, Distortion, Sheet, distort
from benchmarks.sheets import drawn_templates, sample_templates
from segmentation import (
    Catalog,
    FieldState,
    Page,
    SegmentationError,
    SegmentationParams,
    index_templates,
    segment_page,
)
from segmentation.warp import corners
from tests.drawing import write_in

if TYPE_CHECKING:
    from segmentation import Template

STEPS = (12, 16, 20, 25, 30, 40, 60, 120)  # gray steps by which the pen is darker than paper
NOISES = (0.0, 3.0, 6.0)  # gray standard deviation
_DPIS = (200.0, 300.0)
_FORMS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One page to be written on, scanned and cut."""

    step: int
    noise: float
    number: int


def main() -> None:
    """Write, scan, and print how often a field is called what it is."""
    options = _parse()
    jobs = [
        Job(step=step, noise=noise, number=number)
        for step in STEPS
        for noise in NOISES
        for number in range(options.pages)
    ]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, spawn, cv2.setNumThreads, (1,)) as pool:
        counts = list(pool.map(_run, jobs, chunksize=4))
    rows = []
    for step in STEPS:
        for noise in NOISES:
            total: Counter[str] = Counter()
            for job, found in zip(jobs, counts, strict=True):
                if (job.step, job.noise) == (step, noise):
                    total.update(found)
            rows.append({"step": step, "noise": noise, **_shares(total)})
    print("| " + " | ".join(rows[0]) + " |")
    print("| " + " | ".join("---:" for _ in rows[0]) + " |")
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    if options.json:
        print(json.dumps(rows))


def _shares(total: Counter[str]) -> dict[str, float]:
    """Count the fields, and the shares of them that are called what they are not."""
    written = sum(n for key, n in total.items() if key.startswith("written:"))
    blank = sum(n for key, n in total.items() if key.startswith("blank:"))
    return {
        "written": written,
        "called_blank": round(total["written:blank"] / max(1, written), 4),
        "blank": blank,
        "called_written": round(total["blank:written"] / max(1, blank), 4),
        "in_doubt": round(
            (total["written:misplaced"] + total["blank:misplaced"]) / max(1, written + blank), 4
        ),
    }


@cache
def _forms() -> tuple[list[Template], list[Catalog]]:
    templates = [*drawn_templates(range(_FORMS - 2)), *sample_templates()]
    return templates, [index_templates([t], SegmentationParams()) for t in templates]


def _run(job: Job) -> Counter[str]:
    """Count the fields of one page by what they are and what they are called."""
    templates, catalogs = _forms()
    which = job.number % len(templates)
    template = templates[which]
    rng = np.random.default_rng([job.step, round(job.noise), job.number])
    pen = np.full(template.image.shape, 255, np.uint8)
    written = set()
    for at, spec in enumerate(template.fields):
        if (at + job.number) % 2 == 0:
            pen = write_in(pen, spec.box, seed=job.number + at, dpi=template.dpi, ink=0)
            written.add(spec.name)
    faint = 255 - np.round((255.0 - pen) * job.step / 255).astype(np.uint8)
    sheet = Sheet(
        name=template.template_id,
        template_id=template.template_id,
        printed=template.image,
        pen=faint,
        boxes={spec.name: corners(spec.box) for spec in template.fields},
    )
    distortion = Distortion(
        dpi=float(rng.choice(_DPIS)) * SHEET_DPI / template.dpi,
        skew_deg=float(rng.uniform(-2, 2)),
        noise=job.noise,
        jpeg=int(rng.integers(60, 90)),
        seed=int(rng.integers(1 << 31)),
    )
    scan = distort(sheet, distortion)
    found: Counter[str] = Counter()
    try:
        page = segment_page(Page(image=scan.image), catalogs[which], SegmentationParams())
    except SegmentationError:
        return found
    for crop in page.crops:
        truth = "written" if crop.field_name in written else "blank"
        state = FieldState.WRITTEN if crop.state is FieldState.STRUCK_OUT else crop.state
        found[f"{truth}:{state}"] += 1
    return found


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=24, help="of each contrast and noise")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
