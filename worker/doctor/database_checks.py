"""Is the database up to date and on time, and does the store keep what it is given?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.doctor.facts import Unreachable
from worker.doctor.findings import DoctorCode, fail, warn, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.doctor.facts import DatabaseFacts, Facts, StoreFacts
    from worker.doctor.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLimits:
    """When clocks and connections are too far from what they should be."""

    clock_s: float = 5.0  # leases go by the database's clock, signatures of S3 by this machine's
    clock_fail_s: float = 300.0  # S3 refuses at 15 minutes, and logs no longer line up long before
    free_connections: int = 10  # room for a worker that starts, and for a person who looks


def check_database(facts: Facts, limits: DatabaseLimits | None = None) -> Iterator[Finding]:
    """Look at the database."""
    found, limits = facts.database, limits or DatabaseLimits()
    if isinstance(found, Unreachable):
        yield fail(
            DoctorCode.DATABASE_UNREACHABLE,
            found.why,
            fix="Start the database, or correct PENNAME_DATABASE_URL.",
        )
        return
    yield well(DoctorCode.DATABASE_UNREACHABLE, f"{found.backend} answers")
    if facts.broker is not None:
        yield _backend(found)
    yield _migrations(found)
    yield _clock(found, limits)
    if found.connections is not None and found.max_connections is not None:
        yield _connections(found.connections, found.max_connections, limits)


def check_store(facts: Facts) -> Iterator[Finding]:
    """Look at where crops are kept."""
    store = facts.store
    if facts.broker is not None:
        yield _place(store)
    if store.refusal is None:
        yield well(DoctorCode.STORE_UNUSABLE, "a scratch object was written, read and deleted")
        yield well(DoctorCode.CHECKSUMS_REFUSED, f"it takes checksums {store.checksums}")
    elif store.without_checksums:
        yield fail(
            DoctorCode.CHECKSUMS_REFUSED,
            f"with s3_checksums = {store.checksums}: {store.refusal}; without them it works",
            fix="Set PENNAME_S3_CHECKSUMS=when_required, or upgrade the S3 server.",
        )
    else:
        yield fail(
            DoctorCode.STORE_UNUSABLE,
            store.refusal,
            fix="Workers need to list, read, write and delete under PENNAME_STORE.",
        )
    if store.keeps_versions_apart:
        yield well(DoctorCode.STORE_IGNORES_VERSIONS, "a replaced object is told from the first")
    elif store.keeps_versions_apart is not None:
        yield warn(
            DoctorCode.STORE_IGNORES_VERSIONS,
            "the server ignores If-Match: a scan replaced after it was listed is read as it is",
            fix="Do not replace scans while they are read, or use a server that knows If-Match.",
        )


def _backend(found: DatabaseFacts) -> Finding:
    trouble = warn(
        DoctorCode.DATABASE_IS_A_FILE,
        "a broker is set, but the database is a file: only this machine reaches it",
        fix="Use PostgreSQL for more than one machine: PENNAME_DATABASE_URL=postgresql://...",
    )
    return trouble.unless(found.backend == "postgresql", then="the database is a server")


def _migrations(found: DatabaseFacts) -> Finding:
    if not found.revision_known:
        return fail(
            DoctorCode.MIGRATIONS_AHEAD,
            f"a newer penname wrote the tables (at {found.revision}, this knows {found.head})",
            fix="Upgrade penname on this machine.",
        )
    trouble = fail(
        DoctorCode.MIGRATIONS_BEHIND,
        f"the tables are at {found.revision or 'nothing'}, this penname wants {found.head}",
        fix="Stop the workers and run any command of the new penname, such as penname status.",
    )
    return trouble.unless(found.revision == found.head, then=f"the tables are at {found.head}")


def _clock(found: DatabaseFacts, limits: DatabaseLimits) -> Finding:
    code = DoctorCode.CLOCK_DIFFERS
    off_s = max(abs(found.clock_ahead_s) - found.clock_doubt_s, 0.0)
    side = "ahead of" if found.clock_ahead_s > 0 else "behind"
    if off_s < limits.clock_s:
        return well(code, f"the clocks agree within {off_s + found.clock_doubt_s:.1f} s")
    said = f"the database's clock is {off_s:.0f} s {side} this machine's"
    fix = "Have both set their clocks by NTP."
    return fail(code, said, fix=fix) if off_s >= limits.clock_fail_s else warn(code, said, fix=fix)


def _connections(used: int, most: int, limits: DatabaseLimits) -> Finding:
    code, said = DoctorCode.CONNECTIONS_SHORT, f"{used} of {most} connections in use"
    if most - used >= limits.free_connections:
        return well(code, said)
    return warn(
        code,
        said,
        fix="Raise max_connections, put PgBouncer in between, or run fewer processes.",
    )


def _place(store: StoreFacts) -> Finding:
    trouble = warn(
        DoctorCode.STORE_IS_A_FOLDER,
        "a broker is set, but the store is a folder",
        fix="Where workers run on several machines, all must mount it; a bucket is simpler.",
    )
    return trouble.unless(not store.is_folder, then="the store is a bucket")
