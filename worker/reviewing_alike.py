"""Use cases of review, many fields at once: those that were read as the same name.

A row of equal names shows an odd one at a glance. Audits are left out of it: who sees thirty-nine
of the same name believes the fortieth.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.database.review_fields import LeasedField, leased_fields
from worker.database.review_leases import end_lease
from worker.database.review_queue import find_alike, largest_groups
from worker.database.session import looking, transaction
from worker.errors import LeaseLostError, NoSuchResultError
from worker.reviewing import Answer, Desk, Say, answer_fields, try_lease

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

GROUP = 40  # fields on one screen
_LEAST = 3  # fields that make a group
_TRIED = 100  # texts: those of scans that were read anew may come first


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Fields that were read as the same name."""

    text: str = field(repr=False)
    fields: tuple[LeasedField, ...]


def next_group(desk: Desk) -> Group | None:
    """Hand out the largest group that waits; None where no name waits often enough."""
    user_id = desk.person.user_id
    while found := _find_group(desk):
        text, reading_ids = found
        taken = (try_lease(desk, reading_id) for reading_id in reading_ids)
        lease_ids = [lease_id for lease_id in taken if lease_id is not None]
        if lease_ids:  # else somebody was quicker with all of them
            with looking(desk.sessions) as session:
                fields = leased_fields(session, lease_ids, user_id=user_id)
            return Group(text=text, fields=tuple(fields))
    return None


def settle_group(desk: Desk, *, same: Collection[UUID], odd: Collection[UUID]) -> int:
    """Confirm the machine's text of some fields, and put the odd ones back for a closer look.

    Args:
        desk: who says so.
        same: leases of the fields whose text is right.
        odd: leases of the others.

    Returns:
        How many were confirmed: not those that another person took over or that were read anew.
    """
    user_id = desk.person.user_id
    with looking(desk.sessions) as session:
        fields = leased_fields(session, same, user_id=user_id)
    confirmed = 0
    for own in fields:
        answer = Answer(lease_id=own.lease_id, say=Say.TEXT, text=own.text)
        with suppress(LeaseLostError, NoSuchResultError):
            answer_fields(desk, [answer])
            confirmed += 1
    with transaction(desk.sessions) as session:
        for lease_id in odd:
            end_lease(session, lease_id, user_id=user_id)
    return confirmed


def _find_group(desk: Desk) -> tuple[str, list[UUID]] | None:
    """Find the largest group, by its text and the readings of it that may be had."""
    user_id = desk.person.user_id
    with looking(desk.sessions) as session:
        for text in largest_groups(session, user_id=user_id, least=_LEAST, limit=_TRIED):
            found = find_alike(session, user_id=user_id, text=text, limit=GROUP)
            if len(found) >= _LEAST:  # else they were read anew
                return text, found
    return None
