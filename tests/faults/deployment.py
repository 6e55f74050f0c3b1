"""A whole deployment on this machine: servers, worker processes, and eyes on the database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from worker.batches import submit
from worker.celery_app import CeleryNudger, configuration
from worker.config import read_settings
from worker.runtime import open_sources
from worker.storage.s3 import S3Options, connect
from worker.submitting import describe_submission, list_places

if TYPE_CHECKING:
    from celery import Celery

    from tests.faults.forms import QuickForms
    from tests.faults.troubled_proxy import TroubledProxy
    from tests.servers import Server
    from worker.database.session import Sessions

ROOT = Path(__file__).parents[2]
STEP_S = 0.25
BUCKET = "inbox"
FINISHED = "('done', 'needs_review', 'failed', 'cancelled', 'duplicate')"
RANKS = {"pending": 0, "segmenting": 1, "segmented": 2, "recognizing": 3}


@dataclass(slots=True, kw_only=True)
class Deployment:
    """What the faults befall."""

    folder: Path
    environment: dict[str, str]
    database_url: str
    postgresql: Server
    redis: Server
    proxy: TroubledProxy
    forms: QuickForms
    celery: Celery
    sessions: Sessions
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *options: str, **environment: str) -> None:
        """Start a worker: ``segment``, ``recognize`` or ``sweep``, and a number if need be."""
        command = [
            sys.executable,
            "-m",
            "tests.faults.worker",
            "worker",
            name.split("-", maxsplit=1)[0],
        ]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.workers[name] = subprocess.Popen(  # noqa: S603, our own arguments
                [*command, *options],
                cwd=ROOT,
                env={**os.environ, **self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def restart(self, name: str, *options: str) -> None:
        """Start a worker that was killed, and wait for its first sign of life."""
        began = self._now()
        self.start(name, *options)
        self._await_life(name, since=began)

    def restart_all(self) -> None:
        """Start every worker, and wait for the first sign of life of each."""
        began = self._now()
        self.start_all()
        for name in ("segment", "recognize", "sweep"):
            self._await_life(name, since=began)

    def start_all(self) -> None:
        """Start what a small machine would run."""
        self.start("segment", "--concurrency", "2")
        self.start("recognize")
        self.start("sweep")

    def kill(self, *names: str) -> None:
        """Kill workers as the kernel does for want of memory; their children die with them."""
        for name in names:
            worker = self.workers.pop(name)
            worker.kill()
            worker.wait()

    def stop_all(self) -> None:
        """End every worker."""
        for worker in self.workers.values():
            worker.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        for worker in self.workers.values():
            try:
                worker.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self.workers.clear()

    def children(self, name: str) -> list[int]:
        """Give the ids of the processes that a worker works with."""
        pid = self.workers[name].pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def put(self, batch: str, files: dict[str, bytes]) -> None:
        """Put scans into the bucket."""
        client = connect(S3Options(endpoint_url=self.proxy.url))
        for name, data in files.items():
            client.put_object(Bucket=BUCKET, Key=f"{batch}/{name}", Body=data)

    def remove(self, batch: str, *names: str) -> None:
        """Take scans out of the bucket."""
        client = connect(S3Options(endpoint_url=self.proxy.url))
        for name in names:
            client.delete_object(Bucket=BUCKET, Key=f"{batch}/{name}")

    def submit(self, batch: str) -> int:
        """Submit what is in the bucket for a batch, and say how many documents were added."""
        settings = read_settings()
        submission = describe_submission(
            settings, [settings.template_dir], batch=batch, urgent=False
        )
        sources = list_places(open_sources(settings), [f"s3://{BUCKET}/{batch}/"])
        return submit(sources, submission, self.sessions, self.nudger).added

    @property
    def nudger(self) -> CeleryNudger:
        """Give what wakes the workers."""
        return CeleryNudger(self.celery)

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Ask the database."""
        with (
            psycopg.connect(self.database_url, connect_timeout=10) as connection,
            connection.cursor(row_factory=psycopg.rows.dict_row) as cursor,
        ):
            return cursor.execute(sql, values).fetchall()

    def documents(self, batch: str) -> list[dict[str, Any]]:
        """Give every document of a batch."""
        return self.rows(
            "SELECT documents.* FROM documents JOIN batches ON batches.id = batch_id"
            " WHERE batches.name = %s",
            batch,
        )

    def wait_for(self, batch: str, what: str, *, count: int = 1, within_s: float = 600.0) -> None:
        """Wait until so many documents of a batch are in a state, by an SQL condition."""
        deadline = time.monotonic() + within_s
        while len(self.those(batch, what)) < count:
            assert time.monotonic() < deadline, (what, self.summary(batch))
            time.sleep(STEP_S)

    def wait_until_finished(self, batch: str, *, within_s: float) -> None:
        """Wait until nothing is left to do."""
        deadline = time.monotonic() + within_s
        while left := self.those(batch, f"status NOT IN {FINISHED}"):
            assert time.monotonic() < deadline, (len(left), self.summary(batch))
            time.sleep(2 * STEP_S)

    def in_hand(self, batch: str) -> list[dict[str, Any]]:
        """Give the documents that a fault may hit: at work, or put off by it."""
        return self.those(
            batch, f"lease_owner IS NOT NULL OR outages > 0 AND status NOT IN {FINISHED}"
        )

    def first_waiting(self, batch: str) -> list[dict[str, Any]]:
        """Give the documents that are to be worked on next."""
        waiting = "status IN ('pending', 'segmented') ORDER BY priority, registered_at LIMIT 5"
        return self.rows(
            "SELECT documents.* FROM documents JOIN batches ON batches.id = batch_id"  # noqa: S608, our own condition
            f" WHERE batches.name = %s AND {waiting}",
            batch,
        )

    def recovery_s(self, hit: list[dict[str, Any]], *, within_s: float = 120.0) -> float:
        """Measure until the last of these documents has moved on: from now, the fault's end."""
        began = time.monotonic()
        waiting = {row["id"]: row for row in hit}
        while waiting:
            assert time.monotonic() < began + within_s, [
                (row["status"], row["attempt"]) for row in waiting.values()
            ]
            now = self.rows("SELECT * FROM documents WHERE id = ANY(%s)", list(waiting))
            for row in now:
                if _moved(waiting[row["id"]], row):
                    del waiting[row["id"]]
            if waiting:
                time.sleep(STEP_S)
        return time.monotonic() - began

    def summary(self, batch: str) -> dict[str, int]:
        """Count by state."""
        counts: dict[str, int] = {}
        for row in self.documents(batch):
            counts[row["status"]] = counts.get(row["status"], 0) + 1
        return counts

    def those(self, batch: str, what: str) -> list[dict[str, Any]]:
        """Give the documents of a batch that an SQL condition holds for."""
        return self.rows(
            "SELECT documents.* FROM documents JOIN batches ON batches.id = batch_id"  # noqa: S608, our own conditions
            f" WHERE batches.name = %s AND ({what})",
            batch,
        )

    def _now(self) -> Any:
        return self.rows("SELECT clock_timestamp() AS now")[0]["now"]

    def _await_life(self, kind: str, *, since: Any) -> None:
        deadline = time.monotonic() + 120
        alive = "SELECT 1 FROM workers WHERE kind = %s AND started_at > %s"
        while not self.rows(alive, kind, since):
            assert time.monotonic() < deadline, f"{kind} does not start"
            time.sleep(STEP_S)


def connect_celery(celery: Celery) -> Celery:
    """Let the application of this process send to the broker that the environment names."""
    celery.conf.update(configuration())
    celery._after_fork()  # noqa: SLF001, lets go of connections to the broker before
    return celery


def _moved(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Tell whether a document was taken up again, or got further, since the fault."""
    last = len(RANKS)
    return bool(
        now["attempt"] > before["attempt"]
        or RANKS.get(now["status"], last) > RANKS.get(before["status"], last)
    )
