"""Claims: the right to work on waiting documents, won by one UPDATE, for as long as a lease lasts.

A claim counts the attempt before the work starts, so that what kills its process is seen. Two
workers never win the same document: ``SKIP LOCKED`` in PostgreSQL, one writer at a time in
SQLite. The least ``priority`` comes first, then what was registered first; a document that
waits for an outage to end keeps its place in the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Double, and_, bindparam, false, func, or_, select, update

from worker.database.dialects import utc_in, utc_now
from worker.database.documents import DocumentClaim
from worker.database.models import DOCUMENTS
from worker.types import RunIdentity, Source, Stage

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import ReturningUpdate

    from worker.types import ReadWith

_CLAIMED = tuple(
    DOCUMENTS.c[name]
    for name in (
        *("id", "attempt", "tries", "outages", "templates_version", "model_id"),
        *("decoder_version", "uri", "size_bytes", "version", "sha256", "crop_key", "crop_count"),
        *("alone", "priority"),
    )
)

URGENT, NORMAL = 0, 1  # priorities; the least first
_SUSPECTS = 8  # read at once: the one at fault among 64 is alone after three crashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One document in hand."""

    document: DocumentClaim
    stage: Stage
    tries: int  # this one included; outages not
    outages: int  # that it met one after the other
    identity: RunIdentity
    source: Source
    sha256: str | None  # None until its bytes were read
    crop_key: str | None  # the archive with its crops, once it is segmented
    crop_count: int | None
    alone: bool  # it may have killed its process: read it with few others, or none
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """Who claims, and for how long."""

    owner: str  # what it signs its leases with
    lease_s: float
    urgent_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardLimits:
    """How much one shard of the recognizer may hold."""

    crops: int
    documents: int


def claim_scan(
    session: Session, claimant: Claimant, *, templates_versions: Collection[str]
) -> Claim | None:
    """Take the next scan that waits to be cut by one of these sets of templates, if any."""
    taking = _taking_first_scan(urgent_only=claimant.urgent_only)
    wanted = {"templates_versions": list(templates_versions)}
    taken = session.execute(taking, {**_signed(claimant), **wanted}).one_or_none()
    return None if taken is None else _as_claim(taken, Stage.SEGMENT, claimant.owner)


def claim_crops(
    session: Session,
    claimant: Claimant,
    *,
    served: Collection[ReadWith],
    limits: ShardLimits,
    suspects_tries: int | None,
) -> tuple[list[Claim], bool]:
    """Take the next documents whose crops wait to be read: one shard of one model and decoder.

    Args:
        session: an open transaction; commit it before the work starts.
        claimant: who takes them.
        served: what can be read with.
        limits: how much to take; one document is always taken, however large.
        suspects_tries: how many tries a document has at a stage, to look first for those that
            may end their process; None leaves these. Only a few of them are taken at once, and
            one alone on its last try, so that no other loses its own to it. Nothing else may be
            in hand.

    Returns:
        What was won, the first in line first, empty where nothing waits; and whether more may
        be waiting than was taken.
    """
    waiting = _waiting(Stage.RECOGNIZE, urgent_only=claimant.urgent_only).where(_read_with(served))
    if suspects_tries is not None:
        suspects = session.execute(waiting.where(DOCUMENTS.c.alone).limit(_SUSPECTS)).all()
        if suspects:
            few = _few_suspects(suspects, limits, most_tries=suspects_tries)
            return _take(session, Stage.RECOGNIZE, claimant, few), True
    found = session.execute(waiting.where(~DOCUMENTS.c.alone).limit(limits.documents)).all()
    shard = _first_shard(found, limits)
    more = len(found) == limits.documents or len(shard) < len(found)
    return _take(session, Stage.RECOGNIZE, claimant, shard), more


def waiting_count(session: Session, stage: Stage, *, at_most: int, untried_s: float = 0.0) -> int:
    """Count the documents that could be claimed now, as far as ``at_most``.

    Args:
        session: an open transaction.
        stage: where they wait.
        at_most: where to stop.
        untried_s: leave out what came to the stage so lately, never met trouble at it, and is
            not urgent.
    """
    asked = {"waiting": stage.waiting, "at_most": at_most, "untried_s": -untried_s}
    return session.scalar(_counting_due(), asked) or 0


def urgent_waiting(session: Session, stage: Stage) -> bool:
    """Tell whether something urgent could be claimed now."""
    return session.scalar(_finding_urgent(), {"waiting": stage.waiting}) is not None


@cache
def _counting_due() -> Select[int]:
    columns = DOCUMENTS.c
    since = utc_in(bindparam("untried_s", type_=Double))
    met_trouble = or_(columns.tries > 0, columns.outages > 0)
    counted = or_(met_trouble, columns.priority == URGENT, columns.next_attempt_at <= since)
    due = _due().where(counted).limit(bindparam("at_most")).subquery()
    return select(func.count()).select_from(due)


@cache
def _finding_urgent() -> Select[UUID]:
    return _due().where(DOCUMENTS.c.priority == URGENT).limit(1)


def _due() -> Select[UUID]:
    columns = DOCUMENTS.c
    return select(columns.id).where(
        columns.status == bindparam("waiting"), columns.next_attempt_at <= utc_now()
    )


def _waiting(stage: Stage, *, urgent_only: bool) -> Select[*tuple[Any, ...]]:
    columns = DOCUMENTS.c
    waiting = (
        select(
            columns.id,
            columns.crop_count,
            columns.model_id,
            columns.decoder_version,
            columns.tries,
        )
        .where(columns.status == stage.waiting, columns.next_attempt_at <= utc_now())
        .order_by(columns.priority, columns.registered_at)
        .with_for_update(skip_locked=True)
    )
    return waiting.where(columns.priority == URGENT) if urgent_only else waiting


def _read_with(served: Collection[ReadWith]) -> ColumnElement[bool]:
    """Say which documents can be read with one of these."""
    each = (
        and_(
            DOCUMENTS.c.model_id == one.model_id,
            DOCUMENTS.c.decoder_version == one.decoder_version,
        )
        for one in served
    )
    return or_(false(), *each)


def _few_suspects(
    line: Sequence[Row[*tuple[Any, ...]]], limits: ShardLimits, *, most_tries: int
) -> list[UUID]:
    """Choose suspects to read at once: the first alone, if it has no other try after this."""
    early = [row for row in line if row.tries + 1 < most_tries]
    return _first_shard(early, limits) if line[0] in early else [line[0].id]


def _first_shard(line: Sequence[Row[*tuple[Any, ...]]], limits: ShardLimits) -> list[UUID]:
    """Choose what is read as the first in line, as far as the limits go."""
    shard: list[UUID] = []
    crops = 0
    for row in line:
        first = line[0]
        if (row.model_id, row.decoder_version) != (first.model_id, first.decoder_version):
            continue
        crops += row.crop_count or 0
        if shard and crops > limits.crops:
            break
        shard.append(row.id)
    return shard


def _take(
    session: Session, stage: Stage, claimant: Claimant, document_ids: Sequence[UUID]
) -> list[Claim]:
    """Count the attempt and sign the lease of documents that this transaction has locked."""
    if not document_ids:
        return []
    mine = {**_signed(claimant), "document_ids": document_ids}
    taken = session.execute(_taking_these(stage), mine)
    claims = {row.id: _as_claim(row, stage, claimant.owner) for row in taken}
    return [claims[document_id] for document_id in document_ids if document_id in claims]


@cache
def _taking_first_scan(*, urgent_only: bool) -> ReturningUpdate[*tuple[Any, ...]]:
    """Claim the first scan in line that ``templates_versions`` can cut."""
    wanted = DOCUMENTS.c.templates_version.in_(bindparam("templates_versions", expanding=True))
    waiting = _waiting(Stage.SEGMENT, urgent_only=urgent_only).where(wanted).limit(1)
    first = waiting.with_only_columns(DOCUMENTS.c.id).scalar_subquery()
    return _taking(DOCUMENTS.c.id == first, Stage.SEGMENT)


@cache
def _taking_these(stage: Stage) -> ReturningUpdate[*tuple[Any, ...]]:
    """Claim ``document_ids``, which this transaction has locked."""
    return _taking(DOCUMENTS.c.id.in_(bindparam("document_ids", expanding=True)), stage)


def _taking(which: ColumnElement[bool], stage: Stage) -> ReturningUpdate[*tuple[Any, ...]]:
    """Build a claim, which is run with whom ``_signed`` says."""
    columns = DOCUMENTS.c
    return (
        update(DOCUMENTS)
        .where(which, columns.status == stage.waiting)
        .values(
            status=stage.at_work,
            attempt=columns.attempt + 1,
            tries=columns.tries + 1,
            lease_owner=bindparam("signed_owner"),
            lease_until=utc_in(bindparam("signed_s", type_=Double)),
            next_attempt_at=None,
            started_at=utc_now(),
        )
        .returning(*_CLAIMED)
    )


def _signed(claimant: Claimant) -> dict[str, Any]:
    return {"signed_owner": claimant.owner, "signed_s": claimant.lease_s}


def _as_claim(row: Row[*tuple[Any, ...]], stage: Stage, owner: str) -> Claim:
    return Claim(
        document=DocumentClaim(document_id=row.id, attempt=row.attempt, owner=owner),
        stage=stage,
        tries=row.tries,
        outages=row.outages,
        identity=RunIdentity(
            templates_version=row.templates_version,
            model_id=row.model_id,
            decoder_version=row.decoder_version,
        ),
        source=Source(uri=row.uri, size_bytes=row.size_bytes, version=row.version),
        sha256=row.sha256,
        crop_key=row.crop_key,
        crop_count=row.crop_count,
        alone=row.alone,
        urgent=row.priority == URGENT,
    )
