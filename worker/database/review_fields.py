"""A field as a person needs it to say what it says: by its lease, so that no other is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from worker.database.models import CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.web_models import ReviewLeaseRow
from worker.types import Source

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from worker.types import FieldStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedField:
    """What the machine read in a field, and what somebody said of it before."""

    lease_id: UUID
    reading_id: UUID
    source: Source  # the document
    page_index: int  # from 0
    page_quad: Sequence[Sequence[float]]  # (4, 2) source px, from top left
    field_name: str
    label: str  # what is printed beside it, where that is known, else ""
    crop_key: str | None
    status: FieldStatus  # by the machine
    text: str = field(repr=False)  # by the machine
    raw_text: str = field(repr=False)
    alternatives: Sequence[tuple[str, float]] = field(repr=False)  # next best texts, shares
    chars: Sequence[tuple[str, float, int, int]] = field(repr=False)  # of ``text``
    said: tuple[str, FieldStatus] | None = field(repr=False)  # the latest by a person


def leased_fields(
    session: Session, lease_ids: Collection[UUID], *, user_id: UUID
) -> list[LeasedField]:
    """Give the fields that somebody holds under these leases, in the order of the leases.

    One whose time is up counts while nobody else has taken the field; one that ended does not.
    """
    query = (
        select(ReviewLeaseRow.lease_id, ReadingRow, PageRow.page_index, DocumentRow)
        .join(ReadingRow, ReadingRow.id == ReviewLeaseRow.reading_id)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(
            ReviewLeaseRow.lease_id.in_(lease_ids),
            ReviewLeaseRow.held_by == user_id,
            ReviewLeaseRow.ended_at.is_(None),
        )
    )
    rows = {row[0]: row for row in session.execute(query)}
    said = _latest_said(session, [row[1].id for row in rows.values()])
    return [
        LeasedField(
            lease_id=lease_id,
            reading_id=reading.id,
            source=Source(
                uri=document.uri, size_bytes=document.size_bytes, version=document.version
            ),
            page_index=page_index,
            page_quad=reading.page_quad,
            field_name=reading.field_name,
            label=reading.label,
            crop_key=reading.crop_key,
            status=reading.status,
            text=reading.text,
            raw_text=reading.raw_text,
            alternatives=[(text, share) for text, share in reading.alternatives],
            chars=[(char, sure, start, end) for char, sure, start, end in reading.chars],
            said=said.get(reading.id),
        )
        for lease_id, reading, page_index, document in (
            rows[lease_id] for lease_id in lease_ids if lease_id in rows
        )
    ]


def _latest_said(
    session: Session, reading_ids: Sequence[UUID]
) -> dict[UUID, tuple[str, FieldStatus]]:
    query = (
        select(CorrectionRow)
        .where(CorrectionRow.reading_id.in_(reading_ids))
        .order_by(CorrectionRow.id)
    )
    return {row.reading_id: (row.text, row.status) for row in session.scalars(query)}
