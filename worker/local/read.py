"""The whole path on one machine: documents in, names in the database.

Three things go on at once: threads fetch the next documents, processes cut pages into crops,
and this thread reads the crops of many documents in one batch and writes them down. The
database is the truth throughout: whatever ends the run, the documents that it had in hand
stand there unfinished, and the next run takes them up again.
"""

from __future__ import annotations

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from worker.crop_archive import pack_crops
from worker.database.documents import finish_document
from worker.database.session import transaction
from worker.errors import FailureCode
from worker.local.intake import take_up
from worker.recognizing import failed_document, read_pages
from worker.segment_process import Refusal
from worker.storage.keys import crop_archive_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from worker.local.intake import TakenUp
    from worker.local.run import Run
    from worker.local.tally import Tally
    from worker.segment_pool import SegmentPool
    from worker.types import DocumentReading, SegmentedPage, Source

_log = logging.getLogger(__name__)

_IO_THREADS = 8  # they wait for stores, and use next to no processor
_QUEUED_PER_PROCESS = 4  # keeps the processes busy while this thread reads a batch
_FULL_BATCH_CROPS = 64  # as many lines as the network takes at once
_FULL_BATCH_DOCUMENTS = 32  # what a kill can cost; they are read again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """One document in crops, or why there are none."""

    taken: TakenUp
    pages: tuple[SegmentedPage, ...]
    refusal: Refusal | None


def read_documents(sources: Iterable[Source], run: Run) -> Tally:
    """Read every document that the database does not hold yet.

    Documents that fail are counted, stored with their code, and do not hold up the others.

    Raises:
        TransientError: a store or the database is away or full. What was read until then is
            kept, and nothing is lost: a second run goes on where this one stopped.
    """
    threads = ThreadPoolExecutor(_IO_THREADS, thread_name_prefix="io")
    try:
        cut = _cut_ahead(take_up(sources, run, threads), run.pool)
        for batch in _batches(cut):
            _finish(batch, run, threads)
            run.on_progress(run.tally)
    finally:
        threads.shutdown(cancel_futures=True)
    return run.tally


def _cut_ahead(documents: Iterator[TakenUp], pool: SegmentPool) -> Iterator[_Cut]:
    """Keep the pool busy and give what it has done, in the order of completion."""
    running: dict[Future[tuple[SegmentedPage, ...] | Refusal], TakenUp] = {}
    room = pool.processes * _QUEUED_PER_PROCESS
    while True:
        for document in islice(documents, room - len(running)):
            running[pool.submit(document.data)] = document
        if not running:
            return
        for done in wait(running, return_when=FIRST_COMPLETED).done:
            yield _as_cut(running.pop(done), done.result())


def _as_cut(taken: TakenUp, answer: tuple[SegmentedPage, ...] | Refusal) -> _Cut:
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


def _finish(batch: list[_Cut], run: Run, threads: ThreadPoolExecutor) -> None:
    """Read a batch, store its crops, then write it down in one transaction."""
    readings = _read(batch, run)
    keys = list(threads.map(partial(_store_crops, run), batch))
    with transaction(run.sessions) as session:
        for document, reading, key in zip(batch, readings, keys, strict=True):
            finish_document(
                session,
                document.taken.claim,
                reading,
                crop_key=key,
                model_id=run.identity.model_id,
            )
    for document, reading in zip(batch, readings, strict=True):
        run.in_hand.discard(document.taken.sha256)
        run.tally.add_reading(document.taken.source, reading)


def _read(batch: list[_Cut], run: Run) -> list[DocumentReading]:
    """Read the documents that were cut; the others failed before."""
    readings = iter(_read_cut([cut for cut in batch if cut.refusal is None], run))
    return [
        next(readings)
        if cut.refusal is None
        else failed_document(cut.refusal.code, cut.refusal.detail)
        for cut in batch
    ]


def _read_cut(batch: list[_Cut], run: Run) -> list[DocumentReading]:
    """Read crops in one go; when that fails, halve until the document at fault is alone.

    Halving serves a device that is short of memory as well.
    """
    try:
        return read_pages(
            [cut.pages for cut in batch], run.recognizer, review_below=run.review_below
        )
    except Exception:  # noqa: BLE001, the edge of one document: a bug costs one, not the batch
        if len(batch) > 1:
            half = len(batch) // 2
            return [*_read_cut(batch[:half], run), *_read_cut(batch[half:], run)]
        document_id = str(batch[0].taken.claim.document_id)
        _log.exception("recognizing_failed", extra={"document_id": document_id})
        detail = "a bug in penname met this document; the log holds its trace"
        return [failed_document(FailureCode.INTERNAL_ERROR, detail)]


def _store_crops(run: Run, document: _Cut) -> str | None:
    """Write a document's crops and give their key; None when it has none."""
    crops = [
        (page.page_index, page.segmentation.crops)
        for page in document.pages
        if page.segmentation is not None
    ]
    if not crops:
        return None
    key = crop_archive_key(document.taken.claim.document_id, document.taken.claim.attempt)
    run.store.put(key, pack_crops(crops))
    return key
