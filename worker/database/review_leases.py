"""Leases: the right of one person to say what one field says. Two people never hold the same field.

A lease is one row a reading, taken over in a single statement by whoever finds it ended or run out;
its id changes each time, so that a late answer finds that it is no longer its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import delete, or_, select, update

from worker.database.dialects import insert_into, utc_in, utc_now
from worker.database.results import CURRENT
from worker.database.review_queue import still_waits
from worker.database.web_models import ReviewLeaseRow, ReviewSkipRow

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.orm import Session


def take_lease(session: Session, reading_id: UUID, *, user_id: UUID, lasts_s: int) -> UUID | None:
    """Lease a field to somebody; None where somebody else was quicker, or has just dealt with it.

    Args:
        session: an open transaction; commit it at once, others may be waiting for its row.
        reading_id: of a reading that was found waiting.
        user_id: who shall hold it.
        lasts_s: how long it holds.
    """
    new = insert_into(session, ReviewLeaseRow).values(
        reading_id=reading_id,
        lease_id=uuid4(),
        held_by=user_id,
        taken_at=utc_now(),
        expires_at=utc_in(lasts_s),
        ended_at=None,
    )
    taken = new.on_conflict_do_update(
        index_elements=[ReviewLeaseRow.reading_id],
        set_={
            name: new.excluded[name]
            for name in ("lease_id", "held_by", "taken_at", "expires_at", "ended_at")
        },
        where=or_(
            ReviewLeaseRow.ended_at.is_not(None),
            ReviewLeaseRow.expires_at < utc_now(),
            ReviewLeaseRow.held_by == user_id,  # as after a page was loaded anew
        ),
    ).returning(ReviewLeaseRow.lease_id)
    lease_id = session.scalars(taken).one_or_none()
    # Its last holder may have answered between our look at the queue and now.
    if lease_id is not None and not still_waits(session, [reading_id]):
        end_lease(session, lease_id, user_id=user_id)
        return None
    return lease_id


def own_leases(session: Session, *, user_id: UUID, but: Collection[UUID], limit: int) -> list[UUID]:
    """List what somebody holds already, as after a page was loaded anew, the oldest first.

    What was read anew since is left out: nothing can be said of it any more.
    """
    query = select(ReviewLeaseRow.lease_id, ReviewLeaseRow.reading_id).where(
        ReviewLeaseRow.held_by == user_id,
        ReviewLeaseRow.ended_at.is_(None),
        ReviewLeaseRow.expires_at > utc_now(),
        ReviewLeaseRow.lease_id.not_in(but),
    )
    held = session.execute(query.order_by(ReviewLeaseRow.taken_at)).all()
    ids = [reading_id for _, reading_id in held]
    shown = select(CURRENT.c.reading_id).where(CURRENT.c.reading_id.in_(ids))
    current = set(session.scalars(shown)) if ids else set()
    return [lease_id for lease_id, reading_id in held if reading_id in current][:limit]


def renew_leases(
    session: Session, lease_ids: Collection[UUID], *, user_id: UUID, lasts_s: int
) -> None:
    """Let leases that still hold go on holding."""
    session.execute(
        update(ReviewLeaseRow)
        .where(
            ReviewLeaseRow.lease_id.in_(lease_ids),
            ReviewLeaseRow.held_by == user_id,
            ReviewLeaseRow.ended_at.is_(None),
        )
        .values(expires_at=utc_in(lasts_s))
    )


def end_lease(session: Session, lease_id: UUID, *, user_id: UUID) -> UUID | None:
    """End a lease and give its reading; None where it was ended or taken over by somebody.

    One that ran out still counts, as long as nobody took it over.
    """
    return session.scalars(
        update(ReviewLeaseRow)
        .where(
            ReviewLeaseRow.lease_id == lease_id,
            ReviewLeaseRow.held_by == user_id,
            ReviewLeaseRow.ended_at.is_(None),
        )
        .values(ended_at=utc_now())
        .returning(ReviewLeaseRow.reading_id)
    ).one_or_none()


def held_since(session: Session, lease_id: UUID) -> datetime:
    """Say when a lease was taken, however often it was ended and reopened since."""
    query = select(ReviewLeaseRow.taken_at).where(ReviewLeaseRow.lease_id == lease_id)
    return session.scalars(query).one()


def reopen_lease(session: Session, lease_id: UUID, *, user_id: UUID, lasts_s: int) -> UUID | None:
    """Give a lease that somebody ended back to them; None where another took the field since."""
    reading_id = session.scalars(
        update(ReviewLeaseRow)
        .where(ReviewLeaseRow.lease_id == lease_id, ReviewLeaseRow.held_by == user_id)
        .values(ended_at=None, expires_at=utc_in(lasts_s))
        .returning(ReviewLeaseRow.reading_id)
    ).one_or_none()
    if reading_id is not None:
        skip = (ReviewSkipRow.reading_id == reading_id, ReviewSkipRow.user_id == user_id)
        session.execute(delete(ReviewSkipRow).where(*skip))
    return reading_id


def insert_skip(session: Session, reading_id: UUID, *, user_id: UUID) -> None:
    """Write down that somebody would rather leave a field to others."""
    new = insert_into(session, ReviewSkipRow).values(
        reading_id=reading_id, user_id=user_id, skipped_at=utc_now()
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=[ReviewSkipRow.reading_id, ReviewSkipRow.user_id],
            set_={"skipped_at": new.excluded.skipped_at},
        )
    )
