"""A recognize worker's task: waiting crops to readings, a full batch across documents at a time.

While the network reads one shard, the crops of the next are fetched and the readings of the one
before are written. A message ends with the shard that took all that waited: what is cut
meanwhile has a message of its own, which comes within seconds and finds more to read at once.
Documents that may have killed their process are read a few at a time, with nothing else in
hand, and each alone on its last try.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from worker.batches import wake
from worker.database.claims import ShardLimits, claim_crops
from worker.database.session import transaction
from worker.database.submissions import find_offers
from worker.queue.shard import Fetched, Shard, close_shard, fetch_document, read_shard
from worker.retry import GiveBack, RetryRule
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from worker.batches import Nudger
    from worker.database.claims import Claimant
    from worker.database.session import Sessions
    from worker.queue.hand import Hand
    from worker.queue.readers import Readers
    from worker.storage.base import ObjectStore
    from worker.thresholds import Thresholds
    from worker.types import ReadWith

BUDGET_S = 5.0  # of one message: a worker that shall stop drains in little more
_FETCHES = 8  # side by side: they wait for the store


class ShardSize:
    """How many crops a shard may have here; lowered when memory turns out smaller."""

    def __init__(self, limits: ShardLimits) -> None:
        """Start at the setting."""
        self.limits = limits

    def lower(self, crops: int) -> None:
        """Remember that no more than so many crops fitted."""
        most = max(1, min(self.limits.crops, crops))
        self.limits = ShardLimits(crops=most, documents=self.limits.documents)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecognizeStation:
    """What a recognize worker works with; one a process."""

    sessions: Sessions
    hand: Hand
    store: ObjectStore
    readers: Readers
    size: ShardSize
    review_below: float
    thresholds: Thresholds
    nudger: Nudger
    rule: RetryRule = field(default_factory=RetryRule)
    random: Random = field(default_factory=Random)
    out_of_time: tuple[type[BaseException], ...] = ()  # as the queue ends a task that takes long


@dataclass(slots=True, kw_only=True)
class RecognizeTally:
    """What became of the documents of one message."""

    shards: list[int] = field(default_factory=list)  # documents in each
    finished: int = 0
    errors: int = 0  # failed, put off, or to be cut again
    device_works: bool = True


def recognize_waiting(
    station: RecognizeStation,
    *,
    urgent_only: bool,
    budget_s: float = BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> RecognizeTally:
    """Read what waits, while it does and while the time lasts.

    Raises:
        DatabaseUnavailableError: the database is away; nothing is lost.
    """
    with transaction(station.sessions) as session:
        served = station.readers.served(find_offers(session))
    if not served:
        return RecognizeTally()
    enough = clock() + budget_s
    with station.hand.at_work():
        shift = _Shift(station, served, station.hand.claimant(urgent_only=urgent_only))
        try:
            while shift.work(in_time=lambda: clock() < enough):
                pass
        finally:
            shift.close()
    if clock() >= enough:  # somebody else, or this worker, goes on
        wake(station.nudger, Stage.RECOGNIZE, urgent=urgent_only)
    return shift.tally


class _Shift:
    """The work on one message: a shard that is read, one that comes, one that is written."""

    def __init__(
        self, station: RecognizeStation, served: Sequence[ReadWith], claimant: Claimant
    ) -> None:
        self._station = station
        self._served = served
        self._claimant = claimant
        self._fetchers = ThreadPoolExecutor(_FETCHES, thread_name_prefix="fetch")
        self._claimer = ThreadPoolExecutor(1, thread_name_prefix="claim")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._writing: Future[int] | None = None
        self.tally = RecognizeTally()

    def work(self, *, in_time: Callable[[], bool]) -> bool:
        """Read shard after shard, each next one fetched meanwhile; False when that is all."""
        if not in_time() or not self.tally.device_works:
            return False
        self._await_writer()  # nothing else may be in hand, should a suspect come
        shard = self._claim(with_suspects=True)
        if shard is None:
            return False
        while shard is not None:
            coming = None
            more = shard.more_wait and not shard.suspect and self.tally.device_works
            if more and in_time():
                coming = self._claimer.submit(self._claim, with_suspects=False)
            self._read(shard)
            if not shard.more_wait:
                return False
            shard = coming.result() if coming is not None else None
        return True

    def close(self) -> None:
        """Wait for what is being claimed, fetched and written, whatever becomes of it."""
        try:
            self._claimer.shutdown()
            self._await_writer()
        finally:
            self._fetchers.shutdown()
            self._writer.shutdown()

    def _claim(self, *, with_suspects: bool) -> Shard | None:
        with transaction(self._station.sessions) as session:
            claims, more = claim_crops(
                session,
                self._claimant,
                served=self._served,
                limits=self._station.size.limits,
                suspects_tries=self._station.rule.most_tries if with_suspects else None,
            )
        if not claims:
            return None
        shard = Shard(claims=claims, more_wait=more)
        fetch = partial(fetch_document, store=self._station.store)
        for claim, found in zip(claims, self._fetchers.map(fetch, claims), strict=True):
            if isinstance(found, Fetched):
                shard.fetched.append(found)
            else:
                shard.errors.append((claim, found))
        return shard

    def _read(self, shard: Shard) -> None:
        """Read a shard and have its readings written behind."""
        began = time.perf_counter()
        try:
            works = read_shard(shard, self._station)
        except BaseException:  # the process shall end: somebody else goes on
            for claim in shard.claims:
                self._station.hand.settle(claim, GiveBack(wait_s=0.0))
            raise
        shard.seconds = time.perf_counter() - began
        self._await_writer()
        self._writing = self._writer.submit(close_shard, shard, self._station)
        self.tally.shards.append(len(shard.claims))
        self.tally.errors += len(shard.errors)
        self.tally.device_works &= works

    def _await_writer(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            self.tally.finished += writing.result()
