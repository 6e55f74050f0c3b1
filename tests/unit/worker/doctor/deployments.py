"""Facts of a deployment in order, to be spoilt in one place by each test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from worker.doctor.facts import (
    BrokerFacts,
    DatabaseFacts,
    Facts,
    QueueTimes,
    StoreFacts,
    WaitingWork,
    WorkerFacts,
)

TEMPLATES = frozenset({"intake/0:0f0f"})


def worker(kind: str, **changes: Any) -> WorkerFacts:
    """One process of a worker that says all there is to say."""
    said = WorkerFacts(
        worker_id=f"{kind}-1",
        kind=kind,
        host="node-1",
        penname_version="0.1.0",
        model_ids=frozenset({"aaaaaaaaaaaa"}) if kind == "recognize" else frozenset(),
        templates=TEMPLATES if kind == "segment" else frozenset(),
        visibility_s=900.0,
        cuda_in_parent=False,
        threads=1,
        cores=4,
    )
    return replace(said, **changes)


def deployment(**changes: Any) -> Facts:
    """PostgreSQL, a bucket, Redis and a worker of each kind, with work waiting."""
    facts = Facts(
        times=QueueTimes(lease_s=20.0, soft_limit_s=240.0, hard_limit_s=300.0, visibility_s=900.0),
        broker=broker(),
        database=database(),
        store=store(),
        workers=(worker("segment"), worker("recognize"), worker("sweep")),
        waiting=(WaitingWork(templates=TEMPLATES, model_id="aaaaaaaaaaaa", documents=3),),
        leases_overdue=0,
    )
    return replace(facts, **changes)


def broker(**changes: Any) -> BrokerFacts:
    """A Redis set up as it should be."""
    facts = BrokerFacts(
        version="7.2.5",
        eviction="noeviction",
        append_only=True,
        used_bytes=1 << 20,
        max_bytes=1 << 29,
        has_password=True,
        other_apps=(),
    )
    return replace(facts, **changes)


def database(**changes: Any) -> DatabaseFacts:
    """A PostgreSQL up to date and on time."""
    facts = DatabaseFacts(
        backend="postgresql",
        revision="0004",
        head="0004",
        revision_known=True,
        clock_ahead_s=0.2,
        clock_doubt_s=0.01,
        connections=12,
        max_connections=100,
    )
    return replace(facts, **changes)


def store(**changes: Any) -> StoreFacts:
    """A bucket that keeps what it is given."""
    facts = StoreFacts(
        is_folder=False,
        checksums="when_required",
        refusal=None,
        without_checksums=None,
        keeps_versions_apart=True,
    )
    return replace(facts, **changes)
