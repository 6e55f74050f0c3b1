"""``penname status``, ``retry``, ``cancel`` and ``failures``: batches that the queue reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from worker.advice import ADVICE, check_code, codes_of
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from worker.database.progress import BatchProgress
    from worker.database.session import Session
    from worker.database.workers import SeenWorker

_REFRESH_S = 2.0
_SHOWN = (  # columns of ``status``: heading, and the states that it counts
    ("waiting", (DocumentStatus.PENDING, DocumentStatus.SEGMENTED)),
    ("at work", (DocumentStatus.SEGMENTING, DocumentStatus.RECOGNIZING)),
    ("done", (DocumentStatus.DONE,)),
    ("to review", (DocumentStatus.NEEDS_REVIEW,)),
    ("failed", (DocumentStatus.FAILED,)),
    ("duplicates", (DocumentStatus.DUPLICATE,)),
    ("cancelled", (DocumentStatus.CANCELLED,)),
)
_Batch = Annotated[str, typer.Argument(metavar="BATCH", help="Name of the batch.")]
_Db = Annotated[str | None, typer.Option(metavar="URL", help="Database.")]


def status(
    batch: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help="Only this one.", show_default=False)
    ] = None,
    *,
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it anew every two seconds, until Ctrl-C.")
    ] = False,
    db: _Db = None,
) -> None:
    """Show how far batches are, what failed and why, and which workers are alive."""
    from worker.cli.interruption import stoppable
    from worker.config import read_settings
    from worker.database.session import reading

    url = read_settings(database_url=db).database_url.get_secret_value()
    if not watch:
        with reading(url) as session:
            Console().print(_view(session, batch))
        return
    with stoppable(), Live(auto_refresh=False) as live:
        while True:
            with reading(url) as session:
                live.update(_view(session, batch), refresh=True)
            time.sleep(_REFRESH_S)


def retry(
    batch: _Batch,
    *,
    code: Annotated[
        str | None,
        typer.Option(help="Only what failed with this code; cancelled takes a cancel back."),
    ] = None,
    db: _Db = None,
) -> None:
    """Let the failed documents of a batch be read again by the queue's workers."""
    from worker.batches import retry_batch
    from worker.celery_app import CeleryNudger
    from worker.config import read_settings
    from worker.database.session import opened

    check_code(code)
    settings = read_settings(database_url=db)
    with opened(settings.database_url.get_secret_value()) as sessions:
        count = retry_batch(sessions, batch, CeleryNudger(), code=code)
    print(f"{count} documents of batch {batch} will be read again")


def cancel(batch: _Batch, *, db: _Db = None) -> None:
    """Call off what is not read yet of a batch; what was read stays."""
    from worker.batches import cancel_batch
    from worker.config import read_settings
    from worker.database.session import opened

    settings = read_settings(database_url=db)
    with opened(settings.database_url.get_secret_value()) as sessions:
        count = cancel_batch(sessions, batch)
    print(f"{count} documents of batch {batch} were cancelled")


def failures(
    batch: _Batch,
    *,
    code: Annotated[str | None, typer.Option(help="Only what failed with this code.")] = None,
    db: _Db = None,
) -> None:
    """List the documents of a batch of which nothing could be read, and what to do."""
    from worker.batches import batch_failures
    from worker.config import read_settings
    from worker.database.session import reading

    check_code(code)
    settings = read_settings(database_url=db)
    codes: set[str] = set()
    with reading(settings.database_url.get_secret_value()) as session:
        for failure in batch_failures(session, batch, code=code):
            print(f"{failure.uri}\n  {failure.code}: {failure.detail}")
            codes |= {failure.code, *codes_of(failure.code, failure.detail)}
    for found in sorted(codes & ADVICE.keys()):
        print(f"{found}: {ADVICE[found]}")
    if not codes:
        print(f"nothing failed in batch {batch}" + (f" with {code}" if code else ""))


def _view(session: Session, batch: str | None) -> Group:
    from worker.batches import batch_status, workers_alive

    table = Table("batch", "documents", *(heading for heading, _ in _SHOWN), "per s", "left")
    notes = []
    for progress in batch_status(session, batch):
        table.add_row(*_row(progress))
        notes += _notes(progress)
    return Group(table, *notes, *_workers(workers_alive(session)))


def _row(progress: BatchProgress) -> list[str]:
    counts = [sum(progress.by_status.get(state, 0) for state in states) for _, states in _SHOWN]
    rate = f"{progress.per_second:.1f}" if progress.finished_lately else ""
    return [
        progress.name,
        *map(str, (progress.total, *counts)),
        rate,
        _duration(progress.seconds_left),
    ]


def _notes(progress: BatchProgress) -> list[str]:
    notes = [
        f"{progress.name}: {count} failed with {code}"
        for code, count in progress.by_failure.items()
    ]
    notes += [
        f"{progress.name}: {count} duplicates wait for their originals in batch {name}"
        for name, count in progress.waits_for.items()
    ]
    if progress.waiting_for_outage:
        notes.append(
            f"{progress.name}: {progress.waiting_for_outage} wait for a store or database that "
            "was away; they go on by themselves once it answers as it should"
        )
        notes += [f"  one of them: {progress.outage}"] if progress.outage else []
    return notes


def _duration(seconds: float | None) -> str:
    """Say a time that is left: minutes and hours, as far as anybody believes such figures."""
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds else ""
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def _workers(alive: list[SeenWorker]) -> list[str]:
    if not alive:
        return ["no workers are alive; start them with: penname worker segment, recognize, sweep"]
    kinds: dict[str, int] = {}
    for seen in alive:
        kinds[seen.worker.kind] = kinds.get(seen.worker.kind, 0) + 1
    hosts = len({seen.worker.host for seen in alive})
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    return [f"workers alive: {counted}, on {hosts} machine{'s' * (hosts != 1)}"]
