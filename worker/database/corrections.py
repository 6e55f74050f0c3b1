"""Corrections: what people said about readings, written down and gathered for training.

Rows are never changed, and go only where who said so takes it back, or with their document. The
latest that anybody said about a field of a document counts, whichever of its readings it was said
about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from worker.database.dialects import insert_into, utc_now
from worker.database.models import BatchRow, CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.results import CURRENT
from worker.errors import NoSuchResultError
from worker.types import FieldStatus

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentValue:
    """What stands in a field now."""

    text: str = field(repr=False)
    status: FieldStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedValue:
    """A text that a person confirmed or typed, and where its crop lies."""

    reading_id: UUID
    text: str = field(repr=False)
    document_sha256: str  # of the bytes: one document, one writer
    page_index: int  # from 0
    field_name: str
    crop_key: str | None  # the archive in the object store that holds the crop
    doubt: str  # why the field is misplaced, else ""


def current_value(session: Session, reading_id: UUID) -> CurrentValue:
    """Give what the view shows for a reading.

    Raises:
        NoSuchResultError: the scan was read anew since, so that another reading stands there.
    """
    row = session.execute(
        select(CURRENT.c.text, CURRENT.c.status).where(CURRENT.c.reading_id == reading_id)
    ).one_or_none()
    if row is None:
        raise NoSuchResultError(
            f"result {reading_id} was read anew since; correct the one that penname results prints"
        )
    return CurrentValue(text=row.text, status=FieldStatus(row.status))


def add_correction(
    session: Session, reading_id: UUID, *, text: str, status: FieldStatus, corrected_by: str
) -> None:
    """Write down what a person said; what was said before stays.

    Args:
        session: an open transaction.
        reading_id: of a reading that exists.
        text: what the field says; "" where it is blank or unreadable.
        status: read, blank or unreadable.
        corrected_by: who said it.
    """
    session.execute(
        insert_into(session, CorrectionRow).values(
            reading_id=reading_id,
            text=text,
            status=status,
            corrected_by=corrected_by,
            corrected_at=utc_now(),
        )
    )


def withdraw_corrections(session: Session, reading_id: UUID, *, by: str, since: datetime) -> bool:
    """Take back what a person has said of a reading from some moment on; say if it was anything."""
    own = (
        CorrectionRow.reading_id == reading_id,
        CorrectionRow.corrected_by == by,
        CorrectionRow.corrected_at >= since,
    )
    gone = session.scalars(delete(CorrectionRow).where(*own).returning(CorrectionRow.id))
    return bool(gone.all())


def reviewed_values(session: Session, *, batch: str | None = None) -> list[ReviewedValue]:
    """Gather the texts that people confirmed or typed, in a fixed order.

    Args:
        session: an open session.
        batch: only of the documents in it; None is all of them.

    Returns:
        One value a field of a document: what was said last. Fields that were last said to be
        blank or unreadable are left out.
    """
    query = _said() if batch is None else _said().where(BatchRow.name == batch)
    latest = {
        (row.sha256, row.template_id, row.page_index, row.field_name): row
        for row in session.execute(query)  # the latest comes last, and stays
    }
    return [
        ReviewedValue(
            reading_id=row.reading_id,
            text=row.text,
            document_sha256=row.sha256,
            page_index=row.page_index,
            field_name=row.field_name,
            crop_key=row.crop_key,
            doubt=row.doubt,
        )
        for _, row in sorted(latest.items(), key=lambda item: item[0])
        if row.status is FieldStatus.READ and row.text
    ]


def _said() -> Select[*tuple[Any, ...]]:
    """Select all that people said, in order of time."""
    return (
        select(
            CorrectionRow.text,
            CorrectionRow.status,
            ReadingRow.id.label("reading_id"),
            ReadingRow.field_name,
            ReadingRow.crop_key,
            ReadingRow.doubt,
            PageRow.page_index,
            PageRow.template_id,
            DocumentRow.sha256,
        )
        .join(ReadingRow, ReadingRow.id == CorrectionRow.reading_id)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .join(BatchRow, BatchRow.id == DocumentRow.batch_id)
        .order_by(CorrectionRow.id)
    )
