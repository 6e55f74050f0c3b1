"""Use case: how wrong the values are that no person sees, measured for ever on a random share.

The share is drawn by chance alone and looked at by people who do not know that it is an audit, so
its error rate is that of all values that pass, up to the luck of the draw; the bound says how far
luck can go (``worker.binomial``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.binomial import upper_bound
from worker.database.audit_sample import FieldCounts, count_fields
from worker.database.audits import last_made_with
from worker.database.session import looking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.database.session import Sessions
    from worker.types import ReadWith

LEVEL = 0.95  # how sure to be of a bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One field of one form, or all of them."""

    counts: FieldCounts
    through: float  # [0, 1], share of the readings that passed without a person
    error: float | None  # measured among those checked; None where none was
    bound: float  # the true error is at most this, at ``LEVEL``


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What the audit says of the readings made by one model and decoder."""

    used: ReadWith
    share: float  # of the values that passed, drawn
    about: bool  # how many there are, and how many pass, was reckoned from a random part
    all_fields: Measured
    fields: tuple[Measured, ...]


def report_audit(sessions: Sessions, *, share: float) -> AuditReport | None:
    """Measure the readings of what read last; None where nothing was read."""
    with looking(sessions) as session:
        used = last_made_with(session)
        if used is None:
            return None
        counted = count_fields(session, used, share=share)
    return AuditReport(
        used=used,
        share=share,
        about=counted.about,
        all_fields=_measured(_sum(counted.fields)),
        fields=tuple(map(_measured, counted.fields)),
    )


def _measured(counts: FieldCounts) -> Measured:
    return Measured(
        counts=counts,
        through=counts.passed / counts.readings,
        error=counts.wrong / counts.checked if counts.checked else None,
        bound=upper_bound(counts.wrong, counts.checked, level=LEVEL),
    )


def _sum(counts: Sequence[FieldCounts]) -> FieldCounts:
    return FieldCounts(
        template_id="",
        field_name="",
        readings=sum(own.readings for own in counts),
        passed=sum(own.passed for own in counts),
        sampled=sum(own.sampled for own in counts),
        checked=sum(own.checked for own in counts),
        wrong=sum(own.wrong for own in counts),
    )
