"""How far batches are: counts by state, rates, what failed and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from worker.database.dialects import utc_in
from worker.database.models import BatchRow, DocumentRow
from worker.types import DocumentStatus, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

RATE_WINDOW_S = 60.0  # long enough for a shard, short enough to show a change
_PUT_OFF = 4  # outages in a row: half a minute, by the retry rule
FINISHED: Final = (
    DocumentStatus.DONE,
    DocumentStatus.NEEDS_REVIEW,
    DocumentStatus.FAILED,
    DocumentStatus.CANCELLED,
    DocumentStatus.DUPLICATE,
    DocumentStatus.PURGED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchProgress:
    """One batch and how far it is."""

    name: str
    created_at: datetime
    by_status: Mapping[DocumentStatus, int]  # states that no document is in are left out
    by_failure: Mapping[str, int]  # failed documents by code, and duplicates of such
    waits_for: Mapping[str, int]  # duplicates whose original is not read yet, by its batch
    finished_lately: int  # in the last RATE_WINDOW_S
    waiting_for_outage: int  # of those that wait, how many met a store or database that was away
    outage: str = ""  # what one of these met

    @property
    def total(self) -> int:
        """How many documents it has."""
        return sum(self.by_status.values())

    @property
    def finished(self) -> int:
        """How many need no more work."""
        in_the_end = sum(self.by_status.get(status, 0) for status in FINISHED)
        return in_the_end - sum(self.waits_for.values())

    @property
    def per_second(self) -> float:
        """Documents that are finished a second, lately."""
        return self.finished_lately / RATE_WINDOW_S

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate; None while there is none."""
        left = self.total - self.finished
        if left == 0:
            return 0.0
        return left / self.per_second if self.finished_lately else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One document of which nothing could be read."""

    document_id: UUID
    uri: str
    code: str
    detail: str
    attempts: int
    finished_at: datetime | None


def batch_progress(session: Session, names: Sequence[str] | None = None) -> list[BatchProgress]:
    """Tell how far batches are, the newest first; None is every batch."""
    batches = select(BatchRow).order_by(BatchRow.created_at.desc())
    if names is not None:
        batches = batches.where(BatchRow.name.in_(names))
    found = session.scalars(batches).all()
    ids = [batch.id for batch in found]
    by_status: dict[UUID, dict[DocumentStatus, int]] = {batch_id: {} for batch_id in ids}
    lately = dict.fromkeys(ids, 0)
    outages = dict.fromkeys(ids, 0)
    why = dict.fromkeys(ids, "")
    for row in session.execute(_counts(ids)):
        by_status[row.batch_id][row.status] = row.documents
        lately[row.batch_id] += row.lately
        outages[row.batch_id] += row.outages
        why[row.batch_id] = max(why[row.batch_id], row.why or "")
    by_failure = _failures_by_code(session, ids)
    waits_for = _unread_originals(session, ids)
    return [
        BatchProgress(
            name=batch.name,
            created_at=batch.created_at,
            by_status=by_status[batch.id],
            by_failure=by_failure[batch.id],
            waits_for=waits_for[batch.id],
            finished_lately=lately[batch.id],
            waiting_for_outage=outages[batch.id],
            outage=why[batch.id],
        )
        for batch in found
    ]


def put_off_count(session: Session) -> int:
    """Count what waits although it was tried several times: something has to be mended."""
    waits = DocumentRow.status.in_([stage.waiting for stage in Stage])
    put_off = select(func.count()).where(waits, DocumentRow.outages >= _PUT_OFF)
    return session.scalar(put_off) or 0


def find_failures(
    session: Session,
    batch_id: UUID,
    *,
    code: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Iterator[Failure]:
    """List the documents of a batch of which nothing could be read, by their place.

    A duplicate of a document that failed, maybe in another batch, counts as failed with it.

    Args:
        session: an open session.
        batch_id: the batch.
        code: only of this failure.
        limit: how many at most; None is all.
        offset: how many to pass by before.
    """
    original = aliased(DocumentRow)
    failed = func.coalesce(original.failure_code, DocumentRow.failure_code)
    wanted = (
        select(
            DocumentRow.id,
            DocumentRow.uri,
            failed.label("code"),
            func.coalesce(original.failure_detail, DocumentRow.failure_detail).label("detail"),
            func.coalesce(original.attempt, DocumentRow.attempt).label("attempts"),
            func.coalesce(original.finished_at, DocumentRow.finished_at).label("finished_at"),
        )
        .outerjoin(original, original.id == DocumentRow.duplicate_of)
        .where(DocumentRow.batch_id == batch_id)
        .where(func.coalesce(original.status, DocumentRow.status) == DocumentStatus.FAILED)
        .order_by(DocumentRow.uri, DocumentRow.id)
        .limit(limit)
        .offset(offset)
    )
    if code is not None:
        wanted = wanted.where(failed == code)
    for row in session.execute(wanted):
        yield Failure(
            document_id=row.id,
            uri=row.uri,
            code=row.code or "",
            detail=row.detail,
            attempts=row.attempts,
            finished_at=row.finished_at,
        )


def _counts(batch_ids: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    recent = DocumentRow.finished_at > utc_in(-RATE_WINDOW_S)
    waits = DocumentRow.status.not_in(FINISHED) & (DocumentRow.outages > 0)
    return (
        select(
            DocumentRow.batch_id,
            DocumentRow.status,
            func.count().label("documents"),
            func.sum(case((recent, 1), else_=0)).label("lately"),
            func.sum(case((waits, 1), else_=0)).label("outages"),
            func.max(case((waits, DocumentRow.failure_detail))).label("why"),
        )
        .where(DocumentRow.batch_id.in_(batch_ids))
        .group_by(DocumentRow.batch_id, DocumentRow.status)
    )


def _failures_by_code(session: Session, batch_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    found: dict[UUID, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    original = aliased(DocumentRow)
    code = func.coalesce(original.failure_code, DocumentRow.failure_code).label("code")
    failed = (
        select(DocumentRow.batch_id, code, func.count().label("documents"))
        .outerjoin(original, original.id == DocumentRow.duplicate_of)
        .where(DocumentRow.batch_id.in_(batch_ids))
        .where(func.coalesce(original.status, DocumentRow.status) == DocumentStatus.FAILED)
        .group_by(DocumentRow.batch_id, code)
        .order_by(func.count().desc())
    )
    for row in session.execute(failed):
        found[row.batch_id][row.code or ""] = row.documents
    return found


def _unread_originals(session: Session, batch_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Count the duplicates whose original is not finished, by the name of its batch."""
    found: dict[UUID, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
    original = aliased(DocumentRow)
    waiting = (
        select(DocumentRow.batch_id, BatchRow.name, func.count().label("documents"))
        .join(original, original.id == DocumentRow.duplicate_of)
        .join(BatchRow, BatchRow.id == original.batch_id)
        .where(DocumentRow.batch_id.in_(batch_ids))
        .where(DocumentRow.status == DocumentStatus.DUPLICATE, original.status.not_in(FINISHED))
        .group_by(DocumentRow.batch_id, BatchRow.name)
        .order_by(BatchRow.name)
    )
    for row in session.execute(waiting):
        found[row.batch_id][row.name] = row.documents
    return found
