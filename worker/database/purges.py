"""Purge documents: take the names out of the database, and keep the counts.

A purged document stays as a row without its place: its hash keeps the same scan from being read
again by the next run over the folder it came from, where it was read. What waits to be read is
left. All that was read on it goes, and all that
any table holds about that; ``purged_counts`` keeps how many there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, case, cast, delete, exists, func, literal, select, update
from sqlalchemy.orm import aliased

from worker.database.audit_sample import keep_audits
from worker.database.dialects import insert_into, is_postgresql, utc_now
from worker.database.documents import NOT_WAITING, READ
from worker.database.models import Base, BatchRow, CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.progress import FINISHED
from worker.database.purge_models import PurgedCountRow, PurgeRow
from worker.database.web_models import ReviewLeaseRow, ReviewSkipRow
from worker.types import DocumentStatus, FieldStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Delete, FromClause, Select
    from sqlalchemy.orm import Session

_Later = aliased(CorrectionRow)
# Tables that refer to readings are known to the metadata only once they are imported.
_REFERRING = (CorrectionRow, ReviewLeaseRow, ReviewSkipRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What is old enough to be purged: documents that a purge has not met."""

    before: datetime  # read, or last begun, before this
    batch: str | None = None  # only of this batch


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredDocument:
    """A document that is to be purged."""

    id: UUID
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeCounts:
    """How much is, or was, removed."""

    documents: int = 0
    readings: int = 0
    corrections: int = 0
    objects: int = 0  # of the store


def count_expired(session: Session, expired: Expired) -> PurgeCounts:
    """Count what a purge would remove from the database."""
    ids = select(DocumentRow.id).where(*_conditions(expired))
    readings = _readings_of(select(ReadingRow.id), ids)
    corrections = select(func.count()).where(CorrectionRow.reading_id.in_(readings))
    return PurgeCounts(
        documents=session.scalar(select(func.count()).select_from(ids.subquery())) or 0,
        readings=session.scalar(select(func.count()).select_from(readings.subquery())) or 0,
        corrections=session.scalar(corrections) or 0,
    )


def next_expired(session: Session, expired: Expired, *, limit: int) -> list[ExpiredDocument]:
    """Name some documents that are to be purged, the oldest first."""
    query = select(DocumentRow.id, DocumentRow.uri).where(*_conditions(expired))
    found = session.execute(query.order_by(_age(), DocumentRow.id).limit(limit))
    return [ExpiredDocument(id=row.id, uri=row.uri) for row in found]


def begin_purge(session: Session, expired: Expired, *, asked_by: str) -> int:
    """Write down that a purge begins, and give its id."""
    new = insert_into(session, PurgeRow).values(
        asked_by=asked_by,
        before=expired.before,
        started_at=utc_now(),
        **dict.fromkeys(("documents", "readings", "corrections", "objects"), 0),
    )
    return session.scalars(new.returning(PurgeRow.id)).one()


def purge_documents(  # noqa: PLR0913, what a step is
    session: Session,
    purge_id: int,
    expired: Expired,
    ids: Sequence[UUID],
    *,
    objects: int,
    audit_share: float,
) -> PurgeCounts:
    """Purge some documents, all of them or none.

    Args:
        session: an open transaction.
        purge_id: the run that this belongs to, which is told how much was removed.
        expired: the age again: a document that was begun anew meanwhile stays.
        ids: of the documents.
        objects: how many of the store were removed for them.
        audit_share: of the values that passed, what is drawn for the audit, whose counts stay.

    Returns:
        What was removed.
    """
    query = select(DocumentRow.id).where(DocumentRow.id.in_(ids), *_conditions(expired))
    still = session.scalars(query.with_for_update() if is_postgresql(session) else query).all()
    counts = _count(session, still, objects)
    _keep_counts(session, still)
    keep_audits(session, still, share=audit_share)
    for statement in _removals(DocumentRow.__table__, DocumentRow.__table__.c.id.in_(still)):
        session.execute(statement, execution_options={"synchronize_session": False})
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id.in_(still))
        .values(
            status=DocumentStatus.PURGED,
            uri=literal("purged:") + cast(DocumentRow.id, Text),
            version="",
            sha256=case((DocumentRow.status.in_(READ), DocumentRow.sha256), else_=None),
            failure_detail="",
            crop_key=None,
            **NOT_WAITING,
        )
    )
    session.execute(
        update(PurgeRow)
        .where(PurgeRow.id == purge_id)
        .values(
            documents=PurgeRow.documents + counts.documents,
            readings=PurgeRow.readings + counts.readings,
            corrections=PurgeRow.corrections + counts.corrections,
            objects=PurgeRow.objects + counts.objects,
        )
    )
    return counts


def count_objects(session: Session, purge_id: int, objects: int) -> None:
    """Tell a run of objects that it removed from the store and that no document had."""
    more = {"objects": PurgeRow.objects + objects}
    session.execute(update(PurgeRow).where(PurgeRow.id == purge_id).values(more))


def end_purge(session: Session, purge_id: int) -> None:
    """Write down that a purge is through."""
    session.execute(update(PurgeRow).where(PurgeRow.id == purge_id).values(finished_at=utc_now()))


def _conditions(expired: Expired) -> Iterator[ColumnElement[bool]]:
    yield DocumentRow.status != DocumentStatus.PURGED
    yield DocumentRow.status.in_(FINISHED)  # what still waits is read first, however old
    yield _age() < expired.before
    if expired.batch is not None:
        of_name = select(BatchRow.id).where(BatchRow.name == expired.batch)
        yield DocumentRow.batch_id.in_(of_name)


def _age() -> ColumnElement[datetime]:
    document = DocumentRow
    return func.coalesce(document.finished_at, document.started_at, document.registered_at)


def _readings_of(query: Select[Any], ids: Select[Any]) -> Select[Any]:
    return query.join(PageRow, PageRow.id == ReadingRow.page_id).where(PageRow.document_id.in_(ids))


def _count(session: Session, ids: Sequence[UUID], objects: int) -> PurgeCounts:
    readings = _readings_of(
        select(ReadingRow.id), select(DocumentRow.id).where(DocumentRow.id.in_(ids))
    )
    corrections = select(func.count()).where(CorrectionRow.reading_id.in_(readings))
    return PurgeCounts(
        documents=len(ids),
        readings=session.scalar(select(func.count()).select_from(readings.subquery())) or 0,
        corrections=session.scalar(corrections) or 0,
        objects=objects,
    )


def _keep_counts(session: Session, ids: Sequence[UUID]) -> None:
    """Add what the readings of these documents came to, to what is kept of their batches."""
    said, later = CorrectionRow, _Later
    is_right = (said.text == ReadingRow.text) & (said.status != FieldStatus.UNREADABLE)
    kinds = (
        DocumentRow.batch_id,
        func.coalesce(PageRow.template_id, "").label("template_id"),
        ReadingRow.field_name,
        case((said.id.is_(None), ReadingRow.status), else_=said.status).label("status"),
        case((said.id.is_(None), ""), (is_right, "right"), else_="wrong").label("outcome"),
    )
    not_the_latest = exists().where(later.reading_id == said.reading_id, later.id > said.id)
    found = session.execute(
        select(*kinds, func.count().label("readings"))
        .select_from(ReadingRow)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .outerjoin(said, (said.reading_id == ReadingRow.id) & ~not_the_latest)
        .where(DocumentRow.id.in_(ids))
        .group_by(*kinds)
    ).mappings()
    rows = [dict(row) for row in found]
    if rows:
        new = insert_into(session, PurgedCountRow)
        key = [column.name for column in PurgedCountRow.__table__.primary_key]
        more = {"readings": PurgedCountRow.readings + new.excluded.readings}
        session.execute(new.on_conflict_do_update(index_elements=key, set_=more), rows)


def _removals(table: FromClause, which: ColumnElement[bool]) -> Iterator[Delete]:
    """Delete what refers to some rows, in whichever table, and first what refers to that."""
    for child in Base.metadata.tables.values():
        for reference in child.foreign_keys:
            refers = reference.column.table is table and reference.column.name == "id"
            if refers and child is not table:
                of_these = reference.parent.in_(select(table.c.id).where(which))
                yield from _removals(child, of_these) if "id" in child.c else ()
                yield delete(child).where(of_these)
