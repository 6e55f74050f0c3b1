"""Leases: how a worker says that it lives, and what becomes of documents when it does not.

A lease is signed with the worker's id and ends by the database's clock, whatever the clocks of
the workers say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Double, bindparam, case, func, literal, or_, select, update

from worker.database.dialects import utc_in, utc_now
from worker.database.documents import NOT_WAITING
from worker.database.models import DOCUMENTS, DocumentRow
from worker.errors import FailureCode
from worker.types import DocumentStatus, Stage

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Case, ColumnElement, Select
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import ReturningUpdate

_COLUMNS = DOCUMENTS.c
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
    return len(session.execute(_renewing(), {"owner": owner, "lease_s": lease_s}).all())


def take_back_expired(session: Session, *, most_tries: int) -> Reaped:
    """Take documents from workers whose lease has run out: they crashed or were killed.

    The try counts, since the document itself may have ended them; one that has used up its
    tries fails. What was being read with others is read with few from now on, and alone on its
    last try, so that one poison file does not use up the tries of its neighbours.
    """
    crashed = {"most_tries": most_tries, "failure_detail": _CRASHED.format(tries=most_tries)}
    failed = session.execute(_failing_expired(), crashed).all()
    # Others may have expired just now, so that these say for themselves that they have tries.
    again = session.execute(_returning_expired(), {"most_tries": most_tries}).all()
    return Reaped(again=len(again), failed=len(failed))


def give_back_held(session: Session, *, owner: str) -> int:
    """Let go of whatever one worker holds, short of what is just being written; no try counts."""
    return len(session.execute(_giving_back_held(), {"owner": owner}).all())


def give_back_all(session: Session, *, node: str) -> int:
    """Let go of whatever the processes of a worker hold; they ended in order, so no try counts."""
    held = _COLUMNS.lease_owner.startswith(f"{node}/", autoescape=True)
    return len(session.execute(_giving_back(held)).all())


def held_count(session: Session) -> int:
    """Count the documents that workers have in hand."""
    held = select(func.count()).where(DocumentRow.status.in_(_AT_WORK))
    return session.scalar(held) or 0


@cache
def _renewing() -> ReturningUpdate[UUID]:
    """Renew what ``owner`` holds for ``lease_s``."""
    return (
        update(DOCUMENTS)
        .where(_COLUMNS.id.in_(_held_by_owner()))
        .values(lease_until=utc_in(bindparam("lease_s", type_=Double)))
        .returning(_COLUMNS.id)
    )


@cache
def _giving_back_held() -> ReturningUpdate[UUID]:
    """Give back what ``owner`` holds."""
    return _giving_back(_COLUMNS.id.in_(_held_by_owner()))


def _held_by_owner() -> Select[UUID]:
    """Find what ``owner`` holds, but for the rows that somebody is writing."""
    return (
        select(_COLUMNS.id)
        .where(_COLUMNS.lease_owner == bindparam("owner"), _COLUMNS.status.in_(_AT_WORK))
        .with_for_update(skip_locked=True)
    )


def _giving_back(held: ColumnElement[bool]) -> ReturningUpdate[UUID]:
    return (
        update(DOCUMENTS)
        .where(held, _COLUMNS.status.in_(_AT_WORK))
        .values(
            status=_back_to_waiting(),
            tries=_COLUMNS.tries - 1,
            next_attempt_at=utc_now(),
            lease_owner=None,
            lease_until=None,
        )
        .returning(_COLUMNS.id)
    )


@cache
def _failing_expired() -> ReturningUpdate[UUID]:
    """Fail what has used up ``most_tries``."""
    return (
        update(DOCUMENTS)
        .where(*_expired(), _COLUMNS.tries >= bindparam("most_tries"))
        .values(
            status=DocumentStatus.FAILED,
            failure_code=FailureCode.DOCUMENT_CRASHED,
            finished_at=utc_now(),
            **NOT_WAITING,
        )
        .returning(_COLUMNS.id)
    )


@cache
def _returning_expired() -> ReturningUpdate[UUID]:
    """Let what has tries left of ``most_tries`` wait again."""
    return (
        update(DOCUMENTS)
        .where(*_expired(), _COLUMNS.tries < bindparam("most_tries"))
        .values(
            status=_back_to_waiting(),
            alone=or_(_COLUMNS.alone, _COLUMNS.status == DocumentStatus.RECOGNIZING),
            next_attempt_at=utc_now(),
            lease_owner=None,
            lease_until=None,
        )
        .returning(_COLUMNS.id)
    )


def _expired() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _COLUMNS.status.in_(_AT_WORK), _COLUMNS.lease_until < utc_now()


def _back_to_waiting() -> Case[DocumentStatus]:
    segment, recognize = Stage.SEGMENT, Stage.RECOGNIZE
    kind = _COLUMNS.status.type
    return case(
        (_COLUMNS.status == segment.at_work, literal(segment.waiting, kind)),
        else_=literal(recognize.waiting, kind),
    )
