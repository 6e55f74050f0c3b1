"""The audit sample in numbers: how much passes without a person, and how often that was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, case, func, or_, select

from worker.database.dialects import insert_into
from worker.database.models import DocumentRow, PageRow, ReadingRow
from worker.database.purge_models import PurgedAuditRow
from worker.database.results import CURRENT
from worker.database.review_queue import PASSED, in_audit, share_of_some
from worker.types import FieldStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from worker.types import ReadWith

_COUNTED = 10_000  # readings: how many there are is then known within 1 %, what passes better
_NUMBERS = ("readings", "passed", "sampled", "checked", "wrong")
_OF_ALL, _OF_SAMPLE = 2, 3  # of these


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCounts:
    """What became of one field of one form, in numbers."""

    template_id: str
    field_name: str
    readings: int  # where there are many, about
    passed: int  # of these, about, without a person: read with confidence enough, or blank
    sampled: int  # of those, in the audit sample
    checked: int  # of those, by a person
    wrong: int  # of those


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted, and whether all readings were."""

    fields: list[FieldCounts]
    about: bool  # ``readings`` and ``passed`` were reckoned from a random part of them


def count_fields(session: Session, used: ReadWith, *, share: float) -> Counted:
    """Count the readings made with one model and decoder, by form and field.

    They are the current ones, and those that were purged, with the share that then held. The
    sample is counted one by one, for it measures the error. Of all readings, which may be
    millions, some ten thousand are, drawn by chance as the sample is.

    A reading that passed is wrong where the latest that a person said is another text, letter
    case and accents included, or that nobody can read it; a blank one where anything was found.
    """
    own = (
        CURRENT.c.model == used.model_id,
        DocumentRow.decoder_version == used.decoder_version,
    )
    part = max(share, share_of_some(session, _COUNTED))  # holds the sample
    kept = PurgedAuditRow
    purged = select(kept.template_id, kept.field_name, *(getattr(kept, name) for name in _NUMBERS))
    of_purged = (kept.model_id == used.model_id, kept.decoder_version == used.decoder_version)
    sums: dict[tuple[str, str], list[int]] = {}
    some = _counted(share).where(*own, in_audit(part), in_audit(part, CURRENT.c.reading_id))
    for query, weights in (
        (some, [1 / part] * _OF_ALL + [1.0] * _OF_SAMPLE),
        (purged.where(*of_purged), [1.0] * len(_NUMBERS)),
    ):
        for template_id, field_name, *counts in session.execute(query):
            sum_ = sums.setdefault((template_id, field_name), [0] * len(_NUMBERS))
            sum_[:] = (
                was + round(weight * count)
                for was, weight, count in zip(sum_, weights, counts, strict=True)
            )
    return Counted(
        fields=[
            FieldCounts(
                template_id=template_id,
                field_name=field_name,
                **dict(zip(_NUMBERS, counts, strict=True)),
            )
            for (template_id, field_name), counts in sorted(sums.items())
        ],
        about=part < 1,
    )


def keep_audits(session: Session, document_ids: Sequence[UUID], *, share: float) -> None:
    """Keep what the audit counted of documents that are about to be purged."""
    used = (
        CURRENT.c.model.label("model_id"),
        DocumentRow.decoder_version.label("decoder_version"),
    )
    query = _counted(share).add_columns(*used).group_by(*used)
    found = session.execute(query.where(DocumentRow.id.in_(document_ids))).mappings()
    rows = [dict(row) for row in found]
    if rows:
        new = insert_into(session, PurgedAuditRow)
        key = [column.name for column in PurgedAuditRow.__table__.primary_key]
        more = {name: getattr(PurgedAuditRow, name) + new.excluded[name] for name in _NUMBERS}
        session.execute(new.on_conflict_do_update(index_elements=key, set_=more), rows)


def _counted(share: float) -> Select[*tuple[Any, ...]]:
    passed = ReadingRow.status.in_(PASSED)
    sampled = and_(passed, in_audit(share))
    checked = and_(sampled, CURRENT.c.corrected_at.is_not(None))
    wrong = and_(
        checked,
        or_(CURRENT.c.text != ReadingRow.text, CURRENT.c.status == FieldStatus.UNREADABLE.value),
    )
    kinds = (CURRENT.c.template.label("template_id"), CURRENT.c.field.label("field_name"))
    return (
        select(
            *kinds,
            func.count().label("readings"),
            _count(passed).label("passed"),
            _count(sampled).label("sampled"),
            _count(checked).label("checked"),
            _count(wrong).label("wrong"),
        )
        .join(ReadingRow, ReadingRow.id == CURRENT.c.reading_id)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .group_by(*kinds)
    )


def _count(which: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.sum(case((which, 1), else_=0))
