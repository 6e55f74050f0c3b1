"""One run of the whole path: the ports it works through, and what it has in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.local.tally import Tally
from worker.thresholds import NO_THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from worker.database.session import Sessions
    from worker.recognizing import CropReader
    from worker.segment_pool import SegmentPool
    from worker.storage.base import ObjectStore
    from worker.thresholds import Thresholds
    from worker.types import RunIdentity, Source


def _ignore(_: Tally) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What a run reads with and writes to; used for one run only."""

    batch_id: UUID
    identity: RunIdentity  # of the pool's templates and the recognizer
    review_below: float  # confidence, [0, 1]; a reading below it is for a person
    thresholds: Thresholds = NO_THRESHOLDS  # what takes its place for some fields
    fetch: Callable[[Source], bytes]  # called by several threads
    pool: SegmentPool
    recognizer: CropReader
    store: ObjectStore  # takes the crops; called by several threads
    sessions: Sessions
    on_progress: Callable[[Tally], None] = _ignore
    tally: Tally = field(default_factory=Tally)
    in_hand: set[str] = field(default_factory=set)  # SHA-256 of the documents being read
