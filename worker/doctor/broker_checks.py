"""Is the queue's server safe to hold messages, and do its times nest?

Sources: https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html on the
visibility timeout and on evicted keys; https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.doctor.facts import Unreachable
from worker.doctor.findings import DoctorCode, fail, warn, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.doctor.facts import BrokerFacts, Facts, QueueTimes
    from worker.doctor.findings import Finding

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLimits:
    """When a broker is too full."""

    used_share: float = 0.6  # of its memory; above, a burst of messages may be refused


def check_times(times: QueueTimes) -> Iterator[Finding]:
    """A message must not come back while its task may still run, nor a lease outlive a task."""
    if not times.soft_limit_s < times.hard_limit_s:
        yield fail(
            DoctorCode.LIMITS_TOO_NEAR,
            f"soft limit {times.soft_limit_s:g} s, hard limit {times.hard_limit_s:g} s",
            fix="Set the soft limit under the hard one, with time to give a document back.",
        )
    else:
        yield well(
            DoctorCode.LIMITS_TOO_NEAR,
            f"soft limit {times.soft_limit_s:g} s < hard limit {times.hard_limit_s:g} s",
        )
    longest_s = max(times.hard_limit_s, times.lease_s)
    if times.visibility_s <= longest_s:
        yield fail(
            DoctorCode.VISIBILITY_TOO_SHORT,
            f"messages come back after {times.visibility_s:g} s, tasks and leases may last "
            f"{longest_s:g} s",
            fix="Raise redeliver_after_s well over task_hard_limit_s: three times is usual.",
        )
    else:
        yield well(
            DoctorCode.VISIBILITY_TOO_SHORT,
            f"messages come back after {times.visibility_s:g} s > {longest_s:g} s",
        )


def check_broker(facts: Facts, limits: BrokerLimits | None = None) -> Iterator[Finding]:
    """Look at the server, if there is one."""
    if facts.broker is None:
        yield warn(
            DoctorCode.NO_BROKER,
            "broker_url is not set, and nothing answers where it would be",
            fix="Set PENNAME_BROKER_URL to use the queue; penname read needs none.",
        )
        return
    if isinstance(facts.broker, Unreachable):
        yield fail(
            DoctorCode.BROKER_UNREACHABLE,
            facts.broker.why,
            fix="Start Redis, or correct PENNAME_BROKER_URL. No document is lost meanwhile.",
        )
        return
    yield well(DoctorCode.BROKER_UNREACHABLE, f"Redis {facts.broker.version} answers")
    yield _eviction(facts.broker)
    yield _persistence(facts.broker)
    yield _memory(facts.broker, limits or BrokerLimits())
    yield _company(facts.broker)
    yield _password(facts.broker)


def _eviction(broker: BrokerFacts) -> Finding:
    code = DoctorCode.BROKER_EVICTS
    if broker.eviction is None:
        return warn(
            DoctorCode.BROKER_HIDES_SETTINGS,
            "the server does not say its maxmemory-policy",
            fix="Look it up where the server is managed: it must be noeviction.",
        )
    if broker.eviction == "noeviction":
        return well(code, "maxmemory-policy is noeviction")
    return fail(
        code,
        f"maxmemory-policy is {broker.eviction}: a full server forgets messages and bindings",
        fix="redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.",
    )


def _persistence(broker: BrokerFacts) -> Finding:
    code = DoctorCode.BROKER_FORGETS
    if broker.append_only is None:
        return warn(
            DoctorCode.BROKER_HIDES_SETTINGS,
            "the server does not say whether it keeps messages over a restart",
            fix="Look it up where the server is managed: turn its append-only file on.",
        )
    if broker.append_only:
        return well(code, "messages are kept over a restart (AOF)")
    return warn(
        code,
        "messages are lost when the server restarts; the sweep sends them again, later",
        fix="redis-cli CONFIG SET appendonly yes, and the same in redis.conf.",
    )


def _memory(broker: BrokerFacts, limits: BrokerLimits) -> Finding:
    code = DoctorCode.BROKER_FULL
    used = f"{broker.used_bytes / _MIB:.0f} MiB"
    if not broker.max_bytes:
        return well(code, f"{used} in use; the server has no limit of its own")
    share = broker.used_bytes / broker.max_bytes
    said = f"{used} of {broker.max_bytes / _MIB:.0f} MiB in use ({share:.0%})"
    if share < limits.used_share:
        return well(code, said)
    return warn(
        code,
        said,
        fix="Raise maxmemory, or look who else keeps data there: penname's messages are tiny.",
    )


def _company(broker: BrokerFacts) -> Finding:
    trouble = warn(
        DoctorCode.BROKER_SHARED,
        f"other Celery apps use this database of the server: {len(broker.other_apps)}",
        fix="Give penname a server or a database number of its own: the shortest visibility "
        "timeout of all apps under one prefix holds for every one of them.",
    )
    return trouble.unless(
        not broker.other_apps, then="no other Celery app uses this database of the server"
    )


def _password(broker: BrokerFacts) -> Finding:
    trouble = warn(
        DoctorCode.BROKER_OPEN,
        "the URL of the broker has no password: whoever reaches the server can run tasks",
        fix="Set requirepass or an ACL user, and TLS (rediss://) where a network lies between.",
    )
    return trouble.unless(broker.has_password, then="the server asks for a password")
