"""Time from a page's bytes to its crops on one core, in units of decoding them to gray.

``python -m benchmarks.bench_segmentation --template DIR SCANS_DIR`` takes every JPEG and PNG of a
folder. Decoding alone and the whole way, bytes to crops, take turns in one process, page by page;
a page's time is its median over the rounds. ``--rivals`` times other ways to lay a page onto its
form beside it, decoding included. ``--json`` ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:  # started by its path, not by ``python -m``
    sys.path.insert(0, _ROOT)

from segmentation import SegmentationParams, index_templates  # noqa: E402, after the path is set
from worker.document_images import DecodeLimits  # noqa: E402, the same
from worker.segmenting import segment_document  # noqa: E402, the same
from worker.templates import load_template  # noqa: E402, the same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segmentation import Template

_PICTURES = (".jpg", ".jpeg", ".png")


def main() -> None:
    """Measure and print."""
    options = _parse()
    cv2.setNumThreads(1)
    paths = sorted(p for p in options.scans.iterdir() if p.suffix.lower() in _PICTURES)
    documents = [p.read_bytes() for p in paths if not p.stem.startswith("blank")]
    if not documents:
        sys.exit(f"no JPEG or PNG scans in {options.scans}")
    template = load_template(options.template)
    report = _measure(documents, template, rounds=options.rounds)
    if options.rivals:
        report |= _rivals(documents, template)
    for name, value in report.items():
        print(f"{name:24} {value}")
    if options.json:
        print(json.dumps(report))


def _measure(
    documents: Sequence[bytes], template: Template, *, rounds: int
) -> dict[str, float | str]:
    params, limits = SegmentationParams(), DecodeLimits()
    catalog = index_templates([template], params)
    outcomes: Counter[str] = Counter()

    def cut(data: bytes) -> None:
        for page in segment_document(data, catalog, params, limits):
            outcomes[page.failure_code or "cut"] += 1

    for data in documents[:3]:  # have every library awake
        _decode(data)
        cut(data)
    outcomes.clear()
    decode_s, whole_s = [], []
    for data in documents:
        turns = [(_timed(_decode, data), _timed(cut, data)) for _ in range(rounds)]
        decode_s.append(statistics.median(alone for alone, _ in turns))
        whole_s.append(statistics.median(whole for _, whole in turns))
    return {
        "pages": len(documents),
        "decode_ms": round(1000 * statistics.mean(decode_s), 2),
        "page_ms": round(1000 * statistics.mean(whole_s), 2),
        "ratio_to_decode": round(sum(whole_s) / sum(decode_s), 3),
        "pages_per_s": round(len(documents) / sum(whole_s), 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "outcomes": " ".join(f"{code}:{n // rounds}" for code, n in sorted(outcomes.items())),
    }


def _rivals(documents: Sequence[bytes], template: Template) -> dict[str, float | str]:
    """Time the other ways, after the peak of memory was taken; crops are slices of the warp."""
    from benchmarks.alignments import ALIGNMENTS  # noqa: PLC0415, its memory is not penname's

    out: dict[str, float | str] = {}
    for name, prepare in ALIGNMENTS.items():
        align = prepare(template)
        times = [_timed(lambda data: align(_decode(data)), data) for data in documents[:12]]  # noqa: B023, called at once
        out[f"{name}_pages_per_s"] = round(1 / statistics.median(times), 2)
    return out


def _decode(data: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), np.uint8)


def _timed(work: Callable[[bytes], object], data: bytes) -> float:
    began = time.perf_counter()
    work(data)
    return time.perf_counter() - began


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scans", type=Path, metavar="SCANS_DIR")
    parser.add_argument("--template", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5, help="medians are taken over these")
    parser.add_argument("--rivals", action="store_true", help="time other ways beside it")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
