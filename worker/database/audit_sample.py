"""The audit sample in numbers: how much passes without a person, and how often that was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from worker.database.models import DocumentRow, PageRow, ReadingRow
from worker.database.results import CURRENT
from worker.database.review_queue import PASSED, in_audit
from worker.types import FieldStatus

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from worker.types import ReadWith


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCounts:
    """What became of one field of one form, in numbers."""

    template_id: str
    field_name: str
    readings: int
    passed: int  # without a person: read with confidence enough, or blank
    sampled: int  # of those, in the audit sample
    checked: int  # of those, by a person
    wrong: int  # of those


def count_fields(session: Session, used: ReadWith, *, share: float) -> list[FieldCounts]:
    """Count the current readings made with one model and decoder, by form and field.

    A reading that passed is wrong where the latest that a person said is another text, letter
    case and accents included, or that nobody can read it; a blank one where anything was found.
    """
    passed = ReadingRow.status.in_(PASSED)
    sampled = and_(passed, in_audit(share))
    checked = and_(sampled, CURRENT.c.corrected_at.is_not(None))
    wrong = and_(
        checked,
        or_(CURRENT.c.text != ReadingRow.text, CURRENT.c.status == FieldStatus.UNREADABLE.value),
    )
    query = (
        select(
            CURRENT.c.template,
            CURRENT.c.field,
            func.count(),
            *(_count(which) for which in (passed, sampled, checked, wrong)),
        )
        .join(ReadingRow, ReadingRow.id == CURRENT.c.reading_id)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(
            CURRENT.c.model == used.model_id, DocumentRow.decoder_version == used.decoder_version
        )
        .group_by(CURRENT.c.template, CURRENT.c.field)
        .order_by(CURRENT.c.template, CURRENT.c.field)
    )
    return [
        FieldCounts(
            template_id=template_id,
            field_name=field_name,
            readings=readings,
            passed=n_passed,
            sampled=n_sampled,
            checked=n_checked,
            wrong=n_wrong,
        )
        for template_id, field_name, readings, n_passed, n_sampled, n_checked, n_wrong in (
            session.execute(query)
        )
    ]


def _count(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((which, 1), else_=0))
