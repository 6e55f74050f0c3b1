"""What waits for a person: fields in doubt, and a stable random share of those that passed.

A look at a field in doubt lowers the expected error by 1 - confidence, whichever field it is, and
takes about as long: the least confident come first. The share of those that passed is cut from the
ids of readings, which are random (version 4 UUIDs): the lowest of them are the sample, the same
ones for ever, and more of them where the share is raised.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, select, tuple_

from worker.database.dialects import utc_in, utc_now
from worker.database.models import CorrectionRow, ReadingRow
from worker.database.results import CURRENT
from worker.database.web_models import ReviewLeaseRow, ReviewSkipRow
from worker.types import FieldStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select, SQLColumnExpression
    from sqlalchemy.orm import Session

PASSED = (FieldStatus.READ, FieldStatus.BLANK)  # without a person
_DOUBTFUL = (  # in the order they are shown: the first two have no confidence
    FieldStatus.MISPLACED, FieldStatus.STRUCK_OUT, FieldStatus.LOW_CONFIDENCE,
)  # fmt: skip
_IDS = 2**128
_PAGE = 128  # readings
_LARGEST_PAGE = 8192
_SKIPPED_S = 86400  # how long a field that somebody skipped is not shown to them again


def in_audit(
    share: float, reading_id: SQLColumnExpression[UUID] = ReadingRow.id
) -> ColumnElement[bool]:
    """Say of a reading whether it is in the sample, whether or not anybody looked at it yet."""
    last = math.floor(share * _IDS) - 1
    return false() if last < 0 else reading_id <= UUID(int=last)


def share_of_some(session: Session, count: int) -> float:
    """Say which share of all readings some of them are, so that ``in_audit`` means these.

    Their ids being random, they are a fair sample, and their share is known as well as that of
    any ``count`` drawn at random: within one in sqrt(count). Fewer readings are all of them.
    """
    query = select(ReadingRow.id).order_by(ReadingRow.id).offset(count).limit(1)
    beyond = session.scalars(query).one_or_none()
    return 1.0 if beyond is None else beyond.int / _IDS


def find_doubtful(session: Session, *, user_id: UUID, limit: int) -> list[UUID]:
    """Find the readings in doubt that somebody may look at next, the least confident first."""
    found: list[UUID] = []
    for status in _DOUBTFUL:
        free = _free(user_id).where(ReadingRow.status == status)
        found += _first_current(session, free, limit - len(found))
        if len(found) == limit:
            break
    return found


def find_audits_to_do(session: Session, *, user_id: UUID, share: float, limit: int) -> list[UUID]:
    """Find the readings of the sample that somebody may look at next, in the sample's order.

    That order has to do with nothing but chance: what was looked at is at any time a random
    sample of all that passed.
    """
    query = _current(_free(user_id)).where(ReadingRow.status.in_(PASSED), in_audit(share))
    return list(session.scalars(query.order_by(ReadingRow.id).limit(limit)))


def count_doubtful(session: Session, *, user_id: UUID, at_most: int) -> int:
    """Count the readings in doubt that somebody holds or may look at next, up to a number."""
    doubtful = ReadingRow.status.in_(_DOUBTFUL)
    some = (
        _current(_free(user_id, unless_held=_own(user_id)))
        .where(doubtful)
        .limit(at_most)
        .subquery()
    )
    return session.scalars(select(func.count()).select_from(some)).one()


def largest_groups(session: Session, *, user_id: UUID, least: int, limit: int) -> list[str]:
    """Give the texts that the most waiting readings share, those of scans read anew among them.

    To leave the latter out takes many times as long; ``find_alike`` does.
    """
    query = (
        _groupable(user_id)
        .with_only_columns(ReadingRow.text)
        .where(ReadingRow.status == FieldStatus.LOW_CONFIDENCE, ReadingRow.text != "")
        .group_by(ReadingRow.text)
        .having(func.count() >= least)
        .order_by(func.count().desc(), ReadingRow.text)
        .limit(limit)
    )
    return list(session.scalars(query))


def find_alike(session: Session, *, user_id: UUID, text: str, limit: int) -> list[UUID]:
    """Find the waiting readings of one text, the least confident first."""
    free = _groupable(user_id).where(
        ReadingRow.status == FieldStatus.LOW_CONFIDENCE, ReadingRow.text == text
    )
    return _first_current(session, free, limit)


def still_waits(session: Session, reading_ids: Sequence[UUID]) -> set[UUID]:
    """Keep those readings that nobody has said anything about."""
    said = exists().where(CorrectionRow.reading_id == ReadingRow.id)
    query = select(ReadingRow.id).where(ReadingRow.id.in_(reading_ids), ~said)
    return set(session.scalars(query))


def _own(user_id: UUID) -> ColumnElement[bool]:
    return ReviewLeaseRow.held_by == user_id


def _free(user_id: UUID, *, unless_held: ColumnElement[bool] | None = None) -> Select[UUID]:
    """Select readings that nobody corrected or holds, and that somebody did not skip."""
    held = exists().where(
        ReviewLeaseRow.reading_id == ReadingRow.id,
        ReviewLeaseRow.ended_at.is_(None),
        ReviewLeaseRow.expires_at > utc_now(),
    )
    if unless_held is not None:
        held = held.where(~unless_held)
    skipped = exists().where(
        ReviewSkipRow.reading_id == ReadingRow.id,
        ReviewSkipRow.user_id == user_id,
        ReviewSkipRow.skipped_at > utc_in(-_SKIPPED_S),
    )
    said = exists().where(CorrectionRow.reading_id == ReadingRow.id)
    return select(ReadingRow.id).where(and_(~said, ~held, ~skipped))


def _groupable(user_id: UUID) -> Select[UUID]:
    """Select what may come up among others of its name: not what somebody had and put back.

    Whoever picked a field out as odd, or skipped it, has left it to a look at it alone.
    """
    put_back = exists().where(
        ReviewLeaseRow.reading_id == ReadingRow.id, ReviewLeaseRow.ended_at.is_not(None)
    )
    return _free(user_id, unless_held=_own(user_id)).where(~put_back)


def _current(query: Select[UUID]) -> Select[UUID]:
    """Leave out readings whose scan was read anew since."""
    return query.join(CURRENT, CURRENT.c.reading_id == ReadingRow.id)


def _first_current(session: Session, free: Select[UUID], limit: int) -> list[UUID]:
    """Give the first of some readings that are current, the least confident first.

    The view is asked for one page of them after the other: a join with it would visit every
    document before the first row came, where an index gives these in their order.
    """
    ordered = free.add_columns(ReadingRow.confidence).order_by(ReadingRow.confidence, ReadingRow.id)
    found: list[UUID] = []
    size, page = _PAGE, session.execute(ordered.limit(_PAGE)).all()
    while page:
        ids = [row.id for row in page]
        shown = select(CURRENT.c.reading_id).where(CURRENT.c.reading_id.in_(ids))
        current = set(session.scalars(shown))
        found += [reading_id for reading_id in ids if reading_id in current]
        if len(found) >= limit or len(page) < size:
            break
        size = min(4 * size, _LARGEST_PAGE)  # many were read anew: get past them sooner
        place = tuple_(ReadingRow.confidence, ReadingRow.id)
        after = place > tuple_(page[-1].confidence, page[-1].id)
        page = session.execute(ordered.where(after).limit(size)).all()
    return found[:limit]
