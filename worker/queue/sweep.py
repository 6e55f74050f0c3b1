"""The sweep: takes documents back from workers that died, and wakes workers for what waits.

It makes up for every message that was lost and every process that was killed, so that neither
needs to be dependable. Several may run at once.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from worker.batches import ALIVE_S, Nudger, wake
from worker.database.claims import urgent_waiting, waiting_count
from worker.database.leases import Reaped, take_back_expired
from worker.database.session import transaction
from worker.database.workers import forget_old_workers, workers_seen
from worker.errors import DatabaseUnavailableError, QueueUnavailableError
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from worker.database.session import Session, Sessions
    from worker.database.workers import SeenWorker

_log = logging.getLogger(__name__)

# Before workers are judged by leases that the database may have kept them from renewing, they
# have time to renew: all that they need after it was away, and little where nothing says it was.
_GRACE_AWAY = 0.6  # of a lease; a connection that hangs gives up after 10 s
_GRACE = 0.25
_MARGIN_S = 0.1  # clocks and waits round differently
_A_WORKER = 2  # messages: one to work on, one to follow
# Who cuts a document has the recognizer woken within some seconds, and what waits together for
# those is read together. So the sweep makes up for messages that are late, not for those that come.
_ON_ITS_WAY_S = {Stage.SEGMENT: 0.0, Stage.RECOGNIZE: 6.0}


class Backlog(Protocol):
    """What can tell how many messages wait."""

    def backlog(self, stage: Stage, *, urgent: bool) -> int:
        """Count the messages that no worker has taken yet.

        Raises:
            QueueUnavailableError: the broker does not answer.
        """
        ...


class Waker(Nudger, Backlog, Protocol):
    """What wakes workers, and knows how many calls are still to be answered."""


@dataclass(slots=True, kw_only=True, eq=False)
class SweepStation:
    """What a sweep works with, and since when the database has been there."""

    sessions: Sessions
    waker: Waker
    lease_s: float
    most_tries: int
    clock: Callable[[], float] = time.monotonic
    there_since: float | None = None  # by the clock; None while it is away
    was_away: bool = False  # since this sweep began


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    reaped: Reaped
    nudged: dict[Stage, int]


def sweep(station: SweepStation) -> Swept | None:
    """Take back what died and wake workers for what waits.

    Returns:
        None while the database is away: then nothing is known, and nothing is done.
    """
    try:
        with transaction(station.sessions) as session:
            reaped = _take_back(session, station)
            seen = workers_seen(session, within_s=ALIVE_S)
            wanted = {stage: _messages_wanted(session, stage, seen) for stage in Stage}
            urgent = {
                stage: wanted[stage] > 0 and urgent_waiting(session, stage) for stage in Stage
            }
            forget_old_workers(session)
    except DatabaseUnavailableError:
        _log.warning("sweep_without_database", exc_info=True)
        station.there_since, station.was_away = None, True
        return None
    nudged = {}
    for stage in Stage:
        nudged[stage] = _make_up(station.waker, stage, wanted[stage], urgent=False)
        if urgent[stage]:
            nudged[stage] += _make_up(station.waker, stage, min(wanted[stage], 1), urgent=True)
    if reaped.again or reaped.failed:
        _log.warning("taken_back", extra={"again": reaped.again, "failed": reaped.failed})
    return Swept(reaped=reaped, nudged=nudged)


def sweep_once(station: SweepStation, wait: Callable[[float], object]) -> Swept | None:
    """Sweep, give living workers the time to renew their leases, and take back what they have not.

    Args:
        station: what to sweep with; the database is taken to be there since now.
        wait: waits for so many seconds.

    Returns:
        What the second sweep did; None where the database is away, and nothing was taken back.
    """
    if sweep(station) is None:
        return None
    wait(_GRACE * station.lease_s + _MARGIN_S)
    return sweep(station)


def _take_back(session: Session, station: SweepStation) -> Reaped:
    """Judge by leases, unless they may have run out for want of a database to renew them in."""
    if station.there_since is None:
        station.there_since = station.clock()
    grace = _GRACE_AWAY if station.was_away else _GRACE
    if station.clock() - station.there_since < grace * station.lease_s:
        return Reaped(again=0, failed=0)
    return take_back_expired(session, most_tries=station.most_tries)


def _messages_wanted(session: Session, stage: Stage, seen: Iterable[SeenWorker]) -> int:
    """Say how many messages it takes to put every living worker to what waits."""
    processes = sum(found.worker.kind == stage for found in seen)
    return waiting_count(
        session,
        stage,
        at_most=_A_WORKER * max(1, processes),
        untried_s=_ON_ITS_WAY_S[stage],
    )


def _make_up(waker: Waker, stage: Stage, wanted: int, *, urgent: bool) -> int:
    """Send what is wanted beyond what waits already."""
    if not wanted:
        return 0
    try:
        missing = wanted - waker.backlog(stage, urgent=urgent)
    except QueueUnavailableError:
        _log.warning("sweep_without_queue")
        return 0
    if missing <= 0 or not wake(waker, stage, urgent=urgent, times=missing):
        return 0
    return missing
