"""Recalls: documents of a batch that a person wants tried again, or called off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import aliased

from worker.database.dialects import utc_now
from worker.database.documents import NOT_WAITING
from worker.database.models import DocumentRow
from worker.database.progress import FINISHED
from worker.errors import FailureCode
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

_AFRESH = {
    "status": DocumentStatus.PENDING,
    "failure_code": None,
    "failure_detail": "",
    "finished_at": None,
    "duplicate_of": None,
    "lease_owner": None,
    "lease_until": None,
    "tries": 0,
    "outages": 0,
    "alone": False,
}


def try_again(session: Session, batch_id: UUID, *, code: str | None) -> int:
    """Let failed documents wait for the queue afresh, and duplicates of failed ones.

    What ``penname read`` failed at is left to ``penname read``.

    Args:
        session: an open transaction.
        batch_id: the batch.
        code: only what failed with this one; ``cancelled`` takes back a cancellation. None is
            all that failed, but nothing that was cancelled.

    Returns:
        How many will be tried again.
    """
    original = aliased(DocumentRow)
    if code == FailureCode.CANCELLED:
        wanted = DocumentRow.status == DocumentStatus.CANCELLED
    else:
        failed_original = (
            select(original.id)
            .where(original.id == DocumentRow.duplicate_of)
            .where(original.status == DocumentStatus.FAILED)
        )
        own = DocumentRow.status == DocumentStatus.FAILED
        if code is not None:
            own &= DocumentRow.failure_code == code
            failed_original = failed_original.where(original.failure_code == code)
        wanted = or_(own, failed_original.exists())
    changed = session.execute(
        update(DocumentRow)
        .where(DocumentRow.batch_id == batch_id, DocumentRow.submitted, wanted)
        .values(**_AFRESH, attempt=DocumentRow.attempt + 1, next_attempt_at=utc_now())
        .returning(DocumentRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(changed.all())


def call_off(session: Session, batch_id: UUID) -> int:
    """Cancel every document of a batch that is not finished; work at hand writes nothing more.

    Duplicates of what is not read yet, wherever that stands, count as not finished. Duplicates in
    other batches of what is cancelled here are read in its place.

    Returns:
        How many were cancelled.
    """
    original = aliased(DocumentRow)
    unread = (
        select(original.id)
        .where(original.id == DocumentRow.duplicate_of, original.status.not_in(FINISHED))
        .exists()
    )
    # Duplicates first: their originals may be cancelled with them.
    cancelled = _cancel(
        session, batch_id, and_(DocumentRow.status == DocumentStatus.DUPLICATE, unread)
    ) + _cancel(session, batch_id, DocumentRow.status.not_in(FINISHED))
    session.execute(
        update(DocumentRow)
        .where(
            DocumentRow.status == DocumentStatus.DUPLICATE,
            DocumentRow.batch_id != batch_id,
            DocumentRow.duplicate_of.in_(
                select(original.id).where(
                    original.batch_id == batch_id, original.status == DocumentStatus.CANCELLED
                )
            ),
        )
        .values(**_AFRESH, attempt=DocumentRow.attempt + 1, next_attempt_at=utc_now())
        .execution_options(synchronize_session=False)
    )
    return cancelled


def _cancel(session: Session, batch_id: UUID, wanted: ColumnElement[bool]) -> int:
    cancelled = session.execute(
        update(DocumentRow)
        .where(DocumentRow.batch_id == batch_id, DocumentRow.submitted, wanted)
        .values(
            status=DocumentStatus.CANCELLED,
            failure_code=FailureCode.CANCELLED,
            failure_detail="",
            duplicate_of=None,
            attempt=DocumentRow.attempt + 1,
            finished_at=utc_now(),
            **NOT_WAITING,
        )
        .returning(DocumentRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(cancelled.all())
