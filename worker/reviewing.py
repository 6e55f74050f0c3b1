"""Use cases of review: the next fields for somebody, what they say of one, and taking it back.

Fields are handed out under leases, a few ahead of need so that the next is on the screen at once.
Audits, the random share of fields that passed without a person, are mixed among those in doubt at
random and unmarked: whoever knew one would look at it with other eyes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from recognition.normal import normalise
from worker.answers import check_typed
from worker.database.audit_log import Action, write_log
from worker.database.corrections import add_correction, current_value, withdraw_corrections
from worker.database.review_fields import leased_fields
from worker.database.review_leases import (
    end_lease,
    held_since,
    insert_skip,
    own_leases,
    renew_leases,
    reopen_lease,
    take_lease,
)
from worker.database.review_queue import count_doubtful, find_audits_to_do, find_doubtful
from worker.database.session import looking, transaction
from worker.errors import LeaseLostError
from worker.query_errors import AnswerRefusedError
from worker.types import FieldStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from random import Random
    from uuid import UUID

    from worker.database.review_fields import LeasedField
    from worker.database.session import Session, Sessions
    from worker.roles import Person

LEASE_S = 600
_AUDIT_CHANCE = 0.1  # that an audit comes before what is in doubt, while both wait
_TRIED = 64  # candidates found at once: others are after the same ones
_CHOICES = 5


class Say(StrEnum):
    """What somebody can say of a field."""

    TEXT = "text"
    BLANK = "blank"
    UNREADABLE = "unreadable"
    SKIP = "skip"  # nothing; let another look


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody says of a field that they hold."""

    lease_id: UUID
    say: Say
    text: str = field(default="", repr=False)  # for ``Say.TEXT``


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who works, and by which rules fields come to them."""

    sessions: Sessions
    person: Person
    audit_share: float  # [0, 1]
    random: Random
    lease_s: int = LEASE_S


def next_fields(desk: Desk, count: int, *, but: Collection[UUID] = ()) -> list[LeasedField]:
    """Hand out the next fields: what is held already, then new ones.

    Args:
        desk: who asks.
        count: how many at most.
        but: leases whose fields are on the desk already.
    """
    user_id = desk.person.user_id
    with transaction(desk.sessions) as session:
        lease_ids = own_leases(session, user_id=user_id, but=but, limit=count)
        renew_leases(session, [*lease_ids, *but], user_id=user_id, lasts_s=desk.lease_s)
    lease_ids += _lease_more(desk, count - len(lease_ids))
    with looking(desk.sessions) as session:
        return leased_fields(session, lease_ids, user_id=user_id)


def answer_fields(desk: Desk, answers: Sequence[Answer]) -> None:
    """Write down what somebody says of fields that they hold: all of it, or nothing.

    Raises:
        LeaseLostError: one is somebody else's by now, or was answered already.
        NoSuchResultError: its scan was read anew since.
        AnswerRefusedError: a text is empty, or holds what nobody writes.
    """
    with transaction(desk.sessions) as session:
        for answer in answers:
            _answer(session, desk.person, answer)


def take_back(desk: Desk, lease_id: UUID) -> LeasedField:
    """Put a field that somebody dealt with before them again.

    What they said stays written down and stands until they say something else, or skip it.

    Raises:
        LeaseLostError: somebody else has taken the field since.
    """
    user_id = desk.person.user_id
    with transaction(desk.sessions) as session:
        if reopen_lease(session, lease_id, user_id=user_id, lasts_s=desk.lease_s) is None:
            raise LeaseLostError("somebody else has this field now")
        return leased_fields(session, [lease_id], user_id=user_id)[0]


def held_field(desk: Desk, lease_id: UUID) -> LeasedField:
    """Give a field by its lease, to show its pictures.

    Raises:
        LeaseLostError: it is somebody else's by now.
    """
    with looking(desk.sessions) as session:
        found = leased_fields(session, [lease_id], user_id=desk.person.user_id)
    if not found:
        raise LeaseLostError("somebody else has this field now")
    return found[0]


def waiting(desk: Desk, *, at_most: int) -> int:
    """Count the fields in doubt that wait for somebody, up to a number."""
    with looking(desk.sessions) as session:
        return count_doubtful(session, user_id=desk.person.user_id, at_most=at_most)


def choices(shown: LeasedField) -> list[str]:
    """List the texts that a field may say, the machine's own first, none twice."""
    rivals = (text for text, _ in shown.alternatives)
    texts = [text for text in (shown.text, shown.raw_text, *rivals) if text]
    return list(dict.fromkeys(texts))[:_CHOICES]


def try_lease(desk: Desk, reading_id: UUID) -> UUID | None:
    """Lease a field that was found waiting; None where somebody else was quicker."""
    # One transaction a try: another waits for our row no longer than that.
    with transaction(desk.sessions) as session:
        return take_lease(session, reading_id, user_id=desk.person.user_id, lasts_s=desk.lease_s)


class _Waiting:
    """Readings that were found waiting, to be leased one after the other."""

    def __init__(self, desk: Desk, find: Callable[[], list[UUID]]) -> None:
        """Take who leases them, and how to find some; nothing is looked for yet."""
        self._desk = desk
        self._find = find
        self._found: list[UUID] = []

    def lease(self) -> UUID | None:
        """Lease the first that can be had; None where none can."""
        while self._found or self._search():
            lease_id = try_lease(self._desk, self._found.pop(0))
            if lease_id is not None:
                return lease_id
            # Others are after the same ones: meet them no further.
            self._desk.random.shuffle(self._found)
        return None

    def _search(self) -> bool:
        self._found = self._find()
        return bool(self._found)


def _lease_more(desk: Desk, count: int) -> list[UUID]:
    doubtful = _Waiting(desk, lambda: _find_doubtful(desk))
    audits = _Waiting(desk, lambda: _find_audits(desk))
    taken: list[UUID] = []
    while len(taken) < count:
        first, second = doubtful, audits
        if desk.random.random() < _AUDIT_CHANCE:
            first, second = audits, doubtful
        lease_id = first.lease() or second.lease()
        if lease_id is None:
            break
        taken.append(lease_id)
    return taken


def _find_doubtful(desk: Desk) -> list[UUID]:
    with looking(desk.sessions) as session:
        return find_doubtful(session, user_id=desk.person.user_id, limit=_TRIED)


def _find_audits(desk: Desk) -> list[UUID]:
    with looking(desk.sessions) as session:
        return find_audits_to_do(
            session, user_id=desk.person.user_id, share=desk.audit_share, limit=_TRIED
        )


def _answer(session: Session, person: Person, answer: Answer) -> None:
    reading_id = end_lease(session, answer.lease_id, user_id=person.user_id)
    if reading_id is None:
        raise LeaseLostError("somebody else has this field now, or it was dealt with")
    if answer.say is Say.SKIP:
        insert_skip(session, reading_id, user_id=person.user_id)
        since = held_since(
            session, answer.lease_id
        )  # they skip what they took back: nobody said it
        if withdraw_corrections(session, reading_id, by=person.name, since=since):
            action = Action.FIELD_WITHDRAWN
            write_log(session, who=person.name, action=action, subject=str(reading_id))
        return
    current_value(session, reading_id)  # refuses one that was read anew
    text = normalise(answer.text) if answer.say is Say.TEXT else ""
    if answer.say is Say.TEXT and not text:
        raise AnswerRefusedError("the text is empty; say blank for a field left blank")
    check_typed(text)
    add_correction(
        session, reading_id, text=text, status=_STATUSES[answer.say], corrected_by=person.name
    )
    write_log(session, who=person.name, action=Action.FIELD_CORRECTED, subject=str(reading_id))


_STATUSES = {
    Say.TEXT: FieldStatus.READ,
    Say.BLANK: FieldStatus.BLANK,
    Say.UNREADABLE: FieldStatus.UNREADABLE,
}
