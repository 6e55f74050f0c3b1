"""Forms through Redis, PostgreSQL and S3 against ``penname read`` in one process.

``python -m benchmarks.bench_pipeline`` starts the servers, draws forms, puts them into a bucket,
and reads the same ones both ways by turns, each time into a new database. What is compared is
the processor time a form, of penname's own processes: the time of day of a busy machine says
little. Starting up counts in neither, nor does what is done once a batch. What goes by the clock
(signs of life, the sweep, messages that are waited for) is measured while nothing is to be done:
a form costs the more of it the longer it waits for a core, so the rate is told with it and
without it. Figures stand in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks.processor import Spent, spent
from tests.servers import HOST, postgresql_server, redis, s3, wait_for_logins
from worker.batches import submit
from worker.celery_app import CeleryNudger
from worker.config import read_settings
from worker.database.session import closed_after, open_database
from worker.local import read_documents
from worker.recognizing import read_pages
from worker.runtime import open_run, open_sources
from worker.samples import write_samples
from worker.storage.s3 import S3Options, connect
from worker.submitting import describe_submission, list_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BUCKET = "bench"
_WARM_UP, _FORMS = f"s3://{_BUCKET}/warm-up/", f"s3://{_BUCKET}/forms/"
_LONGEST_S = 900.0  # a round that takes longer has got stuck
_IDLE_S = 20.0  # several sweeps and signs of life
_ROLES = ("segment", "recognize", "sweep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What all rounds share."""

    server_url: str  # of PostgreSQL
    templates: Path
    forms: int
    folder: Path


def main() -> None:
    """Measure and print one JSON object; the second form is a round of its own process."""
    options = _parse()
    if options.read_alone:
        print(json.dumps(_read_alone(options.templates, options.processes[0])))
        return
    with ExitStack() as stack:
        bench = _set_up(stack, options.forms)
        report = {
            "forms": bench.forms,
            "rounds": options.rounds,
            "segment_processes": {
                processes: _compare(bench, processes, options.rounds)
                for processes in options.processes
            },
        }
    print(json.dumps(report, indent=2))


def _set_up(stack: ExitStack, forms: int) -> Bench:
    """Start the servers, and put the forms to read and some to warm up with into the bucket."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="penname-bench-")))
    server, url = stack.enter_context(postgresql_server())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    server.stop()
    server.start()
    wait_for_logins(url)
    broker, endpoint = stack.enter_context(redis()), stack.enter_context(s3())
    os.environ.update(
        AWS_ACCESS_KEY_ID="bench",
        AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106, of a server that lives as long as the bench
        AWS_DEFAULT_REGION="us-east-1",
        PENNAME_BROKER_URL=f"redis://{HOST}:{broker.port}/0",
        PENNAME_S3_ENDPOINT_URL=endpoint,
        PENNAME_RECOGNIZE_THREADS="1",
    )
    client = connect(S3Options(endpoint_url=endpoint))
    client.create_bucket(Bucket=_BUCKET)
    for name, count, seed in (("forms", forms, 7), ("warm-up", 8, 8)):
        write_samples(folder / name, forms=count, seed=seed)
        for path in sorted((folder / name).rglob("*")):
            if path.is_file() and "templates" not in path.parts and path.suffix != ".csv":
                key = f"{name}/{path.parent.name}-{path.name}"
                client.put_object(Bucket=_BUCKET, Key=key, Body=path.read_bytes())
    listed = list(open_sources(read_settings()).find(_FORMS))
    return Bench(
        server_url=url, templates=folder / "forms" / "templates", forms=len(listed), folder=folder
    )


def _compare(bench: Bench, processes: int, rounds: int) -> dict[str, Any]:
    """Read both ways by turns and compare the medians."""
    queued: list[dict[str, Any]] = []
    alone: list[dict[str, Any]] = []
    for number in range(rounds):
        name = f"p{processes}r{number}"
        queued.append(_queued(bench, processes, _new_database(bench, f"queue_{name}")))
        alone.append(_alone(bench, processes, _new_database(bench, f"alone_{name}")))
        print(json.dumps({"queued": queued[-1], "alone": alone[-1]}), file=sys.stderr)

    def median(rounds: list[dict[str, Any]], key: str) -> float:
        return float(statistics.median(found[key] for found in rounds))

    queued_ms, alone_ms = median(queued, "cpu_ms"), median(alone, "cpu_ms")
    return {
        "rate_per_core": round(alone_ms / queued_ms, 3),  # of one process's; 1 is as quick
        "rate_per_core_at_work": round(alone_ms / median(queued, "at_work_ms"), 3),
        "rates": [
            round(one["cpu_ms"] / other["cpu_ms"], 3)
            for one, other in zip(alone, queued, strict=True)
        ],
        "queued": {key: round(median(queued, key), 2) for key in queued[0] if key != "statements"},
        "alone": {key: round(median(alone, key), 2) for key in alone[0]},
        "overhead_cpu_ms": round(queued_ms - alone_ms, 2),
        "statements": queued[-1]["statements"],
    }


def _queued(bench: Bench, processes: int, url: str) -> dict[str, Any]:
    """Read the forms by the queue; milliseconds a form, but for forms_per_s."""
    settings = read_settings(
        database_url=url,
        store=f"s3://{_BUCKET}/{url.rsplit('/', 1)[1]}",
        template_dir=bench.templates,
    )
    sessions, sources = open_database(url), open_sources(settings)
    with closed_after(sessions), _workers(bench, url, settings.store, processes) as workers:

        def hand_in(place: str, batch: str) -> tuple[float, float]:
            """Give the processor time of what is done once, and of the rest."""
            began = time.process_time()
            described = describe_submission(settings, [bench.templates], batch=batch, urgent=False)
            once_s = time.process_time() - began
            submit(list_places(sources, [place]), described, sessions, CeleryNudger())
            return once_s, time.process_time() - began - once_s

        def meter() -> Callable[[], tuple[dict[str, Spent], float]]:
            before = {role: spent(worker.pid) for role, worker in workers.items()}
            began = time.perf_counter()
            return lambda: (
                {role: spent(worker.pid) - before[role] for role, worker in workers.items()},
                time.perf_counter() - began,
            )

        hand_in(_WARM_UP, "warm-up")
        _wait(url, "warm-up")
        read = meter()
        time.sleep(_IDLE_S)
        idle, idle_s = read()
        _reset_statements(url)
        read = meter()
        once_s, submit_s = hand_in(_FORMS, "forms")
        _wait(url, "forms")
        used, wall_s = read()
    by_clock_s = sum(role.total_s for role in idle.values()) / idle_s * wall_s
    figures = _queued_figures(bench, url, used, submit_s=submit_s, wall_s=wall_s)
    return {
        **figures,
        "at_work_ms": figures["cpu_ms"] - 1000 * by_clock_s / bench.forms,
        "by_clock_ms_a_second": 1000 * by_clock_s / wall_s,
        "submit_once_s": once_s,
    }


def _queued_figures(
    bench: Bench, url: str, used: dict[str, Spent], *, submit_s: float, wall_s: float
) -> dict[str, Any]:
    def each_ms(seconds: float) -> float:
        return 1000 * seconds / bench.forms

    statements = _statements(url, bench.forms)
    return {
        "cpu_ms": each_ms(submit_s + sum(role.total_s for role in used.values())),
        "segment_ms": each_ms(used["segment"].below_s),
        "recognize_ms": each_ms(used["recognize"].below_s),
        "parents_ms": each_ms(used["segment"].own_s + used["recognize"].own_s),
        "sweep_ms": each_ms(used["sweep"].total_s),
        "submit_ms": each_ms(submit_s),
        "forms_per_s": bench.forms / wall_s,
        "sql_statements": sum(found["calls"] for found in statements),
        "sql_server_ms": sum(found["ms"] for found in statements),
        "statements": statements[:12],
    }


@contextmanager
def _workers(
    bench: Bench, url: str, store: str, processes: int
) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run a worker of each kind, as a deployment does."""
    environment = {
        **os.environ,
        "PENNAME_DATABASE_URL": url,
        "PENNAME_STORE": store,
        "PENNAME_TEMPLATE_DIR": str(bench.templates),
    }
    workers = {}
    with (bench.folder / "workers.log").open("ab") as log:
        for role in _ROLES:
            options = ["--concurrency", str(processes)] if role == "segment" else []
            workers[role] = subprocess.Popen(  # noqa: S603, our own arguments
                [sys.executable, "-m", "worker", "worker", role, *options],
                env=environment,
                stdout=log,
                stderr=log,
            )
        try:
            yield workers
        finally:
            for worker in workers.values():
                worker.terminate()
            for worker in workers.values():
                worker.wait(60)


def _alone(bench: Bench, processes: int, url: str) -> dict[str, Any]:
    """Have a process of its own read the forms as ``penname read`` does."""
    done = subprocess.run(  # noqa: S603, our own arguments
        [
            *(sys.executable, "-m", "benchmarks.bench_pipeline", "--read-alone"),
            *("--templates", str(bench.templates), "--processes", str(processes)),
        ],
        env={
            **os.environ,
            "PENNAME_DATABASE_URL": url,
            "PENNAME_STORE": f"s3://{_BUCKET}/{url.rsplit('/', 1)[1]}",
        },
        check=True,
        stdout=subprocess.PIPE,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _read_alone(templates: Path, processes: int) -> dict[str, float]:
    """Read the forms in this process and its segment processes."""
    settings = read_settings(segment_processes=processes)
    sources = open_sources(settings)
    with open_run(
        settings,
        template_folders=[templates],
        sources=sources,
        batch="forms",
        on_progress=lambda _: None,
    ) as run:
        warm_up = [run.pool.submit(run.fetch(source)) for source in sources.find(_WARM_UP)]
        pages = [answer.result() for answer in warm_up]
        cut = [found for found in pages if isinstance(found, tuple)]
        read_pages(cut, run.recognizer, review_below=1)
        before, began = spent(os.getpid()), time.perf_counter()
        listed = list(sources.find(_FORMS))
        tally = read_documents(listed, run)
        used, wall_s = spent(os.getpid()) - before, time.perf_counter() - began
    if tally.documents != len(listed) or tally.failed:
        sys.exit(f"want {len(listed)} documents read, {len(tally.failed)} failed")
    return {
        "cpu_ms": 1000 * used.total_s / len(listed),
        "segment_ms": 1000 * used.below_s / len(listed),
        "rest_ms": 1000 * used.own_s / len(listed),
        "forms_per_s": len(listed) / wall_s,
    }


def _new_database(bench: Bench, name: str) -> str:
    with psycopg.connect(bench.server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    url = bench.server_url.rsplit("/", 1)[0] + "/" + name
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CREATE EXTENSION pg_stat_statements")
    return url


def _wait(url: str, batch: str) -> None:
    """Wait until every document of a batch is read."""
    give_up = time.monotonic() + _LONGEST_S
    states: dict[str, int] = {}
    with psycopg.connect(url, autocommit=True) as database:
        while time.monotonic() < give_up:
            rows = database.execute(
                "SELECT status, count(*) FROM documents JOIN batches ON batches.id = batch_id "
                "WHERE name = %s GROUP BY status",
                [batch],
            ).fetchall()
            states = dict(rows)
            if states and set(states) <= {"done", "needs_review"}:
                return
            if "failed" in states:
                break
            time.sleep(0.2)
    sys.exit(f"batch {batch} was not read: {states}")


def _reset_statements(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SELECT pg_stat_statements_reset()")


def _statements(url: str, forms: int) -> list[dict[str, Any]]:
    """List what was asked of PostgreSQL by penname, a form: the costliest first."""
    with psycopg.connect(url, autocommit=True) as database:
        rows = database.execute(
            "SELECT regexp_replace(left(query, 90), '\\s+', ' ', 'g'), calls, total_exec_time "
            "FROM pg_stat_statements JOIN pg_database ON dbid = pg_database.oid "
            "WHERE datname = current_database() AND query NOT LIKE '%pg_stat_statements%' "
            "AND query NOT LIKE 'SELECT status, count(*) FROM documents JOIN batches%' "
            "ORDER BY total_exec_time DESC"
        ).fetchall()
    return [
        {"sql": sql, "calls": round(calls / forms, 3), "ms": round(ms / forms, 3)}
        for sql, calls, ms in rows
    ]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--forms", type=int, default=60, help="how many forms to draw")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2], help="segment processes to try"
    )
    parser.add_argument("--read-alone", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--templates", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
