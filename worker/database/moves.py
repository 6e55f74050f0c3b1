"""Moves of a claimed document from one state to the next; each is one guarded UPDATE.

Every function gives False, and changes nothing, where the claim no longer stands: a later
attempt has the document, its lease was taken back, or its batch was called off.
``worker.database.documents.finish_document`` is the last move.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from worker.database.dialects import utc_in, utc_now
from worker.database.documents import (
    GIVEN_UP,
    NOT_WAITING,
    as_held,
    held,
    of_bytes,
    point_to,
)
from worker.database.models import DOCUMENTS, DocumentRow
from worker.retry import GiveBack, Stop, TryAgain
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import ReturningUpdate

    from worker.database.claims import Claim
    from worker.retry import Decision

_FREED: Final = {"lease_owner": None, "lease_until": None}
_FRESH: Final = {"tries": 0, "outages": 0, "failure_detail": ""}
_RACES = 3  # several rows of the same bytes may be read at once; each round one of them wins


@dataclass(frozen=True, slots=True, kw_only=True)
class Segmented:
    """What cutting a document gave."""

    crop_key: str  # where its crops lie, already written
    crop_count: int  # of the written ones
    page_count: int
    segment_s: float


class BytesTakenError(Exception):
    """Another row was given the same bytes at the same moment; ``identify`` sorts it out."""


def identify_new(session: Session, claim: Claim, *, sha256: str, size_bytes: int) -> bool:
    """Write down what bytes a claimed scan has where no other row has them, as is usual.

    Returns:
        False, and nothing is written, where ``identify`` has to look closer.

    Raises:
        BytesTakenError: the same; the transaction is lost.
    """
    wanted = {f"same_{name}": value for name, value in asdict(claim.identity).items()}
    found = {"sha256": sha256, "size_bytes": size_bytes}
    try:
        return _run(session, claim, _identifying(), {"same_sha256": sha256, **wanted, **found})
    except IntegrityError as error:
        raise BytesTakenError from error


def identify(session: Session, claim: Claim, *, sha256: str, size_bytes: int) -> bool:
    """Write down what bytes a claimed scan has, before work on them starts.

    Where another row has the same bytes under the same identity, and is read or being read,
    this one becomes its duplicate. A row that was given up, or that a run of ``penname read``
    left behind, becomes a duplicate of this one instead: no bytes go unread.

    Returns:
        False when there is nothing to do for this claim any more.
    """
    for _ in range(_RACES):
        other = session.execute(
            select(DocumentRow.id, DocumentRow.status, DocumentRow.submitted)
            .where(
                of_bytes(sha256, claim.identity),
                DocumentRow.id != claim.document.document_id,
            )
            .with_for_update()  # nobody calls it off unseen, or without seeing this duplicate
        ).one_or_none()
        if other is not None:
            left = other.status is DocumentStatus.PENDING and not other.submitted
            if not left and other.status not in GIVEN_UP:
                _become_duplicate(session, claim, of=other.id)
                return False
            if not _is_held(session, claim):
                return False
            _take_over(session, other.id, claim)
        try:
            with session.begin_nested():
                return _move(session, claim, sha256=sha256, size_bytes=size_bytes)
        except IntegrityError:  # another worker read the same bytes meanwhile
            continue
    return False


def mark_segmented(session: Session, claim: Claim, done: Segmented) -> bool:
    """Let a document wait for its crops to be read."""
    return _run(session, claim, _segmenting(), asdict(done))


def cut_again(session: Session, claim: Claim) -> bool:
    """Send a document back to be cut, whose crops are gone or damaged.

    From then on it is read alone, by which the recognizer knows that it was cut again.
    """
    return _move(
        session,
        claim,
        status=DocumentStatus.PENDING,
        next_attempt_at=utc_now(),
        crop_key=None,
        alone=True,
        **_FREED,
        **_FRESH,
    )


def settle(session: Session, claim: Claim, decision: Decision) -> bool:
    """Do what the retry rule decided about a document whose try ended in an error."""
    if isinstance(decision, Stop):
        return _move(
            session,
            claim,
            status=DocumentStatus.FAILED,
            failure_code=decision.code,
            failure_detail=decision.detail,
            finished_at=utc_now(),
            **NOT_WAITING,
        )
    waiting: dict[str, Any] = {
        "status": claim.stage.waiting,
        "next_attempt_at": utc_in(decision.wait_s),
        **_FREED,
    }
    if isinstance(decision, TryAgain):
        again = {"outages": 0, "failure_detail": ""}
        return _move(session, claim, **waiting, **again, alone=claim.alone or decision.alone)
    return _move(
        session,
        claim,
        **waiting,
        tries=DocumentRow.tries - 1,
        outages=DocumentRow.outages + 1,
        failure_detail=decision.why,
    )


def give_back(session: Session, claim: Claim) -> bool:
    """Let go of a document that was not worked on; the try does not count."""
    return settle(session, claim, GiveBack(wait_s=0.0))


def _is_held(session: Session, claim: Claim) -> bool:
    mine = select(DOCUMENTS.c.id).where(held()).with_for_update()
    found = session.execute(mine, as_held(claim.document))
    return found.one_or_none() is not None


def _take_over(session: Session, other: UUID, claim: Claim) -> None:
    """Free the bytes of a row that nobody reads; its late writer, if any, finds no claim."""
    session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == other)
        .values(attempt=DocumentRow.attempt + 1, **NOT_WAITING)
    )
    point_to(session, other, document_id=claim.document.document_id)


def _become_duplicate(session: Session, claim: Claim, *, of: UUID) -> None:
    if _move(session, claim, finished_at=utc_now(), status=claim.stage.at_work):
        point_to(session, claim.document.document_id, document_id=of)
        session.execute(
            update(DocumentRow)
            .where(DocumentRow.id == claim.document.document_id)
            .values(**NOT_WAITING)
        )


def _move(
    session: Session,
    claim: Claim,
    **values: Any,  # noqa: ANN401, values of columns
) -> bool:
    return _run(session, claim, _leaving(**values), {})


@cache
def _identifying() -> ReturningUpdate[UUID]:
    """Note bytes that no other row has."""
    other = DOCUMENTS.alias()
    of_same_bytes = (
        other.c[name] == bindparam(f"same_{name}")
        for name in ("sha256", "templates_version", "model_id", "decoder_version")
    )
    return _leaving().where(~select(other.c.id).where(*of_same_bytes).exists())


@cache
def _segmenting() -> ReturningUpdate[UUID]:
    """Let crops wait; where they lie comes when it runs."""
    return _leaving(status=DocumentStatus.SEGMENTED, next_attempt_at=utc_now(), **_FREED, **_FRESH)


def _leaving(**values: Any) -> ReturningUpdate[UUID]:  # noqa: ANN401, the same
    """Build the move of a document that is in hand at the stage of its claim."""
    at_work = DOCUMENTS.c.status == bindparam("at_work")
    return update(DOCUMENTS).where(held(), at_work).values(values).returning(DOCUMENTS.c.id)


def _run(
    session: Session, claim: Claim, move: ReturningUpdate[UUID], values: dict[str, Any]
) -> bool:
    """Run a move, with the columns that it sets besides those it was built with."""
    mine = {**as_held(claim.document), "at_work": claim.stage.at_work}
    return session.execute(move, {**mine, **values}).one_or_none() is not None
