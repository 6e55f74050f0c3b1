"""Workers of the queue: what each process says of itself, a few times a minute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from worker.database.dialects import insert_into, utc_in, utc_now
from worker.database.models import WorkerRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

_KEPT_S = 24 * 3600.0  # how long one that went away is remembered, for whoever asks why


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process, as it last said of itself."""

    worker_id: str
    kind: str  # "segment", "recognize" or "sweep"
    host: str
    pid: int
    # "version", "settings", "templates", "models", "cuda_in_parent", "threads", "cores"
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWorker:
    """A worker and when it was heard of last, by the database's clock."""

    worker: Worker
    started_at: datetime
    seen_at: datetime


def say_alive(session: Session, worker: Worker) -> None:
    """Note that a worker lives, and what it says of itself."""
    new = insert_into(session, WorkerRow).values(
        worker_id=worker.worker_id,
        kind=worker.kind,
        host=worker.host,
        pid=worker.pid,
        facts=worker.facts,
        started_at=utc_now(),
        seen_at=utc_now(),
    )
    again = {"facts": new.excluded.facts, "seen_at": new.excluded.seen_at}
    session.execute(new.on_conflict_do_update(index_elements=[WorkerRow.worker_id], set_=again))


def say_goodbye(session: Session, *, worker_id: str) -> None:
    """Forget a process: it ended in order."""
    session.execute(delete(WorkerRow).where(WorkerRow.worker_id == worker_id))


def say_goodbye_of_all(session: Session, *, node: str) -> None:
    """Forget the processes of a worker: they ended in order."""
    gone = WorkerRow.worker_id.startswith(f"{node}/", autoescape=True)
    session.execute(delete(WorkerRow).where(gone))


def workers_seen(session: Session, *, within_s: float) -> list[SeenWorker]:
    """List the workers heard of in the last seconds, by kind and start."""
    recent = (
        select(WorkerRow)
        .where(WorkerRow.seen_at > utc_in(-within_s))
        .order_by(WorkerRow.kind, WorkerRow.started_at)
    )
    return [
        SeenWorker(
            worker=Worker(
                worker_id=row.worker_id,
                kind=row.kind,
                host=row.host,
                pid=row.pid,
                facts=row.facts,
            ),
            started_at=row.started_at,
            seen_at=row.seen_at,
        )
        for row in session.scalars(recent)
    ]


def forget_old_workers(session: Session) -> None:
    """Drop the rows of workers that went away long ago."""
    session.execute(delete(WorkerRow).where(WorkerRow.seen_at < utc_in(-_KEPT_S)))
