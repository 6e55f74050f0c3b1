"""A page of results at a time, filtered and sorted, however many there are.

Pages are found by where the last one ended, never by counting rows past (keyset paging), so that
the thousandth page costs what the first does. A cursor names the last result and no text, since
cursors stand in URLs, and URLs in logs.

What stands in a field is the machine's text or a person's. One index cannot serve both, so each
is asked for by itself and the two answers are merged: few rows of each are ever looked at. What
the answer holds comes from ``current_readings``, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select, text, tuple_, union_all
from sqlalchemy.orm import aliased

from worker.database.dialects import folded, is_postgresql
from worker.database.likeness import is_like, likeness, prepare_likeness
from worker.database.models import BatchRow, CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.results import CURRENT, ResultRow, like_pattern
from worker.errors import BadQueryError
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Select, SQLColumnExpression
    from sqlalchemy.orm import Session

    from worker.database.results import ResultFilter

_SHOWN = (DocumentStatus.DONE, DocumentStatus.NEEDS_REVIEW)
_LaterDocument = aliased(DocumentRow)
_LaterCorrection = aliased(CorrectionRow)


class ResultSort(StrEnum):
    """In which order results come."""

    NEWEST = "newest"  # the document that was read last comes first
    PLACE = "place"  # document, page, field; of one batch
    LEAST_SURE = "confidence"
    SUREST = "-confidence"
    NAME = "name"
    LIKENESS = "likeness"  # the nearest to ``similar_to`` first


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """Some results, and where the next ones start."""

    rows: tuple[ResultRow, ...]
    cursor: str | None  # None at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """One of the values that results are sorted by, the first first."""

    value: SQLColumnExpression[Any]
    falling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What stands in a field by one account: the machine's, a person's, or whichever counts."""

    text: SQLColumnExpression[str]
    status: SQLColumnExpression[Any]
    query: Select[Any]  # of readings, and of corrections where a person's account is asked for


def find_page(
    session: Session,
    wanted: ResultFilter,
    *,
    sort: ResultSort,
    limit: int,
    cursor: str | None = None,
) -> ResultPage:
    """Give the next results after a cursor.

    Args:
        session: an open session.
        wanted: which results.
        sort: their order; must be the one that the cursor came from.
        limit: how many at most, from 1.
        cursor: of the page before; None starts at the beginning.

    Raises:
        BadQueryError: the cursor is none, what it stands on is gone, or the sort does not go
            with the filter.
        LikenessUnavailableError: PostgreSQL has no pg_trgm, by which names are likened.
    """
    _check(wanted, sort)
    if is_postgresql(session):
        session.execute(text("SET LOCAL jit = off"))  # takes longer to start than a page to find
    if wanted.similar_to is not None:
        prepare_likeness(session)
    batch_id = _batch_id(session, wanted.batch)
    if wanted.batch is not None and batch_id is None:
        return ResultPage(rows=(), cursor=None)
    last = None if cursor is None else _last(session, cursor, wanted, sort)
    arms = [
        _arm(said, wanted, sort, batch_id, last).limit(limit + 1)
        for said in _accounts(wanted, sort)
    ]
    falling = [key.falling for key in _keys(ReadingRow.text, wanted, sort)]
    ids = [row.reading_id for row in session.execute(_merged(arms, falling, limit + 1))]
    rows = _rows(session, ids[:limit])
    return ResultPage(rows=rows, cursor=ids[limit - 1].hex if len(ids) > limit else None)


def _check(wanted: ResultFilter, sort: ResultSort) -> None:
    if sort is ResultSort.PLACE and wanted.batch is None:
        raise BadQueryError("sorting by place is for one batch; name it, or sort by newest")
    if sort is ResultSort.LIKENESS and wanted.similar_to is None:
        raise BadQueryError("sorting by likeness wants a name that results shall be like")


def _batch_id(session: Session, name: str | None) -> UUID | None:
    return session.scalar(select(BatchRow.id).where(BatchRow.name == name))


def _accounts(wanted: ResultFilter, sort: ResultSort) -> Iterator[_Said]:
    """Give the accounts in which the results stand, so that each can use its own indexes."""
    reading = select().select_from(ReadingRow)
    of_reading = CorrectionRow.reading_id == ReadingRow.id
    by_machine = _Said(text=ReadingRow.text, status=ReadingRow.status, query=reading)
    by_value = (wanted.status, wanted.name_glob, wanted.similar_to) != (None, None, None)
    if wanted.corrected is None and not by_value and sort is not ResultSort.NAME:
        yield by_machine  # nothing asked for depends on who said it
        return
    if not wanted.corrected:
        yield replace(by_machine, query=reading.where(~exists().where(of_reading)))
    if wanted.corrected is not False:
        later = exists().where(
            _LaterCorrection.reading_id == ReadingRow.id, _LaterCorrection.id > CorrectionRow.id
        )
        query = reading.join(CorrectionRow, of_reading).where(~later)
        yield _Said(text=CorrectionRow.text, status=CorrectionRow.status, query=query)


def _arm(
    said: _Said,
    wanted: ResultFilter,
    sort: ResultSort,
    batch_id: UUID | None,
    last: Sequence[Any] | None,
) -> Select[Any]:
    """Select the results of one account, in order, from where the last page ended."""
    keys = _keys(said.text, wanted, sort)
    named: list[Any] = [key.value.label(f"key_{i}") for i, key in enumerate(keys)]
    query = _shown(said.query).add_columns(ReadingRow.id.label("reading_id"), *named)
    query = query.where(*_conditions(said, wanted, batch_id))
    if last is not None:
        query = query.where(*_after(keys, last))
    return query.order_by(*(key.value.desc() if key.falling else key.value for key in keys))


def _shown(query: Select[Any]) -> Select[Any]:
    """Keep what ``current_readings`` keeps: documents that were read, as they were read last."""
    later, document = _LaterDocument, DocumentRow
    read_later = exists().where(
        later.batch_id == document.batch_id,
        later.sha256 == document.sha256,
        later.status.in_(_SHOWN),
        tuple_(later.finished_at, later.id) > tuple_(document.finished_at, document.id),
    )
    return (
        query.join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(document, document.id == PageRow.document_id)
        .where(document.status.in_(_SHOWN), ~read_later)
    )


def _keys(
    said: SQLColumnExpression[str], wanted: ResultFilter, sort: ResultSort
) -> tuple[_Key, ...]:
    """Say what decides the order; together the keys tell any two results apart."""
    in_document = (_Key(value=PageRow.page_index), _Key(value=ReadingRow.field_name))
    known = _Key(value=ReadingRow.id)
    document = DocumentRow
    match sort:
        case ResultSort.NEWEST:
            latest = _Key(value=document.finished_at, falling=True)
            return latest, _Key(value=document.id, falling=True), *in_document
        case ResultSort.PLACE:
            return _Key(value=document.uri), _Key(value=document.id), *in_document
        case ResultSort.LEAST_SURE:
            return _Key(value=ReadingRow.confidence), known
        case ResultSort.SUREST:
            return _Key(value=ReadingRow.confidence, falling=True), replace(known, falling=True)
        case ResultSort.NAME:
            return _Key(value=folded(said)), known
        case ResultSort.LIKENESS:
            near = _Key(value=likeness(said, wanted.similar_to or ""), falling=True)
            return near, replace(known, falling=True)


def _conditions(
    said: _Said, wanted: ResultFilter, batch_id: UUID | None
) -> Iterator[ColumnElement[bool]]:
    if batch_id is not None:
        yield DocumentRow.batch_id == batch_id
    if wanted.field is not None:
        yield ReadingRow.field_name == wanted.field
    if wanted.below is not None:
        yield ReadingRow.confidence < wanted.below
    if wanted.rewritten is not None:
        same = ReadingRow.text == ReadingRow.raw_text
        yield ReadingRow.text != ReadingRow.raw_text if wanted.rewritten else same
    if wanted.status is not None:
        yield said.status == wanted.status
    if wanted.name_glob is not None:
        yield folded(said.text).like(like_pattern(wanted.name_glob), escape="\\")
    if wanted.similar_to is not None:
        yield is_like(said.text, wanted.similar_to)


def _after(keys: Sequence[_Key], last: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """Say that a result comes after the last one, and by its first key where an index starts."""
    first, bound = keys[0], last[0]
    yield first.value <= bound if first.falling else first.value >= bound
    same: list[ColumnElement[bool]] = []
    choices = []
    pairs = zip(keys, last, strict=True)
    for falling, run in groupby(pairs, key=lambda pair: pair[0].falling):
        values, bounds = zip(*((key.value, bound) for key, bound in run), strict=True)
        here = tuple_(*values)
        beyond = here < tuple_(*bounds) if falling else here > tuple_(*bounds)
        choices.append(and_(*same, beyond))
        same.append(here == tuple_(*bounds))
    yield or_(*choices)


def _last(session: Session, cursor: str, wanted: ResultFilter, sort: ResultSort) -> Sequence[Any]:
    """Look up by what the last result of the page before was sorted."""
    gone = BadQueryError("the cursor leads nowhere (any more); start again without one")
    try:
        reading_id = UUID(hex=cursor)
    except ValueError:
        raise gone from None
    latest = (
        select(CorrectionRow.text)
        .where(CorrectionRow.reading_id == ReadingRow.id)
        .order_by(CorrectionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    said = func.coalesce(latest, ReadingRow.text)
    row = session.execute(
        select(*(key.value for key in _keys(said, wanted, sort)))
        .select_from(ReadingRow)
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(ReadingRow.id == reading_id, DocumentRow.finished_at.is_not(None))
    ).one_or_none()
    if row is None:
        raise gone
    return tuple(row)


def _merged(arms: Sequence[Select[Any]], falling: Sequence[bool], limit: int) -> Select[Any]:
    """Merge the answers of the accounts, each of which is in order."""
    if len(arms) == 1:
        return arms[0]
    both = union_all(*(select(arm.subquery()) for arm in arms)).subquery()
    keys = zip(list(both.c)[1:], falling, strict=True)
    return select(both).order_by(*(key.desc() if down else key for key, down in keys)).limit(limit)


def _rows(session: Session, ids: Sequence[UUID]) -> tuple[ResultRow, ...]:
    """Fetch the results of a page as the view has them, in the order of their ids."""
    found = session.execute(select(CURRENT).where(CURRENT.c.reading_id.in_(ids))).mappings()
    rows = {row["reading_id"]: ResultRow(**row) for row in found}
    return tuple(rows[reading_id] for reading_id in ids if reading_id in rows)
