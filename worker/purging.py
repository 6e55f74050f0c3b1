"""Retention: remove crops, uploaded scans and names of documents that are old enough.

What lies in the store goes first, then the rows, some documents at a time: a purge that was
stopped leaves nothing that the next one does not find. Uploads that became no document, and forms
that never became a template, go by the day they came. Scans outside the store belong to whoever
put them there and are left.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from worker.database.purges import (
    PurgeCounts,
    begin_purge,
    count_expired,
    count_objects,
    end_purge,
    next_expired,
    purge_documents,
)
from worker.database.session import looking, transaction
from worker.database.submissions import without_document
from worker.errors import ConfigError
from worker.storage.keys import DRAFTS, UPLOADS, crop_folder, draft_begun_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from worker.database.purges import Expired, ExpiredDocument
    from worker.database.session import Sessions
    from worker.storage.base import ObjectStore

_AGE = re.compile(r"([1-9][0-9]{0,4})([dw])")
_UNITS = {"d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_DOCUMENTS_A_STEP = 100  # one transaction, short enough not to hold up who reads
_UPLOADS_A_STEP = 1000
_DELETES_AT_ONCE = 8  # S3 answers each in some ten milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What to purge, where."""

    expired: Expired
    sessions: Sessions
    store: ObjectStore
    asked_by: str
    audit_share: float  # [0, 1], of the values that passed: the audit goes on counting them


def parse_age(said: str) -> timedelta:
    """Read an age such as ``90d`` or ``12w``.

    Raises:
        ConfigError: it is none, or under a day.
    """
    found = _AGE.fullmatch(said.strip())
    if found is None:
        raise ConfigError(f"{said!r} is no age; say days or weeks, from 1: 90d, 12w")
    return int(found[1]) * _UNITS[found[2]]


def plan_purge(purge: Purge) -> PurgeCounts:
    """Count what a purge would remove from the database; nothing changes."""
    with transaction(purge.sessions) as session:
        return count_expired(session, purge.expired)


def run_purge(purge: Purge, *, on_progress: Callable[[PurgeCounts], None]) -> PurgeCounts:
    """Remove what is old enough; run again after it was stopped, it goes on.

    Args:
        purge: what and where.
        on_progress: called with what was removed so far.

    Raises:
        StorageUnavailableError: the store does not answer; what was removed stays so.
        DatabaseUnavailableError: the same of the database.
    """
    done = PurgeCounts()
    with transaction(purge.sessions) as session:
        purge_id = begin_purge(session, purge.expired, asked_by=purge.asked_by)
    with ThreadPoolExecutor(_DELETES_AT_ONCE, thread_name_prefix="purge") as threads:
        while documents := _next(purge):
            objects = sum(threads.map(partial(_delete_objects, purge.store), documents))
            with transaction(purge.sessions) as session:
                ids = [document.id for document in documents]
                step = purge_documents(
                    session,
                    purge_id,
                    purge.expired,
                    ids,
                    objects=objects,
                    audit_share=purge.audit_share,
                )
            done = _sum(done, step)
            on_progress(done)
    unnamed = 0 if purge.expired.batch else _drop_old_uploads(purge) + _drop_old_drafts(purge)
    done = _sum(done, PurgeCounts(objects=unnamed))
    with transaction(purge.sessions) as session:
        count_objects(session, purge_id, unnamed)
        end_purge(session, purge_id)
    return done


def drop_unnamed(sessions: Sessions, store: ObjectStore, uris: Collection[str]) -> int:
    """Remove what lies in the store and belongs to no document; say how much that was.

    Raises:
        StorageUnavailableError: the store does not answer.
        DatabaseUnavailableError: nor does the database: a later purge removes them.
    """
    with looking(sessions) as session:
        unnamed = without_document(session, uris)
    for uri in unnamed:
        store.delete(uri.removeprefix(_root(store)))
    return len(unnamed)


def _drop_old_uploads(purge: Purge) -> int:
    """Remove uploads of the days before that became no document, as after a crash."""
    folder = _root(purge.store) + UPLOADS
    last = f"{folder}{purge.expired.before:%Y-%m-%d}"  # keys begin with the day they came
    uris = (source.uri for source in purge.store.list(UPLOADS))
    old = (uri for uri in uris if uri < last)
    dropped = 0
    while some := list(islice(old, _UPLOADS_A_STEP)):
        dropped += drop_unnamed(purge.sessions, purge.store, some)
    return dropped


def _drop_old_drafts(purge: Purge) -> int:
    """Remove forms that were uploaded before to draw a template on, and never saved as one.

    What does not tell when it was begun is of a version before this rule: it goes as well.
    """
    root = _root(purge.store)
    keys = (source.uri.removeprefix(root) for source in purge.store.list(DRAFTS))
    old = [key for key in keys if (draft_begun_at(key) or _LONG_AGO) < purge.expired.before]
    for key in old:
        purge.store.delete(key)
    return len(old)


def _root(store: ObjectStore) -> str:
    return store.uri("root").removesuffix("root")


def _next(purge: Purge) -> list[ExpiredDocument]:
    with transaction(purge.sessions) as session:
        return next_expired(session, purge.expired, limit=_DOCUMENTS_A_STEP)


def _delete_objects(store: ObjectStore, document: ExpiredDocument) -> int:
    """Remove a document's crops, of every attempt, and its scan if that was uploaded."""
    root = _root(store)
    keys = [source.uri.removeprefix(root) for source in store.list(crop_folder(document.id))]
    if document.uri.startswith(root + UPLOADS):
        keys.append(document.uri.removeprefix(root))
    for key in keys:
        store.delete(key)
    return len(keys)


def _sum(one: PurgeCounts, other: PurgeCounts) -> PurgeCounts:
    names = (field.name for field in fields(PurgeCounts))
    return PurgeCounts(**{name: getattr(one, name) + getattr(other, name) for name in names})
