"""What a document costs the queue while few or very many others wait or are done.

``python -m benchmarks.bench_backlog`` submits so many documents to PostgreSQL and Redis, works
some of them off with a scripted recognizer and one page cut beforehand, first with all others
waiting and then with all others done, and works all of them off where that is asked for. The
store is a dictionary: what is measured is penname's own code, its statements, and PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import psycopg

from segmentation import SegmentationParams
from tests.fakes.scripted_recognizer import MODEL_ID, ScriptedRecognizer
from tests.servers import HOST, postgresql_server, redis
from worker.batches import OfferedTemplate, Submission, submit
from worker.celery_app import CeleryNudger
from worker.config import read_settings
from worker.database.claims import ShardLimits
from worker.database.session import closed_after, open_database, transaction
from worker.database.submissions import Offer
from worker.database.workers import Worker
from worker.database.workload import read_workload
from worker.document_images import DecodeLimits
from worker.errors import ObjectMissingError
from worker.metrics import metrics_text
from worker.queue.forms import template_key
from worker.queue.hand import Hand
from worker.queue.recognize import RecognizeStation, ShardSize, recognize_waiting
from worker.queue.segment import SegmentStation, segment_waiting
from worker.runtime import load_catalog
from worker.samples import write_samples
from worker.segmenting import segment_document
from worker.templates import load_templates
from worker.thresholds import NO_THRESHOLDS
from worker.types import RunIdentity, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recognition.recognizer import Recognizer
    from worker.database.session import Sessions
    from worker.queue.forms import Forms
    from worker.queue.readers import Readers
    from worker.storage.base import ObjectStore
    from worker.types import ReadWith, SegmentedPage

_IDENTITY = RunIdentity(templates_version="bench", model_id=MODEL_ID, decoder_version="greedy")


class _Store:
    """Objects in a dictionary; the one of the tests adds up its size at every write."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def get(self, key: str) -> bytes:
        """Read one object."""
        try:
            return self._objects[key]
        except KeyError as error:
            raise ObjectMissingError(key) from error

    def put(self, key: str, data: bytes) -> None:
        """Write one object."""
        self._objects[key] = data


class _Forms:
    """Serves every offer."""

    def served(self, offers: Iterable[Offer]) -> list[str]:
        """Say that all can be cut here."""
        return [offer.identity.templates_version for offer in offers]

    def catalog(self, _: str) -> None:
        """Give none: the page is cut already."""


class _Readers:
    """Reads every offer by the script."""

    def __init__(self) -> None:
        self._recognizer = ScriptedRecognizer()

    def served(self, offers: Iterable[Offer]) -> list[ReadWith]:
        """Say that all can be read here."""
        return [offer.identity.read_with for offer in offers]

    def reader(self, _: ReadWith) -> Recognizer:
        """Give the scripted one."""
        return cast("Recognizer", self._recognizer)


@dataclass(slots=True, kw_only=True)
class _Counter:
    """Counts documents in the place of seconds, so that a budget is a number of them."""

    documents: int = 0
    hundredths: float = 0.01  # a station wakes others once a second: once in 100 documents

    def clock(self) -> float:
        """Give the documents so far as seconds."""
        return self.documents * self.hundredths

    def fetch(self, source: Source) -> bytes:
        """Give bytes of the document's own."""
        self.documents += 1
        return source.uri.encode()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Line:
    """Both stations over one database."""

    sessions: Sessions
    segment: SegmentStation
    recognize: RecognizeStation
    counter: _Counter
    url: str

    def work(self, documents: int) -> dict[str, float]:
        """Work off so many, and say what one cost in milliseconds and statements."""
        with psycopg.connect(self.url, autocommit=True) as database:
            database.execute("SELECT pg_stat_statements_reset()")
        cpu_s, cut_s, began = time.process_time(), time.process_time(), time.perf_counter()
        start = self.counter.documents
        while self.counter.documents < start + documents:
            before = self.counter.documents
            left = start + documents - before
            segment_waiting(
                self.segment,
                urgent_only=False,
                budget_s=left * self.counter.hundredths - 1e-6,
                clock=self.counter.clock,
            )
            if self.counter.documents == before:
                sys.exit("documents wait, and none could be claimed")
        cut_s = time.process_time() - cut_s
        tally = recognize_waiting(self.recognize, urgent_only=False, budget_s=3600.0)
        done = self.counter.documents - start
        if tally.finished != done or tally.errors:
            sys.exit(f"want {done} documents read, got {tally}")
        cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - began
        calls, ms = self._asked()
        return {
            "documents": done,
            "cpu_ms": round(1000 * cpu_s / done, 2),
            "of_it_cut_ms": round(1000 * cut_s / done, 2),
            "wall_ms": round(1000 * wall_s / done, 2),
            "statements": round(calls / done, 2),
            "sql_server_ms": round(ms / done, 2),
        }

    def _asked(self) -> tuple[int, float]:
        with psycopg.connect(self.url, autocommit=True) as database:
            row = database.execute(
                "SELECT sum(calls)::int, sum(total_exec_time) FROM pg_stat_statements "
                "JOIN pg_database ON dbid = pg_database.oid WHERE datname = current_database()"
            ).fetchone()
        if row is None:
            raise RuntimeError("PostgreSQL did not count")
        return int(row[0]), float(row[1])


def main() -> None:
    """Measure and print one JSON object."""
    options = _parse()
    with (
        tempfile.TemporaryDirectory(prefix="penname-bench-") as name,
        postgresql_server() as (server, url),
        redis() as broker,
    ):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        server.stop()
        server.start()
        os.environ["PENNAME_BROKER_URL"] = f"redis://{HOST}:{broker.port}/0"
        submission, pages = _one_page(Path(name))
        report = {
            str(documents): _measure(
                _new_database(url, documents), submission, pages, documents, options
            )
            for documents in options.documents
        }
    print(json.dumps(report, indent=2))


def _measure(
    url: str,
    submission: Submission,
    pages: tuple[SegmentedPage, ...],
    documents: int,
    options: argparse.Namespace,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    sessions = open_database(url)
    with (
        closed_after(sessions),
        patch("worker.queue.segment.segment_document", lambda *_: pages),
        _line(sessions, url) as line,
    ):
        found["submit"] = _submit(submission, sessions, documents)
        found["all_others_waiting"] = line.work(options.sample)
        found["metrics_ms_waiting"] = _metrics_ms(sessions)
        if documents <= options.whole:
            found["a_thousand_after_the_other"] = _the_rest(line, documents - 2 * options.sample)
        else:
            _finish_all_but(url, options.sample)
        found["all_others_done"] = line.work(options.sample)
        found["metrics_ms_done"] = _metrics_ms(sessions)
    print(json.dumps({documents: found}), file=sys.stderr)
    return found


def _the_rest(line: _Line, documents: int) -> list[dict[str, float]]:
    """Work off a batch to its end, so that growth along the way would show."""
    parts = []
    while documents:
        parts.append(line.work(min(1000, documents)))
        documents -= int(parts[-1]["documents"])
        print(json.dumps(parts[-1]), file=sys.stderr)
    return parts


def _submit(submission: Submission, sessions: Sessions, documents: int) -> dict[str, float]:
    listed = (
        Source(uri=f"s3://bench/scans/{number:07}.jpg", size_bytes=1_000_000, version=f"v{number}")
        for number in range(documents)
    )
    cpu_s, began = time.process_time(), time.perf_counter()
    done = submit(listed, submission, sessions, CeleryNudger())
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - began
    if done.added != documents:
        sys.exit(f"want {documents} documents added, got {done}")
    return {
        "wall_s": round(wall_s, 2),
        "cpu_ms": round(1000 * cpu_s / documents, 3),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _metrics_ms(sessions: Sessions) -> float:
    began = time.perf_counter()
    with transaction(sessions) as session:
        metrics_text(read_workload(session))
    return round(1000 * (time.perf_counter() - began), 1)


def _finish_all_but(url: str, documents: int) -> None:
    """Take all but so many for done, as they would be in the end."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(
            "UPDATE documents SET status = 'done', sha256 = md5(uri), finished_at = now(), "
            "next_attempt_at = NULL, crop_count = 4, segment_s = 0.1, recognize_s = 0.05 "
            "WHERE status = 'pending' AND id NOT IN "
            "(SELECT id FROM documents WHERE status = 'pending' LIMIT %s)",
            [documents],
        )
        database.execute("ANALYZE documents")  # as autovacuum does within a minute


@contextmanager
def _line(sessions: Sessions, url: str) -> Iterator[_Line]:
    """Make both stations, their leases kept alive as in a worker."""
    counter, store = _Counter(), cast("ObjectStore", _Store())
    worker = Worker(worker_id="bench/1", kind="segment", host="bench", pid=os.getpid())
    hand = Hand(sessions, worker, lease_s=read_settings().lease_s)
    hand.start()
    try:
        yield _Line(
            sessions=sessions,
            segment=SegmentStation(
                sessions=sessions,
                hand=hand,
                fetch=counter.fetch,
                store=store,
                forms=cast("Forms", _Forms()),
                params=SegmentationParams(),
                limits=DecodeLimits(),
                nudger=CeleryNudger(),
            ),
            recognize=RecognizeStation(
                sessions=sessions,
                hand=hand,
                store=store,
                readers=cast("Readers", _Readers()),
                size=ShardSize(ShardLimits(crops=256, documents=64)),
                review_below=0.5,
                thresholds=NO_THRESHOLDS,
                nudger=CeleryNudger(),
            ),
            counter=counter,
            url=url,
        )
    finally:
        hand.stop()


def _one_page(folder: Path) -> tuple[Submission, tuple[SegmentedPage, ...]]:
    """Cut one drawn form to tiny crops, and say how documents like it are submitted."""
    summary = write_samples(folder, forms=4, seed=7)
    scan = next((folder / summary.form_ids[0]).glob("*.jpg"))
    templates = load_templates([folder / "templates"])
    catalog, params = load_catalog([folder / "templates"])
    pages = segment_document(scan.read_bytes(), catalog, params, DecodeLimits())
    submission = Submission(
        batch="bench",
        offer=Offer(
            identity=_IDENTITY,
            templates=tuple(sorted(map(template_key, templates))),
            lexicons=(),
            name_prior=False,
        ),
        model_sha256=MODEL_ID * 5,
        model_config={},
        templates=[
            OfferedTemplate(
                template_id=template.template_id, version=template.version, fields=template.fields
            )
            for template in templates
        ],
    )
    return submission, tuple(_with_tiny_crops(page) for page in pages)


def _with_tiny_crops(page: SegmentedPage) -> SegmentedPage:
    """Let packing and unpacking pictures, which reading pays for in any case, cost little."""
    found = page.segmentation
    if found is None:
        sys.exit("the drawn form was not found on its own scan")
    crops = tuple(replace(crop, image=crop.image[:20, :40].copy()) for crop in found.crops)
    return replace(page, segmentation=replace(found, crops=crops))


def _new_database(server_url: str, documents: int) -> str:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE backlog_{documents}")
    url = f"{server_url.rsplit('/', 1)[0]}/backlog_{documents}"
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE EXTENSION pg_stat_statements")
    return url


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--sample", type=int, default=300, help="worked off at each point")
    parser.add_argument("--whole", type=int, default=10_000, help="work all off up to so many")
    return parser.parse_args()


if __name__ == "__main__":
    main()
