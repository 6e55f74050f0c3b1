"""Every check over the facts, in the order in which a person would fix what they find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.doctor.broker_checks import check_broker, check_times
from worker.doctor.database_checks import check_database, check_store
from worker.doctor.worker_checks import check_workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.doctor.facts import Facts
    from worker.doctor.findings import Finding


def check_all(facts: Facts) -> Iterator[Finding]:
    """Look at all that was gathered; well findings are told too."""
    yield from check_times(facts.times)
    yield from check_database(facts)
    yield from check_store(facts)
    yield from check_broker(facts)
    yield from check_workers(facts)
