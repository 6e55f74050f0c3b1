"""A shard: documents whose crops the network reads at once, and what becomes of each.

Every document of a shard has its own outcome. One whose crops cannot be read fails alone; one
whose crops are gone is cut again, once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from worker.batches import wake
from worker.database.documents import finish_document
from worker.database.moves import cut_again
from worker.errors import (
    ConfigError,
    DamagedDocumentError,
    DatabaseUnavailableError,
    DocumentTimeoutError,
    FailureCode,
    ModelUnavailableError,
    ObjectMissingError,
    PermanentError,
)
from worker.queue.deciding import decide_on
from worker.queue.persist import own_crops, persist
from worker.queue.readers import check
from worker.recognizing import as_ours, read_apart, read_pages
from worker.retry import GiveBack, TryAgain
from worker.segment_archive import unpack_document
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.database.claims import Claim
    from worker.database.session import Session
    from worker.queue.recognize import RecognizeStation
    from worker.recognizing import CropReader
    from worker.storage.base import ObjectStore
    from worker.types import DocumentReading, SegmentedPage

_log = logging.getLogger(__name__)

_CROPS_GONE = (ObjectMissingError, DamagedDocumentError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fetched:
    """One document with its crops."""

    claim: Claim
    pages: tuple[SegmentedPage, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Shard:
    """Documents that are read at once, and what came of them so far."""

    claims: Sequence[Claim]
    more_wait: bool = True  # whether this was not all that waited
    fetched: list[Fetched] = field(default_factory=list)
    read: list[tuple[Claim, DocumentReading]] = field(default_factory=list)
    errors: list[tuple[Claim, Exception]] = field(default_factory=list)
    seconds: float = 0.0  # that reading took

    @property
    def suspect(self) -> bool:
        """Tell whether it may end this process."""
        return any(claim.alone for claim in self.claims)


class _OutOfTimeError(BaseException):
    """The time of the task is up: not to be taken for the fault of half a shard."""


class _BrokenDeviceError(PermanentError):
    """The device worked before it read the documents, and does no longer."""

    code = FailureCode.DOCUMENT_CRASHED


def fetch_document(claim: Claim, store: ObjectStore) -> Fetched | Exception:
    """Get a document's crops, or say why they cannot be had."""
    try:
        with own_crops():
            packed = store.get(claim.crop_key or "")
        return Fetched(claim=claim, pages=unpack_document(packed))
    except Exception as error:  # noqa: BLE001, the edge of one document
        return error


def read_shard(shard: Shard, station: RecognizeStation) -> bool:
    """Have the network read what was fetched; every document gets its reading or its error.

    Returns:
        False when the device fails whatever it reads: this process is of no more use.
    """
    claims = [fetched.claim for fetched in shard.fetched]
    try:
        found = _readings(shard, station)
    except ModelUnavailableError as error:
        shard.errors += [(claim, error) for claim in claims]
        return False
    except _BrokenDeviceError as error:
        shard.errors += [(claim, error) for claim in claims]
        return False
    except _OutOfTimeError:
        late = DocumentTimeoutError("reading the document took longer than is allowed")
        shard.errors += [(claim, late) for claim in claims]
        return True
    for claim, outcome in zip(claims, found, strict=True):
        if isinstance(outcome, Exception):
            shard.errors.append((claim, outcome))
        else:
            shard.read.append((claim, outcome))
    return True


def close_shard(shard: Shard, station: RecognizeStation) -> int:
    """Write down what became of every document, however long the database is away.

    Returns:
        How many were finished with a reading.
    """
    share_s = shard.seconds / max(1, len(shard.read))
    try:
        finished = persist(
            station.sessions, lambda session: sum(_finish_all(session, shard, share_s))
        )
    except DatabaseUnavailableError:
        for claim, _ in shard.read:
            station.hand.settle(claim, GiveBack(wait_s=0.0))
        finished = 0
    except Exception:  # noqa: BLE001, one reading that the database refuses does not lose the rest
        finished = sum(_finish_apart(shard, station, share_s))
    for claim, error in shard.errors:
        try:
            _settle(claim, error, shard, station)
        except DatabaseUnavailableError:
            station.hand.settle(claim, GiveBack(wait_s=0.0))
    return finished


def _readings(shard: Shard, station: RecognizeStation) -> list[DocumentReading | Exception]:
    if not shard.fetched:
        return []
    reader = station.readers.reader(shard.claims[0].identity.read_with)
    read_together = partial(
        read_pages,
        recognizer=reader,
        review_below=station.review_below,
        thresholds=station.thresholds,
    )

    fitted: list[int] = []  # crops that were read at once
    too_many = False

    def read(documents: Sequence[Sequence[SegmentedPage]]) -> list[DocumentReading]:
        nonlocal too_many
        try:
            readings = read_together(documents)
        except MemoryError:
            too_many = True
            raise
        except station.out_of_time as error:
            raise _OutOfTimeError from error
        fitted.append(_written(documents))
        return readings

    found = read_apart([fetched.pages for fetched in shard.fetched], read)
    at_fault = any(isinstance(outcome, MemoryError) for outcome in found)
    if too_many and not at_fault:  # a document too large for itself says nothing of shards
        station.size.lower(max(fitted, default=1))
    if any(isinstance(outcome, Exception) for outcome in found):
        _check_still(reader)  # a device that fails blames whatever it is given
    return found


def _check_still(reader: CropReader) -> None:
    """Check a device that worked when the network was loaded.

    Raises:
        _BrokenDeviceError: it fails by now. A crop can break a CUDA context, and would break the
            next process's as well: the try counts.
    """
    try:
        check(reader)
    except ModelUnavailableError as error:
        raise _BrokenDeviceError(f"reading the document broke the device: {error}") from error


def _written(documents: Sequence[Sequence[SegmentedPage]]) -> int:
    """Count the crops that the network has to read."""
    pages = (page for document in documents for page in document)
    cut = (page.segmentation for page in pages if page.segmentation is not None)
    return sum(not crop.blank for segmentation in cut for crop in segmentation.crops)


def _finish_all(session: Session, shard: Shard, share_s: float) -> list[bool]:
    return [_finish(session, claim, reading, share_s) for claim, reading in shard.read]


def _finish(session: Session, claim: Claim, reading: DocumentReading, share_s: float) -> bool:
    return finish_document(
        session,
        claim.document,
        replace(reading, recognize_s=share_s),
        crop_key=claim.crop_key,
        model_id=claim.identity.model_id,
    )


def _finish_apart(shard: Shard, station: RecognizeStation, share_s: float) -> list[bool]:
    """Finish each document in a transaction of its own."""
    done = []
    for claim, reading in shard.read:
        write = partial(_finish, claim=claim, reading=reading, share_s=share_s)
        try:
            done.append(persist(station.sessions, write))
        except Exception as error:  # noqa: BLE001, the edge of one document
            _settle(claim, error, shard, station)
    return done


def _settle(claim: Claim, error: Exception, shard: Shard, station: RecognizeStation) -> None:
    """Let go of a document that was not read."""
    _log.log(
        logging.ERROR if isinstance(error, ConfigError) else logging.WARNING,
        "recognizing_failed",
        extra={
            "document_id": str(claim.document.document_id),
            "error": type(error).__name__,
            "shard": len(shard.claims),
        },
        exc_info=error,
    )
    if isinstance(error, _CROPS_GONE) and not claim.alone:
        persist(station.sessions, lambda session: cut_again(session, claim))
        wake(station.nudger, Stage.SEGMENT, urgent=False)
        return
    error = as_ours(error)
    late = isinstance(error, DocumentTimeoutError) and len(shard.claims) > 1
    broke = isinstance(error, _BrokenDeviceError) and claim.tries < station.rule.most_tries
    if late or broke:
        station.hand.settle(claim, TryAgain(wait_s=0.0, alone=True))
        return
    station.hand.settle(claim, decide_on(claim, error, station))
