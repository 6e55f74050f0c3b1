"""How much work stands in the database, what it has cost so far, and who is at work.

All by the database's own clock, which every worker shares. Counting walks over the index of
what waits and once over the table of documents; nothing here names a document or a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, type_coerce

from worker.database.columns import UtcDateTime
from worker.database.dialects import utc_now
from worker.database.models import DocumentRow, WorkerRow
from worker.types import DocumentStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session


_IDENTITY = (
    DocumentRow.templates_version,
    DocumentRow.model_id,
    DocumentRow.decoder_version,
)
_WAITING = and_(
    DocumentRow.submitted,
    DocumentRow.status.in_([stage.waiting for stage in Stage]),
    DocumentRow.next_attempt_at.is_not(None),
)
_IN_HAND = and_(DocumentRow.submitted, DocumentRow.status.in_([stage.at_work for stage in Stage]))
_UNFINISHED = or_(_WAITING, _IN_HAND)
_LEFT = frozenset(status for stage in Stage for status in (stage.waiting, stage.at_work))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentGroup:
    """Documents of the queue that are read alike and stand alike."""

    identity: tuple[str, str, str]  # templates, model and decoder version
    status: DocumentStatus
    count: int
    crops: int  # written ones of those that were cut
    cut: int  # documents whose crops are counted
    segment_s: float  # what cutting took, summed over ``segment_timed`` documents
    segment_timed: int
    recognize_s: float  # what reading took, summed over ``crops_timed`` crops
    crops_timed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What a database knew at one moment."""

    at: datetime
    groups: tuple[DocumentGroup, ...]  # of what was submitted
    documents: dict[DocumentStatus, int]  # all there are, read on one machine or by the queue
    failures: dict[str, int]  # by code
    oldest: datetime | None  # when the oldest unfinished document was submitted
    put_off: int  # wait for their next attempt
    overdue: int  # in the hand of a worker whose lease has run out
    workers: dict[str, int]  # by kind, those that were seen lately


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadLimits:
    """When a sign is too old."""

    worker_silent_s: float = 60.0  # workers say that they live several times in this


def read_workload(session: Session, limits: WorkloadLimits | None = None) -> Workload:
    """Count what there is in one transaction.

    Args:
        session: an open transaction.
        limits: from when on a worker counts as gone.
    """
    silent_s = (limits or WorkloadLimits()).worker_silent_s
    at = session.scalar(select(type_coerce(utc_now(), UtcDateTime)))
    if at is None:
        raise RuntimeError("the database does not know the time")
    return Workload(
        at=at,
        groups=_groups(session),
        documents=_by_status(session),
        failures=_failures(session),
        oldest=session.scalar(select(func.min(DocumentRow.registered_at)).where(_UNFINISHED)),
        put_off=_count(session, and_(_WAITING, DocumentRow.next_attempt_at > at)),
        overdue=_count(session, and_(_IN_HAND, DocumentRow.lease_until < at)),
        workers=_workers(session, at, silent_s),
    )


def unfinished(groups: Iterable[DocumentGroup]) -> list[DocumentGroup]:
    """Leave out what needs no more work."""
    return [group for group in groups if group.status in _LEFT]


def _groups(session: Session) -> tuple[DocumentGroup, ...]:
    """Sum up what was submitted, by what it is read with and where it stands."""
    document = DocumentRow
    timed_crops = func.sum(document.crop_count).filter(document.recognize_s.is_not(None))
    rows = session.execute(
        select(
            *_IDENTITY,
            document.status,
            func.count().label("documents"),
            func.coalesce(func.sum(document.crop_count), 0).label("crops"),
            func.count(document.crop_count).label("cut"),
            func.coalesce(func.sum(document.segment_s), 0.0).label("segment_s"),
            func.count(document.segment_s).label("segment_timed"),
            func.coalesce(func.sum(document.recognize_s), 0.0).label("recognize_s"),
            func.coalesce(timed_crops, 0).label("crops_timed"),
        )
        .where(document.submitted)
        .group_by(*_IDENTITY, document.status)
    )
    return tuple(
        DocumentGroup(
            identity=(row.templates_version, row.model_id, row.decoder_version),
            status=row.status,
            count=row.documents,
            crops=row.crops,
            cut=row.cut,
            segment_s=row.segment_s,
            segment_timed=row.segment_timed,
            recognize_s=row.recognize_s,
            crops_timed=row.crops_timed,
        )
        for row in rows
    )


def _by_status(session: Session) -> dict[DocumentStatus, int]:
    rows = session.execute(select(DocumentRow.status, func.count()).group_by(DocumentRow.status))
    return dict(rows.all())


def _failures(session: Session) -> dict[str, int]:
    rows = session.execute(
        select(DocumentRow.failure_code, func.count())
        .where(DocumentRow.status == DocumentStatus.FAILED)
        .group_by(DocumentRow.failure_code)
    )
    return {code or "unknown": count for code, count in rows}


def _workers(session: Session, at: datetime, silent_s: float) -> dict[str, int]:
    rows = session.execute(
        select(WorkerRow.kind, func.count())
        .where(WorkerRow.seen_at > at - timedelta(seconds=silent_s))
        .group_by(WorkerRow.kind)
    )
    return dict(rows.all())


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(DocumentRow).where(condition)) or 0
