"""Use cases around batches by the web: hand scans in, look how far they are, try again.

Scans come as uploads, which go into the object store under keys of our own, or from a place that
an admin has allowed. A file's name never becomes a key: it may be hostile, or hold a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

from worker.batch_names import fault_of_name
from worker.batches import batch_failures, batch_status, cancel_batch, retry_batch, submit
from worker.database.audit_log import Action, write_log
from worker.database.batches import find_batch
from worker.database.session import looking, transaction
from worker.database.throughput import document_source, finished_by_time
from worker.document_images import decode_pages
from worker.document_images.types import DecodedPage
from worker.errors import NoSuchResultError, NotAllowedError, WorkerError
from worker.page_views import whole_page_picture
from worker.purging import drop_unnamed
from worker.query_errors import UploadRefusedError
from worker.storage.keys import UPLOADS
from worker.storage.sources import SCAN_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date
    from uuid import UUID

    from worker.batches import Nudger, Submission, Submitted
    from worker.database.progress import BatchProgress, Failure
    from worker.database.session import Sessions
    from worker.database.throughput import Interval
    from worker.document_images import DecodeLimits
    from worker.storage.base import ObjectStore
    from worker.storage.sources import Sources
    from worker.types import Source

_MOST_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How scans get into the queue."""

    describe: Callable[[str, bool], Submission]  # batch, urgent -> what it is read with
    list_place: Callable[[str], Iterator[Source]]
    nudger: Nudger
    places: tuple[str, ...] = ()  # how the places begin that batches may be made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file that came by the web."""

    name: str  # as the browser has it; believed for its suffix only
    data: bytes


def hand_in_uploads(  # noqa: PLR0913, ports of a use case
    sessions: Sessions,
    store: ObjectStore,
    intake: Intake,
    *,
    batch: str,
    files: Sequence[Upload],
    today: date,
    by: str,
) -> Submitted:
    """Put uploaded scans into the store and let them wait for the workers.

    Raises:
        UploadRefusedError: the batch's name, or the files, cannot be.
        ConfigError: no template is there to read them with.
    """
    _check_name(batch)
    if not 0 < len(files) <= _MOST_FILES or not all(file.data for file in files):
        raise UploadRefusedError(f"send 1 to {_MOST_FILES} files, none of them empty")
    submission = intake.describe(batch, False)
    sources: list[Source] = []
    try:
        for file in files:
            sources.append(_put(store, file, today))  # noqa: PERF401, known as far as it came
        done = submit(sources, submission, sessions, intake.nudger)
    except WorkerError:
        drop_unnamed(sessions, store, [source.uri for source in sources])
        raise
    _log(sessions, by, Action.BATCH_SUBMITTED, batch)
    return done


def hand_in_place(  # noqa: PLR0913, what a batch is
    sessions: Sessions, intake: Intake, *, batch: str, place: str, urgent: bool, by: str
) -> Submitted:
    """Let the scans of a place wait for the workers.

    Raises:
        NotAllowedError: no admin has allowed the place.
        UploadRefusedError: the batch's name cannot be one.
        ObjectMissingError: nothing is there.
    """
    _check_name(batch)
    parts = PurePosixPath(place).parts
    if ".." in parts or not any(_lies_in(place, allowed) for allowed in intake.places):
        raise NotAllowedError(
            "batches may be made from no such place; PENNAME_WEB_PLACES lists them"
        )
    submission = intake.describe(batch, urgent)
    done = submit(intake.list_place(place), submission, sessions, intake.nudger)
    _log(sessions, by, Action.BATCH_SUBMITTED, batch)
    return done


def progress(sessions: Sessions, batch: str | None = None) -> list[BatchProgress]:
    """Tell how far batches are, the newest first.

    Raises:
        NoSuchResultError: there is no batch of that name.
    """
    with looking(sessions) as session:
        return batch_status(session, batch)


def failures(
    sessions: Sessions, batch: str, *, code: str | None, limit: int, offset: int = 0
) -> list[Failure]:
    """List documents of a batch that could not be read.

    Raises:
        NoSuchResultError: there is no batch of that name.
        BadQueryError: there is no such code.
    """
    with looking(sessions) as session:
        return list(batch_failures(session, batch, code=code, limit=limit, offset=offset))


def throughput(sessions: Sessions, batch: str) -> list[Interval]:
    """Count what was finished over the time a batch took, in equal steps.

    Raises:
        NoSuchResultError: there is no batch of that name.
    """
    with looking(sessions) as session:
        return finished_by_time(session, find_batch(session, batch))


def retry(sessions: Sessions, intake: Intake, batch: str, *, code: str | None, by: str) -> int:
    """Let failed documents be tried again, and say how many.

    Raises:
        NoSuchResultError: there is no batch of that name.
        BadQueryError: there is no such code.
    """
    count = retry_batch(sessions, batch, intake.nudger, code=code)
    _log(sessions, by, Action.BATCH_RETRIED, batch)
    return count


def cancel(sessions: Sessions, batch: str, *, by: str) -> int:
    """Call off what is not finished, and say how much that was.

    Raises:
        NoSuchResultError: there is no batch of that name.
    """
    count = cancel_batch(sessions, batch)
    _log(sessions, by, Action.BATCH_CANCELLED, batch)
    return count


def failed_page(  # noqa: PLR0913, ports of a use case
    sessions: Sessions,
    sources: Sources,
    document_id: UUID,
    *,
    page_index: int,
    limits: DecodeLimits,
    max_bytes: int,
) -> bytes:
    """Draw one page of a document, smaller, as a PNG, to see why it failed.

    Raises:
        NoSuchResultError: there is no such document or page.
        PermanentError: it cannot be decoded, which may be why it failed.
    """
    with looking(sessions) as session:
        source = document_source(session, document_id)
    scan = sources.read(source, max_bytes=max_bytes)
    page = next(islice(decode_pages(scan, limits), page_index, None), None)
    if page is None:
        raise NoSuchResultError("the document has no such page")
    if not isinstance(page, DecodedPage):
        raise page.error
    return whole_page_picture(page.image)


def _put(store: ObjectStore, file: Upload, today: date) -> Source:
    suffix = PurePosixPath(file.name.replace("\\", "/")).suffix.lower()
    ending = suffix if suffix in SCAN_SUFFIXES else ""
    key = f"{UPLOADS}{today:%Y-%m-%d}/{uuid4().hex}{ending}"
    store.put(key, file.data)
    return next(iter(store.list(key)))  # with the version that a reader asks for


def _check_name(batch: str) -> None:
    if fault := fault_of_name(batch):
        raise UploadRefusedError(fault)


def _lies_in(place: str, allowed: str) -> bool:
    return place == allowed or place.startswith(allowed.rstrip("/") + "/")


def _log(sessions: Sessions, who: str, action: Action, subject: str) -> None:
    with transaction(sessions) as session:
        write_log(session, who=who, action=action, subject=subject)
