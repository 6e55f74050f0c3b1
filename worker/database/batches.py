"""Batches: the names under which scans are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from worker.database.dialects import insert_into, utc_now
from worker.database.models import BatchRow

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session


def open_batch(session: Session, name: str) -> UUID:
    """Start a batch, or go on with the one of that name."""
    new = insert_into(session, BatchRow).values(name=name, created_at=utc_now())
    session.execute(new.on_conflict_do_nothing(index_elements=[BatchRow.name]))
    return session.scalars(select(BatchRow.id).where(BatchRow.name == name)).one()


def batch_names(session: Session) -> list[str]:
    """List every batch, the newest first."""
    return list(session.scalars(select(BatchRow.name).order_by(BatchRow.created_at.desc())))
