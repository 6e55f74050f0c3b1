"""Forms a second through the whole path, against its stages run one after the other.

``python -m benchmarks.bench_read`` draws a batch of forms, or takes those in ``--input``. Both
ways read the same bytes with the same network into a SQLite database and a folder. Starting up
counts in neither. Figures and how to take them stand in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from worker.config import Settings, read_settings
from worker.crop_archive import pack_crops
from worker.database.documents import finish_document, register_document
from worker.database.session import transaction
from worker.local import read_documents
from worker.recognizing import read_pages
from worker.runtime import decode_limits, load_catalog, open_run, open_sources
from worker.samples import write_samples
from worker.segmenting import segment_document
from worker.storage.keys import crop_archive_key

if TYPE_CHECKING:
    from worker.local import Run
    from worker.types import Source

_HASHES = (f"{number:064x}" for number in count())  # the serial way hashes nothing twice


def main() -> None:
    """Measure and print one JSON object."""
    options = _parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs, templates = _scans(options, folder)
        settings = read_settings(
            database_url=f"sqlite:///{folder}/penname.db",
            store=str(folder / "store"),
            checkpoint=options.checkpoint,
            segment_processes=options.processes,
            recognize_threads=options.threads,
        )
        print(json.dumps(_measure(settings, inputs, templates, options.rounds), indent=2))


def _measure(
    settings: Settings, inputs: list[Path], templates: Path, rounds: int
) -> dict[str, object]:
    sources = open_sources(settings)
    listed = [source for place in inputs for source in sources.find(str(place))]
    stages: list[dict[str, float]] = []
    overlapped: list[float] = []
    with ExitStack() as stack:
        run = stack.enter_context(
            open_run(
                settings,
                template_folders=[templates],
                sources=sources,
                batch="bench",
                on_progress=lambda _: None,
            )
        )
        _warm_up(run, listed)
        for number in range(rounds):
            stages.append(_one_after_the_other(run, listed, templates, settings))
            overlapped.append(_overlapped(run, listed, number))
    serial_s = statistics.median(sum(stage.values()) for stage in stages)
    overlapped_s = statistics.median(overlapped)
    return {
        "forms": len(listed),
        "segment_processes": settings.segment_processes,
        "recognize_threads": settings.recognize_threads,
        "stages_ms_per_form": {
            name: round(1000 * statistics.median(s[name] for s in stages) / len(listed), 1)
            for name in stages[0]
        },
        "one_after_the_other_forms_per_s": round(len(listed) / serial_s, 2),
        "overlapped_forms_per_s": round(len(listed) / overlapped_s, 2),
        "ratio": round(serial_s / overlapped_s, 2),
    }


def _warm_up(run: Run, listed: list[Source]) -> None:
    """Have every process started and every library awake."""
    data = run.fetch(listed[0])
    answers = [run.pool.submit(data) for _ in range(4 * run.pool.processes)]
    pages = [answer.result() for answer in answers]
    read_pages(
        [found for found in pages if isinstance(found, tuple)], run.recognizer, review_below=1
    )


def _one_after_the_other(
    run: Run, listed: list[Source], templates: Path, settings: Settings
) -> dict[str, float]:
    """Take each stage over all documents before the next, in this process alone."""
    catalog, params = load_catalog([templates])
    limits = decode_limits(settings)
    clock = _Clock()
    documents = [run.fetch(source) for source in listed]
    clock.lap("fetch")
    cut = [segment_document(data, catalog, params, limits) for data in documents]
    clock.lap("segment")
    readings = []
    for start in range(0, len(cut), 32):
        readings += read_pages(cut[start : start + 32], run.recognizer, review_below=0.85)
    clock.lap("recognize")
    for source, data, pages, reading in zip(listed, documents, cut, readings, strict=True):
        with transaction(run.sessions) as session:
            claim = register_document(
                session,
                batch_id=run.batch_id,
                source=source,
                sha256=next(_HASHES),
                size_bytes=len(data),
                identity=run.identity,
            )
        if claim is None:
            sys.exit("the benchmark's own documents were known before")
        key = crop_archive_key(claim.document_id, claim.attempt)
        crops = [(page.page_index, page.segmentation.crops) for page in pages if page.segmentation]
        run.store.put(key, pack_crops(crops))
        with transaction(run.sessions) as session:
            finish_document(session, claim, reading, crop_key=key, model_id=run.identity.model_id)
    clock.lap("write")
    return clock.laps


def _overlapped(run: Run, listed: list[Source], number: int) -> float:
    """Read all documents as ``penname read`` does; each round under another version."""
    identity = replace(run.identity, templates_version=f"round-{number}")
    fresh = replace(run, identity=identity, tally=type(run.tally)(), in_hand=set())
    started = time.perf_counter()
    tally = read_documents(listed, fresh)
    elapsed = time.perf_counter() - started
    if tally.documents - tally.already_read.total() != len(listed) or tally.failed:
        sys.exit(f"want {len(listed)} documents read, got {tally}")
    return elapsed


class _Clock:
    """Split time into named laps."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a lap."""
        now = time.perf_counter()
        self.laps[name], self._last = now - self._last, now


def _scans(options: argparse.Namespace, folder: Path) -> tuple[list[Path], Path]:
    if options.input is not None:
        return [options.input], options.templates
    summary = write_samples(folder / "forms", forms=options.forms, seed=7)
    inputs = [folder / "forms" / form_id for form_id in summary.form_ids]
    return inputs, folder / "forms" / "templates"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forms", type=int, default=60, help="how many forms to draw")
    parser.add_argument("--input", type=Path, help="a folder of scans instead of drawn ones")
    parser.add_argument("--templates", type=Path, help="the templates of --input")
    parser.add_argument("--checkpoint", type=Path, help="model instead of the one shipped")
    parser.add_argument("--processes", type=int, help="segment processes")
    parser.add_argument("--threads", type=int, help="threads of the network")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    options = parser.parse_args()
    if (options.input is None) != (options.templates is None):
        parser.error("--input and --templates go together")
    return options


if __name__ == "__main__":
    main()
