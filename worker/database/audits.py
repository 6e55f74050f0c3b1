"""Audits: what the machine read in each field, and whether people found it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, case, func, select

from worker.database.models import DocumentRow, PageRow, ReadingRow
from worker.database.results import CURRENT
from worker.types import FieldStatus, ReadWith

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

_ROWS_A_FETCH = 1000  # so that a million readings stream through a few MiB
_NEVER_UNSEEN = (FieldStatus.MISPLACED, FieldStatus.STRUCK_OUT)  # whatever the confidence
_WRITTEN = (FieldStatus.READ, FieldStatus.LOW_CONFIDENCE, *_NEVER_UNSEEN)  # by the machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One current reading of a field that is not blank; it holds no text."""

    template_id: str
    field_name: str
    confidence: float  # the machine's, [0, 1]
    may_pass: bool  # it has a text and is in its place: confidence alone decides about it
    right: bool | None  # None where nobody has looked


def made_with(session: Session, batch: str | None) -> list[tuple[ReadWith, int]]:
    """List what made the current readings and how many of each people looked at: the last first.

    Args:
        session: an open session.
        batch: only of this batch; None is all of them.
    """
    used = (CURRENT.c.model, DocumentRow.decoder_version)
    query = _with_documents(select(*used, func.count(CURRENT.c.corrected_at))).group_by(*used)
    found = session.execute(_of(query, batch).order_by(func.max(CURRENT.c.read_at).desc()))
    return [
        (ReadWith(model_id=model_id, decoder_version=decoder_version), count)
        for model_id, decoder_version, count in found
    ]


def last_made_with(session: Session) -> ReadWith | None:
    """Say what made the newest of the current readings; None where there are none."""
    newest = select(ReadingRow.id).order_by(ReadingRow.read_at.desc(), ReadingRow.id.desc())
    size, done = 64, 0
    while ids := session.scalars(newest.offset(done).limit(size)).all():
        query = _with_documents(select(CURRENT.c.model, DocumentRow.decoder_version))
        some = query.where(CURRENT.c.reading_id.in_(ids), ReadingRow.id.in_(ids))
        found = session.execute(some.order_by(ReadingRow.read_at.desc()).limit(1)).one_or_none()
        if found is not None:
            return ReadWith(model_id=found.model, decoder_version=found.decoder_version)
        size, done = 4 * size, done + size  # scans that were read anew: get past them sooner
    return None


def find_audits(session: Session, batch: str | None, used: ReadWith) -> Iterator[Audit]:
    """Give the current readings made with one model and decoder, in no order, as they come.

    A reading is right where the latest correction's text equals the machine's text as it
    stands, letter case and accents included. One that a person called unreadable is not right:
    nobody can vouch for it.
    """
    is_right = case(
        (CURRENT.c.corrected_at.is_(None), None),
        (
            and_(
                CURRENT.c.text == ReadingRow.text, CURRENT.c.status != FieldStatus.UNREADABLE.value
            ),
            1,
        ),
        else_=0,
    )
    may_pass = and_(ReadingRow.status.not_in(_NEVER_UNSEEN), ReadingRow.text != "")
    columns = (
        CURRENT.c.template,
        CURRENT.c.field,
        ReadingRow.confidence,
        case((may_pass, 1), else_=0),
        is_right,
    )
    query = _with_documents(select(*columns)).where(
        CURRENT.c.model == used.model_id,
        DocumentRow.decoder_version == used.decoder_version,
        ReadingRow.status.in_(_WRITTEN),
    )
    found = session.execute(_of(query, batch), execution_options={"yield_per": _ROWS_A_FETCH})
    return (
        Audit(
            template_id=template_id,
            field_name=name,
            confidence=confidence,
            may_pass=bool(may_pass),
            right=None if right is None else bool(right),
        )
        for template_id, name, confidence, may_pass, right in found
    )


def _with_documents(query: Select[Any]) -> Select[Any]:
    """Join the readings behind the view, and the documents they are of."""
    return (
        query.join(ReadingRow, ReadingRow.id == CURRENT.c.reading_id)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
    )


def _of(query: Select[Any], batch: str | None) -> Select[Any]:
    return query if batch is None else query.where(CURRENT.c.batch == batch)
