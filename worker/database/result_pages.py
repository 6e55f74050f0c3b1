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
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, literal, select

from worker.database.dialects import is_postgresql
from worker.database.likeness import is_like, prepare_likeness
from worker.database.models import BatchRow, CorrectionRow, DocumentRow, PageRow, ReadingRow
from worker.database.result_accounts import (
    ResultSort,
    accounts,
    after,
    latest_account,
    reading_conditions,
    shown,
    sort_keys,
)
from worker.database.results import CURRENT, ResultRow, like_pattern
from worker.query_errors import BadQueryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from worker.database.result_accounts import Account
    from worker.database.results import ResultFilter

__all__ = ["ResultPage", "ResultSort", "find_page"]

# Up to so many matches are all fetched and sorted. Of more, the wanted order is walked until
# enough match: with fewer it could take for ever, as the planner finds out too late.
_FEW = 3000
_FEW_DOCUMENTS = 3000
# PostgreSQL's settings while a page is found. Some thousand rows are looked at, each by an index;
# any other plan is one for all rows, and compiling or starting helpers takes longer than the page.
_ALONE = {"jit": "off", "max_parallel_workers_per_gather": "0"}
_PLAN = {
    **_ALONE,
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultPage:
    """Some results, and where the next ones start."""

    rows: tuple[ResultRow, ...]
    cursor: str | None  # None at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """What is asked for, with what was looked up for it."""

    wanted: ResultFilter
    sort: ResultSort
    batch_id: UUID | None
    last: Sequence[Any] | None  # by what the last result of the page before was sorted
    limit: int


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
    if wanted.similar_to is not None:
        prepare_likeness(session)
    batch_id = session.scalar(select(BatchRow.id).where(BatchRow.name == wanted.batch))
    if wanted.batch is not None and batch_id is None:
        return ResultPage(rows=(), cursor=None)
    search = _Search(
        wanted=wanted,
        sort=sort,
        batch_id=batch_id,
        last=None if cursor is None else _last(session, cursor, wanted, sort),
        limit=limit + 1,
    )
    found = [_ids(session, account, search) for account in _accounts(session, search)]
    ids = found[0] if len(found) == 1 else _merged(session, list(chain(*found)), search)
    rows = _rows(session, ids[:limit])
    return ResultPage(rows=rows, cursor=ids[limit - 1].hex if len(ids) > limit else None)


def _check(wanted: ResultFilter, sort: ResultSort) -> None:
    if sort is ResultSort.PLACE and wanted.batch is None:
        raise BadQueryError("sorting by place is for one batch; name it, or sort by newest")
    if sort is ResultSort.LIKENESS and wanted.similar_to is None:
        raise BadQueryError("sorting by likeness wants a name that results shall be like")


def _accounts(session: Session, search: _Search) -> list[Account]:
    """Say in which accounts to look; a small batch is gone through once for all of them."""
    found = list(accounts(search.wanted, search.sort))
    wanted = search.wanted
    by_account = (wanted.status, wanted.name_glob, wanted.similar_to, wanted.corrected)
    if len(found) > 1 and by_account == (None,) * 4 and _is_small_batch(session, search):
        return [latest_account()]
    return found


def _ids(session: Session, account: Account, search: _Search) -> list[UUID]:
    """Name the results of one account, in order, from where the last page ended."""
    keys = sort_keys(account, search.wanted, search.sort)
    named: list[Any] = [key.value.label(f"key_{i}") for i, key in enumerate(keys)]
    query = shown(account.query).add_columns(ReadingRow.id.label("reading_id"), *named)
    query = query.where(*reading_conditions(account, search.wanted))
    if search.batch_id is not None:
        query = query.where(DocumentRow.batch_id == search.batch_id)
    if search.wanted.similar_to is not None:
        query = query.where(is_like(account.text, search.wanted.similar_to))
    few = _is_few(session, account, search)
    if few:
        fenced = query.offset(0).subquery()  # behind which no order can be walked
        columns = zip(list(fenced.c)[1:], keys, strict=True)
        keys = tuple(replace(key, value=column) for column, key in columns)  # worked out once
        query = select(fenced)
    if search.last is not None:
        query = query.where(*after(keys, search.last))
    order: list[Any] = [key.value.desc() if key.falling else key.value for key in keys]
    _plan(session, {**_PLAN, "enable_sort": "on" if few else "off"})
    found = session.execute(query.order_by(*order).limit(search.limit))
    return [row.reading_id for row in found]


def _plan(session: Session, settings: Mapping[str, str]) -> None:
    """Set PostgreSQL's planner for the rest of the transaction."""
    if is_postgresql(session):
        on = (func.set_config(name, value, True) for name, value in settings.items())
        session.execute(select(*on))


def _is_few(session: Session, account: Account, search: _Search) -> bool:
    """Tell whether some condition by itself leaves few results, by counting no further."""
    if search.wanted.similar_to is not None:
        return True
    # How names begin is read off their index no further than counted; a bitmap is of them all.
    begins = not like_pattern(search.wanted.name_glob or "%").startswith(("%", "_"))
    _plan(session, {**_ALONE, "enable_bitmapscan": "off" if begins else "on"})
    conditions = list(reading_conditions(account, search.wanted))
    if account.by_person:
        conditions.append(CorrectionRow.id.is_not(None))
    if any(_count(session, condition, _FEW) < _FEW for condition in conditions):
        return True
    by_place = search.sort in {ResultSort.PLACE, ResultSort.NEWEST}  # documents have that order
    return not by_place and _is_small_batch(session, search)


def _is_small_batch(session: Session, search: _Search) -> bool:
    of_batch = DocumentRow.batch_id == search.batch_id
    return (
        search.batch_id is not None and _count(session, of_batch, _FEW_DOCUMENTS) < _FEW_DOCUMENTS
    )


def _count(session: Session, condition: ColumnElement[bool], limit: int) -> int:
    found = select(literal(1)).where(condition).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _last(session: Session, cursor: str, wanted: ResultFilter, sort: ResultSort) -> Sequence[Any]:
    """Look up by what the last result of the page before was sorted."""
    gone = BadQueryError("the cursor leads nowhere (any more); start again without one")
    try:
        reading_id = UUID(hex=cursor)
    except ValueError:
        raise gone from None
    account = latest_account()
    row = session.execute(
        account.query.add_columns(*(key.value for key in sort_keys(account, wanted, sort)))
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .where(ReadingRow.id == reading_id, DocumentRow.finished_at.is_not(None))
    ).one_or_none()
    if row is None or None in row:
        raise gone
    return tuple(row)


def _merged(session: Session, ids: Sequence[UUID], search: _Search) -> list[UUID]:
    """Put the first results of each account into one order, and keep the first of them."""
    keys = sort_keys(latest_account(), search.wanted, search.sort)
    query = shown(latest_account().query).add_columns(ReadingRow.id)
    order = (key.value.desc() if key.falling else key.value for key in keys)
    found = session.scalars(
        query.where(ReadingRow.id.in_(ids)).order_by(*order).limit(search.limit)
    )
    return list(found)


def _rows(session: Session, ids: Sequence[UUID]) -> tuple[ResultRow, ...]:
    """Fetch the results of a page as the view has them, in the order of their ids."""
    found = session.execute(select(CURRENT).where(CURRENT.c.reading_id.in_(ids))).mappings()
    rows = {row["reading_id"]: ResultRow(**row) for row in found}
    return tuple(rows[reading_id] for reading_id in ids if reading_id in rows)
