"""Results: what stands in each field now, as the view ``current_readings`` says it."""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Integer, String, Uuid, column, select, table

from worker.database.columns import UtcDateTime
from worker.database.dialects import folded
from worker.database.likeness import is_like, prepare_likeness
from worker.database.models import CorrectionRow, ReadingRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.orm import Session

_ROWS_A_FETCH = 1000  # so that a million results stream through a few MiB

CURRENT = table(
    "current_readings",
    column("reading_id", Uuid()),
    column("batch", String()),
    column("document", String()),
    column("page", Integer()),
    column("field", String()),
    column("text", String()),
    column("raw_text", String()),
    column("confidence"),
    column("status", String()),
    column("corrected_by", String()),
    column("corrected_at", UtcDateTime()),
    column("model", String()),
    column("template", String()),
    column("template_version", String()),
    column("read_at", UtcDateTime()),
    column("rewritten", Boolean()),
    column("label", String()),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ResultFilter:
    """Which results to find; None asks for all."""

    batch: str | None = None
    field: str | None = None
    below: float | None = None  # confidence, [0, 1]
    rewritten: bool | None = None  # whether names changed what the ink says
    name_glob: str | None = None  # * stands for any text, ? for one character
    similar_to: str | None = dataclasses.field(default=None, repr=False)  # by triples of letters
    status: str | None = None  # as the view has it
    corrected: bool | None = None  # whether a person said something about it


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """One field, column for column as the view has it."""

    reading_id: UUID
    batch: str
    document: str  # URI
    page: int  # from 1
    field: str
    text: str = dataclasses.field(repr=False)
    raw_text: str = dataclasses.field(repr=False)
    confidence: float
    status: str
    corrected_by: str | None
    corrected_at: datetime | None
    model: str
    template: str
    template_version: str
    read_at: datetime
    rewritten: bool  # whether names made the machine read another text than the ink says
    label: str  # what is printed beside the field, where that is known, else ""


def find_results(session: Session, wanted: ResultFilter) -> Iterator[ResultRow]:
    """Give the results that are wanted, in the order of batch, document, page and field.

    The session must stay open while they are taken; they come from the database as they are
    asked for.

    Raises:
        LikenessUnavailableError: names shall be likened, and PostgreSQL has no pg_trgm.
    """
    if wanted.similar_to is not None:
        prepare_likeness(session)
    query = select(CURRENT).where(*_conditions(wanted))
    ordered = query.order_by(*(CURRENT.c[name] for name in ("batch", "document", "page", "field")))
    found = session.execute(ordered, execution_options={"yield_per": _ROWS_A_FETCH})
    return (ResultRow(**row) for row in found.mappings())


def _conditions(wanted: ResultFilter) -> Iterator[ColumnElement[bool]]:
    current = CURRENT.c
    if wanted.batch is not None:
        yield current.batch == wanted.batch
    if wanted.field is not None:
        yield current.field == wanted.field
    if wanted.below is not None:
        yield current.confidence < wanted.below
    if wanted.rewritten is not None:
        yield current.rewritten == wanted.rewritten
    if wanted.status is not None:
        yield current.status == wanted.status
    if wanted.corrected is not None:
        moment = current.corrected_at
        yield moment.is_not(None) if wanted.corrected else moment.is_(None)
    if wanted.similar_to is not None:
        yield is_like(current.text, wanted.similar_to)
    if wanted.name_glob is not None:
        pattern = like_pattern(wanted.name_glob)
        # An index finds how readings begin, and corrections are few: both are cheap to search,
        # where the view's own text, the one or the other, is not.
        yield current.reading_id.in_(
            select(ReadingRow.id)
            .where(_matches(ReadingRow.text, pattern))
            .union(select(CorrectionRow.reading_id).where(_matches(CorrectionRow.text, pattern)))
        )
        yield _matches(current.text, pattern)


def _matches(text: SQLColumnExpression[str], pattern: str) -> ColumnElement[bool]:
    return folded(text).like(pattern, escape="\\")


def like_pattern(glob: str) -> str:
    """Say a glob in SQL's terms: ``MC*`` to ``mc%``."""
    plain = unicodedata.normalize("NFC", glob).lower()
    for special in "\\%_":
        plain = plain.replace(special, "\\" + special)
    return plain.replace("*", "%").replace("?", "_")
