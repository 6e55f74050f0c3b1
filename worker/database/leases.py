"""Leases: how a worker says that it lives, and what becomes of documents when it does not.

A lease is signed with the worker's id and ends by the database's clock, whatever the clocks of
the workers say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, literal, or_, select, update

from worker.database.dialects import utc_in, utc_now
from worker.database.documents import NOT_WAITING
from worker.database.models import DocumentRow
from worker.errors import FailureCode
from worker.types import DocumentStatus, Stage

if TYPE_CHECKING:
    from sqlalchemy import Case, ColumnElement
    from sqlalchemy.orm import Session

_AT_WORK = [stage.at_work for stage in Stage]
_CRASHED = "the process that had the document in hand ended {tries} times; see its log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """What was taken back from workers that no longer live."""

    again: int  # documents that wait for another try
    failed: int  # documents whose tries are used up


def renew_leases(session: Session, *, owner: str, lease_s: float) -> int:
    """Put off the end of every lease of one worker; says how many were.

    A document that the worker is just finishing needs no renewal. Waiting for its row would hold
    up all other leases until the readings are written, and can end in a deadlock.
    """
    held = (
        select(DocumentRow.id)
        .where(DocumentRow.lease_owner == owner, DocumentRow.status.in_(_AT_WORK))
        .with_for_update(skip_locked=True)
    )
    renewed = session.execute(
        update(DocumentRow)
        .where(DocumentRow.id.in_(held))
        .values(lease_until=utc_in(lease_s))
        .returning(DocumentRow.id)
    )
    return len(renewed.all())


def take_back_expired(session: Session, *, most_tries: int) -> Reaped:
    """Take documents from workers whose lease has run out: they crashed or were killed.

    The try counts, since the document itself may have ended them; one that has used up its
    tries fails. What was being read with others is read with few from now on, and alone on its
    last try, so that one poison file does not use up the tries of its neighbours.
    """
    expired = (
        DocumentRow.status.in_(_AT_WORK),
        DocumentRow.lease_until < utc_now(),
    )
    failed = session.execute(
        update(DocumentRow)
        .where(*expired, DocumentRow.tries >= most_tries)
        .values(
            status=DocumentStatus.FAILED,
            failure_code=FailureCode.DOCUMENT_CRASHED,
            failure_detail=_CRASHED.format(tries=most_tries),
            finished_at=utc_now(),
            **NOT_WAITING,
        )
        .returning(DocumentRow.id)
    ).all()
    again = session.execute(
        update(DocumentRow)
        .where(*expired, DocumentRow.tries < most_tries)  # others may have expired just now
        .values(
            status=_back_to_waiting(),
            alone=or_(DocumentRow.alone, DocumentRow.status == DocumentStatus.RECOGNIZING),
            next_attempt_at=utc_now(),
            lease_owner=None,
            lease_until=None,
        )
        .returning(DocumentRow.id)
    ).all()
    return Reaped(again=len(again), failed=len(failed))


def give_back_held(session: Session, *, owner: str) -> int:
    """Let go of whatever one worker holds, short of what is just being written; no try counts."""
    held = (
        select(DocumentRow.id)
        .where(DocumentRow.lease_owner == owner, DocumentRow.status.in_(_AT_WORK))
        .with_for_update(skip_locked=True)
    )
    return _give_back(session, DocumentRow.id.in_(held))


def give_back_all(session: Session, *, node: str) -> int:
    """Let go of whatever the processes of a worker hold; they ended in order, so no try counts."""
    held = DocumentRow.lease_owner.startswith(f"{node}/", autoescape=True)
    return _give_back(session, held)


def _give_back(session: Session, held: ColumnElement[bool]) -> int:
    given = session.execute(
        update(DocumentRow)
        .where(held, DocumentRow.status.in_(_AT_WORK))
        .values(
            status=_back_to_waiting(),
            tries=DocumentRow.tries - 1,
            next_attempt_at=utc_now(),
            lease_owner=None,
            lease_until=None,
        )
        .returning(DocumentRow.id)
    )
    return len(given.all())


def held_count(session: Session) -> int:
    """Count the documents that workers have in hand."""
    held = select(func.count()).where(DocumentRow.status.in_(_AT_WORK))
    return session.scalar(held) or 0


def _back_to_waiting() -> Case[DocumentStatus]:
    segment, recognize = Stage.SEGMENT, Stage.RECOGNIZE
    kind = DocumentRow.status.type
    return case(
        (DocumentRow.status == segment.at_work, literal(segment.waiting, kind)),
        else_=literal(recognize.waiting, kind),
    )
