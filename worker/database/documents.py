"""Documents: which attempt at each is the latest, and what became of it.

A document is the bytes of a file under one ``RunIdentity``, templates, model and names: those
are its identity, wherever it lies. Registering it counts its attempt before the work starts;
``finish_document`` writes only for the attempt that is still the latest, so a duplicate that
comes late changes nothing. What was submitted to the queue is the queue's to read while it has
not failed (``worker.database.claims``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, or_, select, update

from worker.database.dialects import insert_into, utc_now
from worker.database.models import DOCUMENTS, WITHOUT_BYTES, BatchRow, DocumentRow
from worker.database.pages import write_pages
from worker.database.readings import ReadingOrigin, write_readings
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import ReturningUpdate

    from worker.errors import PermanentError
    from worker.types import DocumentReading, RunIdentity, Source

READ = (DocumentStatus.DONE, DocumentStatus.NEEDS_REVIEW)
GIVEN_UP = (DocumentStatus.FAILED, DocumentStatus.CANCELLED)
# The columns of a document that the queue has nothing to do with, at least for now.
NOT_WAITING: Final = {"next_attempt_at": None, "lease_owner": None, "lease_until": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentClaim:
    """The right to finish one attempt at one document."""

    document_id: UUID
    attempt: int  # from 1
    owner: str | None = None  # the worker that holds its lease; None where it needs none


def register_document(  # noqa: PLR0913, each argument is a column
    session: Session,
    *,
    batch_id: UUID,
    source: Source,
    sha256: str,
    size_bytes: int,
    identity: RunIdentity,
) -> DocumentClaim | None:
    """Take a document up: a new one, or one that is unfinished or failed.

    Args:
        session: an open transaction; commit it before the work starts.
        batch_id: where its readings shall appear.
        source: where the bytes were found.
        sha256: of the bytes, in hex.
        size_bytes: how many were read.
        identity: the templates, the model and the names to read them with.

    Returns:
        The attempt to finish, or None when the document has been read already, purged since or
        not, or is the queue's to read.
    """
    # An earlier run may have known this file only by its place.
    session.execute(delete(DocumentRow).where(DocumentRow.uri == source.uri, WITHOUT_BYTES))
    given_up = _part_from_bytes(session, sha256=sha256, identity=identity)
    new = insert_into(session, DocumentRow).values(
        batch_id=batch_id,
        uri=source.uri,
        version=source.version,
        sha256=sha256,
        size_bytes=size_bytes,
        **asdict(identity),
        status=DocumentStatus.PENDING,
        failure_detail="",
        attempt=1,
        registered_at=utc_now(),
        started_at=utc_now(),
    )
    again = {
        "batch_id": new.excluded.batch_id,
        "uri": new.excluded.uri,
        "version": new.excluded.version,
        "status": new.excluded.status,
        "failure_code": None,
        "failure_detail": "",
        "attempt": DocumentRow.attempt + 1,
        "started_at": new.excluded.started_at,
        "finished_at": None,
    }
    taken = session.execute(
        new.on_conflict_do_update(
            index_elements=["sha256", *asdict(identity)],
            set_=again,
            where=DocumentRow.status.not_in((*READ, DocumentStatus.PURGED))
            & ~DocumentRow.submitted,
        ).returning(DocumentRow.id, DocumentRow.attempt)
    ).one_or_none()
    if taken is None:
        return None
    if given_up is not None:
        point_to(session, given_up, document_id=taken.id)
    return DocumentClaim(document_id=taken.id, attempt=taken.attempt)


def of_bytes(
    sha256: str, identity: RunIdentity, row: type[DocumentRow] = DocumentRow
) -> ColumnElement[bool]:
    """Say which document has these bytes under this identity; there is one at most."""
    same = [getattr(row, name) == value for name, value in asdict(identity).items()]
    return and_(row.sha256 == sha256, *same)


def point_to(session: Session, other: UUID, *, document_id: UUID) -> None:
    """Make a document, and what points to it, a duplicate of one that is read in its place."""
    session.execute(
        update(DocumentRow)
        .where(or_(DocumentRow.id == other, DocumentRow.duplicate_of == other))
        .values(status=DocumentStatus.DUPLICATE, duplicate_of=document_id, sha256=None)
    )


def _part_from_bytes(session: Session, *, sha256: str, identity: RunIdentity) -> UUID | None:
    """Free bytes that the queue has given up, so that another row may have them."""
    return session.scalars(
        update(DocumentRow)
        .where(of_bytes(sha256, identity), DocumentRow.submitted, DocumentRow.status.in_(GIVEN_UP))
        .values(sha256=None)
        .returning(DocumentRow.id)
    ).one_or_none()


def batch_of(session: Session, *, sha256: str, identity: RunIdentity) -> str:
    """Name the batch in which a registered document stands."""
    return session.scalars(
        select(BatchRow.name)
        .join(DocumentRow, DocumentRow.batch_id == BatchRow.id)
        .where(of_bytes(sha256, identity))
    ).one()


def finish_document(
    session: Session,
    claim: DocumentClaim,
    reading: DocumentReading,
    *,
    crop_key: str | None,
    model_id: str,
) -> bool:
    """Write what became of a document: its state, its pages and their readings.

    Args:
        session: an open transaction, which makes all of it appear at once.
        claim: the attempt that read it.
        reading: what was read, or why nothing was.
        crop_key: where the crops lie in the object store, already written.
        model_id: the model that read them.

    Returns:
        False when a later attempt has taken the document over; nothing is written then.
    """
    became = {
        "status": reading.status,
        "failure_code": reading.failure_code,
        "failure_detail": reading.failure_detail,
        "page_count": len(reading.pages),
        "recognize_s": reading.recognize_s,
    }
    changed = session.execute(_finishing(), {**as_held(claim), **became})
    if changed.one_or_none() is None:
        return False
    page_ids = write_pages(session, claim.document_id, reading.pages)
    origin = ReadingOrigin(crop_key=crop_key, model_id=model_id, attempt=claim.attempt)
    write_readings(session, page_ids, reading.pages, origin)
    return True


@cache
def held() -> ColumnElement[bool]:
    """Say which document a claim is for, while it is: no later attempt, no lease taken back.

    The claim is given with ``as_held`` when the statement runs, so that it can be built once.
    """
    columns = DOCUMENTS.c
    return and_(
        columns.id == bindparam("held_id"),
        columns.attempt == bindparam("held_attempt"),
        columns.lease_owner.is_not_distinct_from(bindparam("held_owner")),
    )


def as_held(claim: DocumentClaim) -> dict[str, Any]:
    """Give a claim as the parameters of ``held``."""
    return {
        "held_id": claim.document_id,
        "held_attempt": claim.attempt,
        "held_owner": claim.owner,
    }


@cache
def _finishing() -> ReturningUpdate[UUID]:
    """Close a document that is held; the columns that it is run with are set as well."""
    return (
        update(DOCUMENTS)
        .where(held())
        .values(finished_at=utc_now(), **NOT_WAITING)
        .returning(DOCUMENTS.c.id)
    )


def fail_unregistered(
    session: Session,
    *,
    batch_id: UUID,
    source: Source,
    identity: RunIdentity,
    error: PermanentError,
) -> None:
    """Store that a file's bytes could not be read: it is missing, forbidden or too large.

    Without bytes there is no hash; the file is known by its place until it can be read.
    """
    new = insert_into(session, DocumentRow).values(
        batch_id=batch_id,
        uri=source.uri,
        version=source.version,
        sha256=None,
        size_bytes=source.size_bytes,
        **asdict(identity),
        status=DocumentStatus.FAILED,
        failure_code=error.code,
        failure_detail=str(error),
        attempt=1,
        registered_at=utc_now(),
        started_at=utc_now(),
        finished_at=utc_now(),
    )
    again = {
        "batch_id": new.excluded.batch_id,
        "version": new.excluded.version,
        "size_bytes": new.excluded.size_bytes,
        "failure_code": new.excluded.failure_code,
        "failure_detail": new.excluded.failure_detail,
        "attempt": DocumentRow.attempt + 1,
        "started_at": new.excluded.started_at,
        "finished_at": new.excluded.finished_at,
    }
    session.execute(
        new.on_conflict_do_update(
            index_elements=["uri", *asdict(identity)],
            index_where=WITHOUT_BYTES,
            set_=again,
        )
    )
