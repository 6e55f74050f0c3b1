"""Ask the parts of a deployment how they are, and keep the answers as facts.

A part that does not answer is a fact too: nothing here raises for it, and what could not be
asked because of it is left open.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, astuple, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from worker.database.health import database_health
from worker.database.progress import put_off_count
from worker.database.session import reading
from worker.database.submissions import find_offers
from worker.database.workers import workers_seen
from worker.database.workload import read_workload, unfinished
from worker.doctor.broker import ask_broker
from worker.doctor.facts import (
    DatabaseFacts,
    Facts,
    Unreachable,
    WaitingWork,
    WorkerFacts,
)
from worker.doctor.store import try_store
from worker.errors import WorkerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from worker.database.submissions import Offer
    from worker.database.workers import Worker
    from worker.database.workload import Workload
    from worker.doctor.facts import BrokerFacts, Checksums, QueueTimes
    from worker.storage.base import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where the parts are, by the settings of whoever asks."""

    times: QueueTimes
    database_url: str
    broker_url: str
    broker_is_set: bool  # False where the URL is only the default
    broker_key_prefix: str
    open_store: Callable[[Checksums], ObjectStore]
    checksums: Checksums
    store_is_folder: bool
    alive_s: float  # a worker that was not heard of for so long is gone


def gather(deployment: Deployment) -> Facts:
    """Ask every part; takes seconds where one does not answer."""
    database = _ask_database(deployment.database_url)
    workers: tuple[WorkerFacts, ...] | None = None
    waiting: tuple[WaitingWork, ...] = ()
    overdue = put_off = 0
    if isinstance(database, DatabaseFacts) and database.revision == database.head:
        with reading(deployment.database_url) as session:
            workload = read_workload(session)
            seen = workers_seen(session, within_s=deployment.alive_s)
            workers = tuple(_worker(one.worker) for one in seen)
            put_off = put_off_count(session)
            waiting, overdue = _waiting(workload, find_offers(session)), workload.overdue
    return Facts(
        times=deployment.times,
        broker=_ask_broker(deployment, needed=bool(workers or waiting)),
        database=database,
        store=try_store(
            deployment.open_store,
            checksums=deployment.checksums,
            is_folder=deployment.store_is_folder,
            key=f"doctor/{uuid4()}",
        ),
        workers=workers,
        waiting=waiting,
        leases_overdue=overdue,
        put_off=put_off,
    )


def _ask_database(url: str) -> DatabaseFacts | Unreachable:
    try:
        health = database_health(url)
    except WorkerError as error:
        return Unreachable(why=str(error))
    return DatabaseFacts(**asdict(health))


def _ask_broker(deployment: Deployment, *, needed: bool) -> BrokerFacts | Unreachable | None:
    """Ask the broker; one that nobody set and that is not there is not missed."""
    found = ask_broker(deployment.broker_url, key_prefix=deployment.broker_key_prefix)
    if isinstance(found, Unreachable) and not deployment.broker_is_set and not needed:
        return None
    return found


def _waiting(workload: Workload, offers: Iterable[Offer]) -> tuple[WaitingWork, ...]:
    """Count unfinished documents by what they are to be read with."""
    offered = {astuple(offer.identity): offer for offer in offers}
    counts: Counter[tuple[str, str, str]] = Counter()
    for group in unfinished(workload.groups):
        counts[group.identity] += group.count
    return tuple(
        WaitingWork(
            templates=frozenset(offered[identity].templates)
            if identity in offered
            else frozenset(),
            model_id=identity[1],
            documents=count,
        )
        for identity, count in sorted(counts.items())
    )


def _worker(worker: Worker) -> WorkerFacts:
    said = worker.facts
    return WorkerFacts(
        worker_id=worker.worker_id,
        kind=worker.kind,
        host=worker.host,
        penname_version=said.get("version"),
        model_ids=frozenset(said.get("models") or ()),
        templates=frozenset(said.get("templates") or ()),
        visibility_s=_setting(said, "redeliver_after_s"),
        cuda_in_parent=said.get("cuda_in_parent"),
        threads=said.get("threads"),
        cores=said.get("cores"),
    )


def _setting(said: Mapping[str, Any], name: str) -> float | None:
    value = (said.get("settings") or {}).get(name)
    return None if value is None else float(value)
