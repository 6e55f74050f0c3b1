"""Pick, for each field, the confidence above which readings need no person.

What people corrected or confirmed says how often the machine is right. Audited readings are
tested from the most confident downward, one after the other: at each, is the upper bound of the
error rate among all audited readings so far at most the target? The order is fixed before any
outcome is seen, and the first answer of no ends the walk, so that trying many thresholds does
not make a lucky one pass: the chance that a field gets a threshold whose true error is above
the target is at most 1 - level (fixed-sequence testing; Maurer, Hothorn and Lehmacher 1995).
The walk starts where the bound would pass without any error; before, none could.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from worker.binomial import is_below, least_count, upper_bound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from worker.database.audits import Audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a threshold has to keep."""

    error: float  # share of wrong values among those that no person sees, in (0, 1)
    level: float = 0.95  # how sure to be of it, in (0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRoute:
    """What was decided about one field, and on what grounds."""

    template_id: str
    field_name: str
    threshold: float | None  # least confidence that needs no person; None sends all to review
    readings: int  # of the field, blank ones left out
    audited: int  # of those that confidence decides about, by people
    accepted: int  # audited readings at the threshold or above it
    errors: int  # among these
    bound: float | None  # upper bound of the error rate at the threshold or above it
    through: float  # [0, 1], share of all readings that go straight through
    more_needed: int  # audited readings lacking, at least, for any threshold; 0 with one


def pick_routes(audits: Iterable[Audit], target: Target) -> list[FieldRoute]:
    """Decide about every field, in the order of template and name.

    Raises:
        ValueError: the target is not between 0 and 1.
    """
    by_field: dict[tuple[str, str], list[Audit]] = defaultdict(list)
    for audit in audits:
        by_field[audit.template_id, audit.field_name].append(audit)
    return [_pick(own, target) for _, own in sorted(by_field.items())]


def _pick(audits: Sequence[Audit], target: Target) -> FieldRoute:
    looked_at = [
        (audit.confidence, audit.right)
        for audit in audits
        if audit.may_pass and audit.right is not None
    ]
    cut = _cut(looked_at, target)
    if cut.passed:
        sure = sum(audit.may_pass and audit.confidence >= cut.confidence for audit in audits)
        bound = upper_bound(cut.errors, cut.accepted, level=target.level)
    else:
        sure, bound = 0, None
    return FieldRoute(
        template_id=audits[0].template_id,
        field_name=audits[0].field_name,
        threshold=cut.confidence if cut.passed else None,
        readings=len(audits),
        audited=len(looked_at),
        accepted=cut.accepted if cut.passed else 0,
        errors=cut.errors if cut.passed else 0,
        bound=bound,
        through=sure / len(audits),
        more_needed=0 if cut.passed else _lacking(cut, target),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cut:
    """The audited readings down to one confidence."""

    confidence: float
    accepted: int
    errors: int
    passed: bool = False


def _cut(audited: Sequence[tuple[float, bool]], target: Target) -> _Cut:
    """Walk down; give the last cut that passed, or the one at which the walk ended without."""
    start = least_count(0, target.error, level=target.level)
    ranked = sorted(audited, key=lambda pair: -pair[0])
    cut = best = _Cut(confidence=1.0, accepted=0, errors=0)
    for confidence, tied in groupby(ranked, key=lambda pair: pair[0]):
        outcomes = [right for _, right in tied]
        cut = _Cut(
            confidence=confidence,
            accepted=cut.accepted + len(outcomes),
            errors=cut.errors + outcomes.count(False),
        )
        if cut.accepted < start:
            continue
        if not is_below(target.error, cut.errors, cut.accepted, level=target.level):
            break
        best = _Cut(confidence=confidence, accepted=cut.accepted, errors=cut.errors, passed=True)
    return best if best.passed else cut


def _lacking(cut: _Cut, target: Target) -> int:
    """Count the audited readings that would have to join this cut, all of them right."""
    return least_count(cut.errors, target.error, level=target.level) - cut.accepted
