"""Batches: the names under which scans are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from worker.database.dialects import insert_into, utc_now
from worker.database.models import BatchRow
from worker.errors import NoSuchResultError

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session

_NAMED = 10  # in the message about one that is not there


def open_batch(session: Session, name: str) -> UUID:
    """Start a batch, or go on with the one of that name."""
    new = insert_into(session, BatchRow).values(name=name, created_at=utc_now())
    session.execute(new.on_conflict_do_nothing(index_elements=[BatchRow.name]))
    return session.scalars(select(BatchRow.id).where(BatchRow.name == name)).one()


def find_batch(session: Session, name: str) -> UUID:
    """Give the id of a batch that must be there.

    Raises:
        NoSuchResultError: there is none of that name; the message names some that are there.
    """
    found = session.scalars(select(BatchRow.id).where(BatchRow.name == name)).one_or_none()
    if found is not None:
        return found
    names = batch_names(session)
    known = ", ".join(names[:_NAMED]) or "none"
    more = f" and {len(names) - _NAMED} older" if len(names) > _NAMED else ""
    raise NoSuchResultError(f"no batch {name!r} in this database; there are {known}{more}")


def batch_names(session: Session) -> list[str]:
    """List every batch, the newest first."""
    return list(session.scalars(select(BatchRow.name).order_by(BatchRow.created_at.desc())))
