"""Fetch documents ahead of their turn, and take up those that were not read yet.

Bytes are fetched by a few threads, so that a slow store does not keep the cores waiting, and
no further ahead than memory allows. A document's attempt is counted in the database before
any work on it starts.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from worker.database.documents import batch_of, fail_unregistered, register_document
from worker.database.session import transaction
from worker.errors import PermanentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor

    from worker.database.documents import DocumentClaim
    from worker.database.session import Session
    from worker.local.run import Run
    from worker.types import Source

_AHEAD = 32  # documents fetched before their turn
_AHEAD_BYTES = 256 * 1024 * 1024  # and their bytes; one document is always let through
_A_TRANSACTION = 8  # documents registered together; the first of them wait for the last


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenUp:
    """One document to be read, its attempt counted."""

    source: Source
    sha256: str
    data: bytes = field(repr=False)
    claim: DocumentClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetched:
    """One document's bytes, or why they cannot be had."""

    source: Source
    data: bytes = field(default=b"", repr=False)
    sha256: str = ""
    error: PermanentError | None = None


def take_up(sources: Iterable[Source], run: Run, threads: ThreadPoolExecutor) -> Iterator[TakenUp]:
    """Give each document that is still to be read, and count those that are not.

    Raises:
        TransientError: a store or the database is away; nothing is lost.
    """
    fetched = _fetch_ahead(sources, run.fetch, threads)
    while chunk := list(islice(fetched, _A_TRANSACTION)):
        with transaction(run.sessions) as session:
            registered = [_register(document, run, session) for document in chunk]
        run.on_progress(run.tally)
        yield from filter(None, registered)


def _register(document: _Fetched, run: Run, session: Session) -> TakenUp | None:
    """Count the attempt; None when there is nothing to read, or it was read before."""
    source = document.source
    if document.error is not None:
        fail_unregistered(
            session,
            batch_id=run.batch_id,
            source=source,
            identity=run.identity,
            error=document.error,
        )
        run.tally.add_failure(source, document.error.code, str(document.error))
        return None
    claim = None
    if document.sha256 not in run.in_hand:  # else the same bytes came under another name
        claim = register_document(
            session,
            batch_id=run.batch_id,
            source=source,
            sha256=document.sha256,
            size_bytes=len(document.data),
            identity=run.identity,
        )
    if claim is None:
        run.tally.add_known(batch_of(session, sha256=document.sha256, identity=run.identity))
        return None
    run.in_hand.add(document.sha256)
    return TakenUp(source=source, sha256=document.sha256, data=document.data, claim=claim)


def _fetch_ahead(
    sources: Iterable[Source], fetch: Callable[[Source], bytes], threads: ThreadPoolExecutor
) -> Iterator[_Fetched]:
    """Fetch in the order of the sources, a bounded way ahead of whoever asks."""
    on_the_way: deque[tuple[Source, Future[_Fetched]]] = deque()
    ahead_bytes = 0
    for source in sources:
        on_the_way.append((source, threads.submit(_fetch, source, fetch)))
        ahead_bytes += source.size_bytes
        while len(on_the_way) > _AHEAD or (ahead_bytes > _AHEAD_BYTES and len(on_the_way) > 1):
            first, coming = on_the_way.popleft()
            ahead_bytes -= first.size_bytes
            yield coming.result()
    for _, coming in on_the_way:
        yield coming.result()


def _fetch(source: Source, fetch: Callable[[Source], bytes]) -> _Fetched:
    try:
        data = fetch(source)
    except PermanentError as error:
        return _Fetched(source=source, error=error)
    return _Fetched(source=source, data=data, sha256=hashlib.sha256(data).hexdigest())
