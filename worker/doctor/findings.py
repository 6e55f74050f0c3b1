"""What the doctor can find: a stable code, how bad it is, what was seen, and what to do.

Scripts and alerts know the codes, so they are never renamed; ``docs/doctor.md`` has an entry for
each. What was seen is numbers, states and settings, never a password, a file or a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"  # works, but costs time or will fail one day
    FAIL = "fail"  # loses time now, refuses work, or gives results that differ


class DoctorCode(StrEnum):
    """What can be found; stored by scripts, so never rename a value."""

    # settings
    UNKNOWN_SETTINGS = "unknown_settings"
    SETTINGS_WRONG = "settings_wrong"
    LIMITS_TOO_NEAR = "limits_too_near"
    # broker
    NO_BROKER = "no_broker"
    BROKER_UNREACHABLE = "broker_unreachable"
    BROKER_EVICTS = "broker_evicts"
    BROKER_FORGETS = "broker_forgets"
    BROKER_FULL = "broker_full"
    BROKER_SHARED = "broker_shared"
    BROKER_OPEN = "broker_open"
    BROKER_HIDES_SETTINGS = "broker_hides_settings"
    VISIBILITY_TOO_SHORT = "visibility_too_short"
    VISIBILITY_DIFFERS = "visibility_differs"
    # database
    DATABASE_UNREACHABLE = "database_unreachable"
    DATABASE_IS_A_FILE = "database_is_a_file"
    MIGRATIONS_BEHIND = "migrations_behind"
    MIGRATIONS_AHEAD = "migrations_ahead"
    CLOCK_DIFFERS = "clock_differs"
    CONNECTIONS_SHORT = "connections_short"
    # store
    STORE_UNUSABLE = "store_unusable"
    STORE_IS_A_FOLDER = "store_is_a_folder"
    CHECKSUMS_REFUSED = "checksums_refused"
    STORE_IGNORES_VERSIONS = "store_ignores_versions"
    # workers
    NO_WORKER = "no_worker"
    WORK_WITHOUT_WORKER = "work_without_worker"
    WORKERS_DIFFER = "workers_differ"
    CUDA_IN_PARENT = "cuda_in_parent"
    TOO_MANY_THREADS = "too_many_threads"
    LEASES_OVERDUE = "leases_overdue"
    WORK_PUT_OFF = "work_put_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    code: DoctorCode
    level: Level
    found: str  # what was seen; also said when all is well
    fix: str  # what to do; "" when all is well

    def unless(self, fine: object, *, then: str) -> Finding:
        """Give this finding, or say that all is well where it is."""
        return well(self.code, then) if fine else self


def well(code: DoctorCode, found: str) -> Finding:
    """Say that a trap is not there."""
    return Finding(code=code, level=Level.OK, found=found, fix="")


def warn(code: DoctorCode, found: str, *, fix: str) -> Finding:
    """Say what will cost time one day."""
    return Finding(code=code, level=Level.WARN, found=found, fix=fix)


def fail(code: DoctorCode, found: str, *, fix: str) -> Finding:
    """Say what is broken now."""
    return Finding(code=code, level=Level.FAIL, found=found, fix=fix)
