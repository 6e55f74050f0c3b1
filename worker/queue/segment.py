"""A segment worker's task: waiting scans to crops, one after the other.

One message stands for as many documents as there is time for: each is claimed from the
database when the one before it is done, the urgent ones first.
"""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from worker.database.claims import claim_scan
from worker.database.documents import finish_document
from worker.database.moves import Segmented, identify, mark_segmented
from worker.database.session import transaction
from worker.database.submissions import find_offers
from worker.errors import (
    ConfigError,
    DocumentTimeoutError,
    QueueUnavailableError,
    StorageUnavailableError,
)
from worker.logs import bound
from worker.queue.persist import own_crops, persist
from worker.recognizing import unwritten_document
from worker.retry import GiveBack, RetryRule, decide
from worker.segment_archive import pack_document
from worker.segmenting import segment_document
from worker.storage.keys import crop_archive_key
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from segmentation import FieldCrop, SegmentationParams
    from worker.batches import Nudger
    from worker.database.claims import Claim
    from worker.database.session import Session, Sessions
    from worker.document_images import DecodeLimits
    from worker.queue.forms import Forms
    from worker.queue.hand import Hand
    from worker.storage.base import ObjectStore
    from worker.types import SegmentedPage, Source

_log = logging.getLogger(__name__)

BUDGET_S = 5.0  # of one message: a worker that shall stop drains in little more
_NUDGE_EVERY_S = 1.0  # the recognizer takes whatever waits; more messages would find nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentStation:
    """What a segment worker works with; one a process."""

    sessions: Sessions
    hand: Hand
    fetch: Callable[[Source], bytes]
    store: ObjectStore
    forms: Forms
    params: SegmentationParams
    limits: DecodeLimits
    nudger: Nudger
    rule: RetryRule = field(default_factory=RetryRule)
    random: Random = field(default_factory=Random)
    out_of_time: tuple[type[BaseException], ...] = ()  # as the queue ends a task that takes long


@dataclass(slots=True, kw_only=True)
class SegmentTally:
    """What became of the documents of one message."""

    segmented: int = 0
    settled: int = 0  # failed, or put off
    finished: int = 0  # nothing on them was written, so there was nothing to read
    left: int = 0  # duplicates, and claims that others took over


def segment_waiting(
    station: SegmentStation,
    *,
    urgent_only: bool,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> SegmentTally:
    """Cut the documents that wait, while they do and while the time lasts.

    Raises:
        DatabaseUnavailableError: the database is away; nothing is lost.
    """
    with station.hand.at_work():
        return _work(station, urgent_only=urgent_only, budget_s=budget_s, clock=clock)


def _work(
    station: SegmentStation, *, urgent_only: bool, budget_s: float, clock: Callable[[], float]
) -> SegmentTally:
    tally = SegmentTally()
    enough = clock() + budget_s
    nudged = float("-inf")
    claimant = station.hand.claimant(urgent_only=urgent_only)
    with transaction(station.sessions) as session:
        served = station.forms.served(find_offers(session))
    more = bool(served)
    while more and clock() < enough:
        with transaction(station.sessions) as session:
            claim = claim_scan(session, claimant, templates_versions=served)
        if claim is None:
            break
        with bound(document_id=str(claim.document.document_id)):
            _segment(claim, station, tally)
        if tally.segmented and clock() >= nudged + _NUDGE_EVERY_S:
            nudged = clock()
            _nudge(station, Stage.RECOGNIZE, urgent=urgent_only)
    else:
        if more:  # the time is up: somebody else, or this worker, goes on
            _nudge(station, Stage.SEGMENT, urgent=urgent_only)
    if tally.segmented:
        _nudge(station, Stage.RECOGNIZE, urgent=urgent_only)
    return tally


def _segment(claim: Claim, station: SegmentStation, tally: SegmentTally) -> None:
    """Work on one document; whatever happens to it happens to no other."""
    try:
        _cut(claim, station, tally)
    except Exception as error:  # noqa: BLE001, the edge of one document
        if isinstance(error, station.out_of_time):  # no fault of the document: not while it was cut
            error = StorageUnavailableError("the store or the database took as long as a task may")
        decision = decide(
            error,
            tries=claim.tries,
            outages=claim.outages,
            rule=station.rule,
            random=station.random,
        )
        _log.log(
            logging.ERROR if isinstance(error, ConfigError) else logging.WARNING,
            "segmenting_failed",
            extra={"error": type(error).__name__, "decision": type(decision).__name__},
            exc_info=error,
        )
        station.hand.settle(claim, decision)
        tally.settled += 1
    except BaseException:  # the process shall end: somebody else goes on
        station.hand.settle(claim, GiveBack(wait_s=0.0))
        raise


def _cut(claim: Claim, station: SegmentStation, tally: SegmentTally) -> None:
    data = station.fetch(claim.source)
    sha256 = hashlib.sha256(data).hexdigest()
    size_bytes = len(data)
    if not persist(
        station.sessions,
        lambda session: identify(session, claim, sha256=sha256, size_bytes=size_bytes),
    ):
        tally.left += 1
        return
    began = time.perf_counter()
    catalog = station.forms.catalog(claim.identity.templates_version)
    try:
        pages = segment_document(data, catalog, station.params, station.limits)
    except station.out_of_time as error:
        late = "cutting the document took longer than is allowed"
        raise DocumentTimeoutError(late) from error
    segment_s = time.perf_counter() - began
    crop_count = sum(not crop.blank for page in pages for crop in _crops(page))
    key = _store_crops(claim, station, pages)
    if crop_count and key is not None:
        done = Segmented(
            crop_key=key, crop_count=crop_count, page_count=len(pages), segment_s=segment_s
        )
        moved = persist(station.sessions, lambda session: mark_segmented(session, claim, done))
        tally.segmented += moved
    else:
        moved = persist(station.sessions, lambda session: _finish(session, claim, pages, key))
        tally.finished += moved
    tally.left += not moved


def _store_crops(
    claim: Claim, station: SegmentStation, pages: Collection[SegmentedPage]
) -> str | None:
    """Write the crops; None where there are none."""
    if not any(page.segmentation for page in pages):
        return None
    key = crop_archive_key(claim.document.document_id, claim.document.attempt)
    packed = pack_document(tuple(pages))
    with own_crops():
        station.store.put(key, packed)
    return key


def _finish(
    session: Session, claim: Claim, pages: Collection[SegmentedPage], key: str | None
) -> bool:
    """Close a document with nothing written on it: refused pages and blank fields."""
    reading = unwritten_document(tuple(pages))
    return finish_document(
        session, claim.document, reading, crop_key=key, model_id=claim.identity.model_id
    )


def _crops(page: SegmentedPage) -> Collection[FieldCrop]:
    return page.segmentation.crops if page.segmentation is not None else ()


def _nudge(station: SegmentStation, stage: Stage, *, urgent: bool) -> None:
    """Wake others up; where the broker is away, the sweep will."""
    try:
        station.nudger.nudge(stage, urgent=urgent)
    except QueueUnavailableError:
        _log.warning("nudge_not_sent", extra={"stage": stage.value})
