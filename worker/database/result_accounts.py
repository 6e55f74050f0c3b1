"""How results stand in the tables: by whose account, in which order, and after which one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from worker.database.dialects import folded
from worker.database.likeness import likeness
from worker.database.models import CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.results import like_pattern
from worker.types import DocumentStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Select, SQLColumnExpression

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
class Key:
    """One of the values that results are sorted by, the first first."""

    value: SQLColumnExpression[Any]
    falling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What stands in a field by one account: the machine's, a person's, or whichever counts."""

    text: SQLColumnExpression[str]
    status: SQLColumnExpression[Any]
    said_id: SQLColumnExpression[Any]  # in order of time; of use where people said something
    query: Select[Any]  # of readings, and of corrections where a person's account is asked for
    by_person: bool = False


def accounts(wanted: ResultFilter, sort: ResultSort) -> Iterator[Account]:
    """Give the accounts in which the results stand, so that each can use its own indexes."""
    said, reading = CorrectionRow, select().select_from(ReadingRow)
    of_reading = said.reading_id == ReadingRow.id
    by_machine = Account(
        text=ReadingRow.text, status=ReadingRow.status, said_id=said.id, query=reading
    )
    by_value = (wanted.status, wanted.name_glob, wanted.similar_to) != (None, None, None)
    if wanted.corrected is None and not by_value and sort is not ResultSort.NAME:
        yield by_machine  # nothing asked for depends on who said it
        return
    if not wanted.corrected:
        yield replace(by_machine, query=reading.where(~exists().where(of_reading)))
    if wanted.corrected is not False:
        later = _LaterCorrection
        not_the_last = exists().where(later.reading_id == ReadingRow.id, later.id > said.id)
        query = reading.join(said, of_reading).where(~not_the_last)
        yield Account(
            text=said.text, status=said.status, said_id=said.id, query=query, by_person=True
        )


def latest_account() -> Account:
    """Give what counts, of readings that are known: a person's last word, else the machine's."""

    def last_said(column: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
        return (
            select(column)
            .where(CorrectionRow.reading_id == ReadingRow.id)
            .order_by(CorrectionRow.id.desc())
            .limit(1)
            .scalar_subquery()
        )

    return Account(
        text=func.coalesce(last_said(CorrectionRow.text), ReadingRow.text),
        status=ReadingRow.status,
        said_id=last_said(CorrectionRow.id),
        query=select().select_from(ReadingRow),
    )


def shown(query: Select[Any]) -> Select[Any]:
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


def sort_keys(account: Account, wanted: ResultFilter, sort: ResultSort) -> tuple[Key, ...]:
    """Say what decides the order; together the keys tell any two results apart."""
    if sort is ResultSort.NEWEST:
        return _newest(account, wanted)
    document, known = DocumentRow, Key(value=ReadingRow.id)
    last_known = replace(known, falling=True)
    surest = Key(value=ReadingRow.confidence, falling=True)
    near = Key(value=likeness(account.text, wanted.similar_to or ""), falling=True)
    return {
        ResultSort.PLACE: (Key(value=document.uri), Key(value=document.id), *_in_document()),
        ResultSort.LEAST_SURE: (replace(surest, falling=False), known),
        ResultSort.SUREST: (surest, last_known),
        ResultSort.NAME: (Key(value=folded(account.text)), known),
        ResultSort.LIKENESS: (near, last_known),
    }[sort]


def _newest(account: Account, wanted: ResultFilter) -> tuple[Key, ...]:
    """Order by time, by what has an index: what was said, the documents of a batch, or readings."""
    if wanted.corrected:
        return (Key(value=account.said_id, falling=True),)
    if wanted.batch is None:
        read_at = Key(value=ReadingRow.read_at, falling=True)
        return read_at, Key(value=ReadingRow.id, falling=True)
    finished_at = Key(value=DocumentRow.finished_at, falling=True)
    return finished_at, Key(value=DocumentRow.id, falling=True), *_in_document()


def _in_document() -> tuple[Key, Key]:
    return Key(value=PageRow.page_index), Key(value=ReadingRow.field_name)


def reading_conditions(account: Account, wanted: ResultFilter) -> Iterator[ColumnElement[bool]]:
    """Give what a result must meet, each over one table and with an index of its own."""
    if wanted.field is not None:
        yield ReadingRow.field_name == wanted.field
    if wanted.below is not None:
        yield ReadingRow.confidence < wanted.below
    if wanted.rewritten is not None:
        same = ReadingRow.text == ReadingRow.raw_text
        yield ReadingRow.text != ReadingRow.raw_text if wanted.rewritten else same
    if wanted.status is not None:
        yield account.status == wanted.status
    if wanted.name_glob is not None:
        pattern = like_pattern(wanted.name_glob)
        # What a name begins with is found by the index that sorts, what it holds by triples.
        begins = not pattern.startswith(("%", "_"))
        lowered = folded(account.text) if begins else func.lower(account.text)
        yield lowered.like(pattern, escape="\\")


def after(keys: Sequence[Key], last: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
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
