"""What the doctor's checks look at, gathered beforehand: a check opens nothing and asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Checksums: TypeAlias = Literal["when_required", "when_supported"]  # what a store is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """A part of the deployment that did not answer."""

    why: str  # without passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueTimes:
    """The times of the settings that must nest."""

    lease_s: float
    soft_limit_s: float
    hard_limit_s: float
    visibility_s: float  # after which Redis gives a message that nobody acknowledged to another


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerFacts:
    """A Redis that answers."""

    version: str
    eviction: str | None  # its maxmemory-policy; None where it does not say
    append_only: bool | None
    used_bytes: int
    max_bytes: int  # 0 is no limit of its own
    has_password: bool
    other_apps: tuple[str, ...]  # key prefixes of other Celery apps in the same database


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseFacts:
    """A database that answers."""

    backend: str  # "postgresql" or "sqlite"
    revision: str | None  # the migration that its tables are at; None is an empty database
    head: str  # the newest that this code knows
    revision_known: bool  # False when a newer penname wrote it
    clock_ahead_s: float  # the database's clock minus this machine's
    clock_doubt_s: float  # half the round trip: the difference is known no better
    connections: int | None  # in use, of all programs; None on SQLite
    max_connections: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """What became of a scratch object."""

    is_folder: bool
    checksums: Checksums  # the setting
    refusal: str | None  # why the object could not be written, read back and deleted
    without_checksums: bool | None  # whether it could be when checksums were left out
    keeps_versions_apart: bool | None  # whether a replaced object is refused; None: not tried


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """One process of a worker, as it last said of itself in the database."""

    worker_id: str
    kind: str  # "segment", "recognize" or "sweep"
    host: str
    penname_version: str | None = None  # None, or empty, here and below: it did not say
    model_ids: frozenset[str] = frozenset()  # that it can read with
    templates: frozenset[str] = frozenset()  # "ID/PAGE:VERSION" of those that it can cut by
    visibility_s: float | None = None
    cuda_in_parent: bool | None = None
    threads: int | None = None
    cores: int | None = None  # of its host


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWork:
    """Documents that wait or are in hand and are read alike."""

    templates: frozenset[str]  # "ID/PAGE:VERSION" of those that may be on their pages
    model_id: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the checks look at."""

    times: QueueTimes
    broker: BrokerFacts | Unreachable | None  # None: no broker is set
    database: DatabaseFacts | Unreachable
    store: StoreFacts
    workers: tuple[WorkerFacts, ...] | None  # seen lately; None: the database could not be asked
    waiting: tuple[WaitingWork, ...]
    leases_overdue: int
    put_off: int = 0  # documents that keep waiting for a store or database
