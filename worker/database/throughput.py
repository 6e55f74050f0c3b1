"""How many documents of a batch were finished when, and where one document lies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from worker.database.models import DocumentRow
from worker.errors import NoSuchResultError
from worker.types import Source

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

_STEPS = 60
_SHORTEST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of time, and how many documents a second were finished in it."""

    start: datetime
    per_second: float


def finished_by_time(session: Session, batch_id: UUID) -> list[Interval]:
    """Give the rate over the time from the first finished document to the last, in equal steps."""
    of_batch = DocumentRow.batch_id == batch_id, DocumentRow.finished_at.is_not(None)
    first, last = session.execute(
        select(func.min(DocumentRow.finished_at), func.max(DocumentRow.finished_at)).where(
            *of_batch
        )
    ).one()
    if first is None or last is None:
        return []
    step_s = max((last - first).total_seconds() / _STEPS, _SHORTEST_S)
    found = session.scalars(
        select(DocumentRow.finished_at).where(*of_batch), execution_options={"yield_per": 5000}
    )
    counts = Counter(int((moment - first).total_seconds() / step_s) for moment in found if moment)
    return [
        Interval(start=first + timedelta(seconds=i * step_s), per_second=counts[i] / step_s)
        for i in range(max(counts) + 1)
    ]


def document_source(session: Session, document_id: UUID) -> Source:
    """Say where a document lies.

    Raises:
        NoSuchResultError: there is no such document.
    """
    row = session.get(DocumentRow, document_id)
    if row is None:
        raise NoSuchResultError("no such document in this database")
    return Source(uri=row.uri, size_bytes=row.size_bytes, version=row.version)
