"""Workers of the queue: what each process says of itself, a few times a minute."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import Double, bindparam, delete, select

from worker.database.dialects import insert_into_table, is_postgresql, utc_in, utc_now
from worker.database.models import WorkerRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Delete, Insert, Select, Table
    from sqlalchemy.orm import Session

_WORKERS: Final = cast("Table", WorkerRow.__table__)  # statements over it are built once
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
    said = {name.name: getattr(worker, name.name) for name in fields(worker)}
    session.execute(_saying_alive(is_postgresql=is_postgresql(session)), said)


def say_goodbye(session: Session, *, worker_id: str) -> None:
    """Forget a process: it ended in order."""
    session.execute(delete(WorkerRow).where(WorkerRow.worker_id == worker_id))


def say_goodbye_of_all(session: Session, *, node: str) -> None:
    """Forget the processes of a worker: they ended in order."""
    gone = WorkerRow.worker_id.startswith(f"{node}/", autoescape=True)
    session.execute(delete(WorkerRow).where(gone))


def workers_seen(session: Session, *, within_s: float) -> list[SeenWorker]:
    """List the workers heard of in the last seconds, by kind and start."""
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
        for row in session.execute(_heard_of(), {"since_s": -within_s})
    ]


def forget_old_workers(session: Session) -> None:
    """Drop the rows of workers that went away long ago."""
    session.execute(_forgetting(), {"since_s": -_KEPT_S})


@cache
def _heard_of() -> Select[*tuple[Any, ...]]:
    """List those heard of since ``since_s``."""
    columns = _WORKERS.c
    recent = select(_WORKERS).where(columns.seen_at > utc_in(bindparam("since_s", type_=Double)))
    return recent.order_by(columns.kind, columns.started_at)


@cache
def _forgetting() -> Delete:
    """Drop those not heard of since ``since_s``."""
    long_ago = utc_in(bindparam("since_s", type_=Double))
    return delete(_WORKERS).where(_WORKERS.c.seen_at < long_ago)


@cache
def _saying_alive(*, is_postgresql: bool) -> Insert:
    new = insert_into_table(_WORKERS, is_postgresql=is_postgresql).values(
        started_at=utc_now(), seen_at=utc_now()
    )
    again = {"facts": new.excluded.facts, "seen_at": new.excluded.seen_at}
    return new.on_conflict_do_update(index_elements=["worker_id"], set_=again)
