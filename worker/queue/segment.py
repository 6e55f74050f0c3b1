"""A segment worker's task: waiting scans to crops, one after the other.

One message stands for as many documents as there is time for: each is claimed from the
database when the one before it is done, the urgent ones first.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from worker.batches import wake
from worker.database.claims import claim_scan
from worker.database.documents import finish_document
from worker.database.moves import (
    BytesTakenError,
    Segmented,
    identify,
    identify_new,
    mark_segmented,
)
from worker.database.session import transaction
from worker.database.submissions import find_offers
from worker.errors import (
    ConfigError,
    DocumentTimeoutError,
    StorageUnavailableError,
    TransientError,
)
from worker.logs import bound
from worker.queue.breather import Breather
from worker.queue.deciding import decide_on
from worker.queue.persist import own_crops, persist
from worker.recognizing import unwritten_document
from worker.retry import GiveBack, RetryRule
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

    _TakeNext = Callable[[Session], Claim | None]

_log = logging.getLogger(__name__)

BUDGET_S = 5.0  # of one message: a worker that shall stop drains in little more
# The recognizer is woken for what is urgent at once, and for the rest at the end of a message:
# what waits together for those seconds is read together, at half the cost on a processor.
_NUDGE_EVERY_S = 1.0  # it takes whatever waits; more messages would find nothing


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
    breather: Breather = field(default_factory=Breather)


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

    def take_next(session: Session) -> Claim | None:
        if not served or clock() >= enough or station.breather.resting:
            return None
        return claim_scan(session, claimant, templates_versions=served)

    while True:
        with transaction(station.sessions) as session:
            claim = take_next(session)
        if claim is None:
            break
        while claim is not None:
            urgent = claim.urgent
            with bound(document_id=str(claim.document.document_id)):
                claim = _segment(claim, station, tally, take_next)
            if urgent and tally.segmented and clock() >= nudged + _NUDGE_EVERY_S:
                nudged = clock()
                wake(station.nudger, Stage.RECOGNIZE, urgent=urgent_only)
    if served and clock() >= enough:  # somebody else, or this worker, goes on
        wake(station.nudger, Stage.SEGMENT, urgent=urgent_only)
    if tally.segmented:
        wake(station.nudger, Stage.RECOGNIZE, urgent=urgent_only)
    return tally


def _segment(
    claim: Claim, station: SegmentStation, tally: SegmentTally, take_next: _TakeNext
) -> Claim | None:
    """Work on one document; whatever happens to it happens to no other.

    Returns:
        The next document, claimed in the transaction that let go of this one, if there was any.
    """
    try:
        following = _cut(claim, station, tally, take_next)
    except Exception as error:  # noqa: BLE001, the edge of one document
        if isinstance(error, station.out_of_time):  # no fault of the document: not while it was cut
            error = StorageUnavailableError("the store or the database took as long as a task may")
        decision = decide_on(claim, error, station)
        _log.log(
            logging.ERROR if isinstance(error, ConfigError) else logging.WARNING,
            "segmenting_failed",
            extra={"error": type(error).__name__, "decision": type(decision).__name__},
            exc_info=error,
        )
        station.hand.settle(claim, decision)
        tally.settled += 1
        if isinstance(error, TransientError):
            station.breather.met_outage()
        return None
    except BaseException:  # the process shall end: somebody else goes on
        station.hand.settle(claim, GiveBack(wait_s=0.0))
        raise
    station.breather.went_well()
    return following


def _cut(
    claim: Claim, station: SegmentStation, tally: SegmentTally, take_next: _TakeNext
) -> Claim | None:
    data = station.fetch(claim.source)
    if not _identify(claim, station, data):
        tally.left += 1
        return None
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
    done = None
    if crop_count and key is not None:
        done = Segmented(
            crop_key=key, crop_count=crop_count, page_count=len(pages), segment_s=segment_s
        )

    def let_go(session: Session) -> tuple[bool, Claim | None]:
        if done is not None:
            moved = mark_segmented(session, claim, done)
        else:
            moved = _finish(session, claim, pages, key)
        return moved, take_next(session)

    moved, following = persist(station.sessions, let_go)
    tally.segmented += moved and done is not None
    tally.finished += moved and done is None
    tally.left += not moved
    return following


def _identify(claim: Claim, station: SegmentStation, data: bytes) -> bool:
    """Write down what bytes a document has; False when there is nothing to do for it any more."""
    sha256, size_bytes = hashlib.sha256(data).hexdigest(), len(data)

    def write_down(session: Session) -> bool:
        return identify_new(session, claim, sha256=sha256, size_bytes=size_bytes)

    def look_closer(session: Session) -> bool:
        return identify(session, claim, sha256=sha256, size_bytes=size_bytes)

    with suppress(BytesTakenError):
        if persist(station.sessions, write_down):
            return True
    return persist(station.sessions, look_closer)


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
