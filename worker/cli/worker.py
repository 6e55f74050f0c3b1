"""``penname worker``: the processes that read what was submitted."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

if TYPE_CHECKING:
    from types import FrameType

    from worker.config import Settings
    from worker.types import Stage

worker_app = typer.Typer(
    name="worker", help="Read what was submitted to the queue.", no_args_is_help=True
)
_Urgent = Annotated[
    bool, typer.Option("--urgent-only", help="Keep this worker free for urgent batches.")
]
_Db = Annotated[str | None, typer.Option(metavar="URL", help="Database.")]


@worker_app.command()
def segment(
    *,
    concurrency: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes that cut pages. (one a core)"),
    ] = None,
    urgent_only: _Urgent = False,
    db: _Db = None,
) -> None:
    """Find the form on each page and cut its fields, on processors.

    The first SIGTERM or Ctrl-C lets work at hand be finished, the second
    gives it back to other workers.
    """
    from worker.types import Stage

    settings = _settings(database_url=db, segment_processes=concurrency)
    memory_kib = settings.worker_memory_mib * 1024
    _work(
        Stage.SEGMENT,
        *("--concurrency", str(settings.segment_processes)),
        *("--max-memory-per-child", str(memory_kib)),
        urgent_only=urgent_only,
    )


@worker_app.command()
def recognize(
    *,
    device: Annotated[
        str | None, typer.Option(metavar="D", help="Where the network runs: cpu, cuda:0. (cpu)")
    ] = None,
    urgent_only: _Urgent = False,
    db: _Db = None,
) -> None:
    """Read the crops, full batches across documents; one such worker for each GPU.

    The first SIGTERM or Ctrl-C lets work at hand be finished, the second
    gives it back to other workers.
    """
    from worker.types import Stage

    _settings(database_url=db, device=device)
    _work(Stage.RECOGNIZE, "--concurrency", "1", urgent_only=urgent_only)


@worker_app.command()
def sweep(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Sweep one time, within seconds, and stop.")
    ] = False,
    db: _Db = None,
) -> None:
    """Take documents back from workers that died, and wake workers for what waits.

    Run one or two of it, anywhere.
    """
    from worker.celery_app import CeleryNudger
    from worker.config import read_settings
    from worker.errors import ExitCode
    from worker.logs import configure_logs
    from worker.queue.sweep import sweep as sweep_now
    from worker.queue.sweep import sweep_once
    from worker.stations import open_sweep_station, open_worker_process, wait_for_database

    settings = read_settings(database_url=db)
    configure_logs(settings.log_level)
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if not once and not wait_for_database(settings, stopped):
        return
    process = open_worker_process(settings, worker_id=f"{uuid4().hex[:12]}/sweep", kind="sweep")
    station = open_sweep_station(process, CeleryNudger())
    try:
        if once and sweep_once(station, stopped.wait) is None:
            raise typer.Exit(ExitCode.UNAVAILABLE)
        while not once and not stopped.is_set():
            sweep_now(station)
            stopped.wait(settings.sweep_every_s)
    finally:
        process.hand.stop()


def _settings(**options: str | int | None) -> Settings:
    """Read the settings, and hand those that are options on to the processes of the pool."""
    from worker.config import export_settings, read_settings

    settings = read_settings(**options)
    export_settings(settings, *options)
    return settings


def _work(stage: Stage, *options: str, urgent_only: bool) -> None:
    """Run Celery's worker in this process, whose pool forks the ones that work."""
    from worker.celery_app import app, queues_of

    queues = ",".join(queues_of(stage, urgent_only=urgent_only))
    # Gossip, mingle and heartbeats tell workers of each other, which ours learn from the database.
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    command = ["--quiet", "worker", "--queues", queues, "--pool", "prefork", *quiet, *options]
    sys.exit(app.worker_main(command))
