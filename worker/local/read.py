"""The whole path on one machine: documents in, names in the database.

Four things go on at once: threads fetch the next documents, processes cut pages into crops,
this thread reads the crops of many documents in one batch, and another writes the batch before.
The database is the truth throughout: whatever ends the run, the documents that it had in hand
stand there unfinished, and the next run takes them up again.
"""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from worker.crop_archive import pack_crops
from worker.database.documents import finish_document
from worker.database.session import transaction
from worker.errors import FailureCode, PermanentError
from worker.local.intake import take_up
from worker.recognizing import as_ours, failed_document, read_apart, read_pages
from worker.segment_process import Refusal
from worker.storage.keys import crop_archive_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.local.intake import TakenUp
    from worker.local.run import Run
    from worker.local.tally import Tally
    from worker.segment_pool import SegmentPool
    from worker.storage.base import ObjectStore
    from worker.types import DocumentReading, SegmentedPage, Source

_log = logging.getLogger(__name__)

_IO_THREADS = 8  # they wait for stores, and use next to no processor
_QUEUED_DOCUMENTS = 32  # keeps the processes busy while this thread reads a batch,
_QUEUED_PER_PROCESS = 4  # on large machines as well,
_QUEUED_BYTES = 256 * 1024 * 1024  # as far as memory goes
_FULL_BATCH_CROPS = 64  # as many lines as the network takes at once
_FULL_BATCH_DOCUMENTS = 16  # what a kill can cost; they are read again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """One document in crops, or why there are none."""

    taken: TakenUp
    pages: tuple[SegmentedPage, ...]
    refusal: Refusal | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Outcome:
    """What became of one document, to be written down."""

    cut: _Cut
    reading: DocumentReading


def read_documents(sources: Iterable[Source], run: Run) -> Tally:
    """Read every document that the database does not hold yet.

    Documents that fail are counted, stored with their code, and do not hold up the others.

    Raises:
        TransientError: a store or the database is away or full. What was read until then is
            kept, and nothing is lost: a second run goes on where this one stopped.
    """
    threads = ThreadPoolExecutor(_IO_THREADS, thread_name_prefix="io")
    writer = ThreadPoolExecutor(1, thread_name_prefix="write")
    try:
        written: Future[list[_Outcome]] | None = None
        for batch in _batches(_cut_ahead(take_up(sources, run, threads), run.pool)):
            outcomes = _read(batch, run)
            if written is not None:
                _count(written.result(), run)
            written = writer.submit(_write, outcomes, run, threads)
        if written is not None:
            _count(written.result(), run)
    finally:
        threads.shutdown(cancel_futures=True)
        writer.shutdown()
    return run.tally


def _cut_ahead(documents: Iterator[TakenUp], pool: SegmentPool) -> Iterator[_Cut]:
    """Keep the pool busy and give what it has done, in the order of completion."""
    running: dict[Future[tuple[SegmentedPage, ...] | Refusal], TakenUp] = {}
    room = max(_QUEUED_DOCUMENTS, pool.processes * _QUEUED_PER_PROCESS)
    queued_bytes = 0
    while True:
        while not running or (len(running) < room and queued_bytes < _QUEUED_BYTES):
            document = next(documents, None)
            if document is None:
                break
            running[pool.submit(document.data)] = document
            queued_bytes += len(document.data)
        if not running:
            return
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            taken = running.pop(done)
            queued_bytes -= len(taken.data)
            yield _as_cut(taken, done.result())


def _as_cut(taken: TakenUp, answer: tuple[SegmentedPage, ...] | Refusal) -> _Cut:
    taken = replace(taken, data=b"")  # may be large, and nobody needs it any more
    if not isinstance(answer, Refusal):
        return _Cut(taken=taken, pages=answer, refusal=None)
    if answer.trace:
        ids = {"document_id": str(taken.claim.document_id), "trace": answer.trace}
        _log.error("segmenting_failed", extra=ids)
    return _Cut(taken=taken, pages=(), refusal=answer)


def _batches(documents: Iterable[_Cut]) -> Iterator[list[_Cut]]:
    """Gather documents until their crops fill a batch of the network."""
    batch: list[_Cut] = []
    crop_count = 0
    for document in documents:
        batch.append(document)
        crop_count += sum(
            len(page.segmentation.crops) for page in document.pages if page.segmentation
        )
        if crop_count >= _FULL_BATCH_CROPS or len(batch) >= _FULL_BATCH_DOCUMENTS:
            yield batch
            batch, crop_count = [], 0
    if batch:
        yield batch


def _read(batch: list[_Cut], run: Run) -> list[_Outcome]:
    """Read the documents that were cut; the others failed before."""
    readings = iter(_read_cut([cut for cut in batch if cut.refusal is None], run))
    return [
        _Outcome(
            cut=cut,
            reading=next(readings)
            if cut.refusal is None
            else failed_document(cut.refusal.code, cut.refusal.detail),
        )
        for cut in batch
    ]


def _read_cut(batch: list[_Cut], run: Run) -> list[DocumentReading]:
    """Read crops in one go; a document that cannot be read fails alone."""
    read = partial(
        read_pages,
        recognizer=run.recognizer,
        review_below=run.review_below,
        thresholds=run.thresholds,
    )
    found = read_apart([cut.pages for cut in batch], read)
    return [_or_bug(cut, reading) for cut, reading in zip(batch, found, strict=True)]


def _or_bug(cut: _Cut, found: DocumentReading | Exception) -> DocumentReading:
    if not isinstance(found, Exception):
        return found
    document_id = str(cut.taken.claim.document_id)
    _log.error("recognizing_failed", extra={"document_id": document_id}, exc_info=found)
    named = as_ours(found)
    if isinstance(named, PermanentError):
        return failed_document(named.code, str(named))
    detail = "a bug in penname met this document; the log holds its trace"
    return failed_document(FailureCode.INTERNAL_ERROR, detail)


def _write(batch: list[_Outcome], run: Run, threads: ThreadPoolExecutor) -> list[_Outcome]:
    """Store the crops of a batch, then write it down in one transaction."""
    keys = list(threads.map(partial(_store_crops, run.store), [outcome.cut for outcome in batch]))
    with transaction(run.sessions) as session:
        for outcome, key in zip(batch, keys, strict=True):
            claim, model_id = outcome.cut.taken.claim, run.identity.model_id
            finish_document(session, claim, outcome.reading, crop_key=key, model_id=model_id)
    return batch


def _store_crops(store: ObjectStore, cut: _Cut) -> str | None:
    """Write a document's crops and give their key; None when it has none."""
    crops = [
        (page.page_index, page.segmentation.crops)
        for page in cut.pages
        if page.segmentation is not None
    ]
    if not crops:
        return None
    key = crop_archive_key(cut.taken.claim.document_id, cut.taken.claim.attempt)
    store.put(key, pack_crops(crops))
    return key


def _count(batch: list[_Outcome], run: Run) -> None:
    """Let go of a batch that was written."""
    for outcome in batch:
        run.in_hand.discard(outcome.cut.taken.sha256)
        run.tally.add_reading(outcome.cut.taken.source, outcome.reading)
    run.on_progress(run.tally)
