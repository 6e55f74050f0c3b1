"""People who may log in, their sessions, tokens and failed logins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, func, select

from worker.database.dialects import insert_into, utc_in, utc_now
from worker.database.web_models import (
    ApiTokenRow,
    LoginAttemptRow,
    ReviewLeaseRow,
    ReviewSkipRow,
    UserRow,
    WebSessionRow,
)
from worker.roles import Person

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

    from worker.roles import Role

_ATTEMPTS_KEPT_S = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPerson:
    """One line of the list of people."""

    name: str
    role: Role
    has_password: bool
    tokens: tuple[str, ...]  # their labels
    created_at: datetime


def insert_person(session: Session, *, name: str, role: Role, password_hash: str | None) -> bool:
    """Add somebody; False where the name is taken."""
    new = insert_into(session, UserRow).values(
        id=uuid4(), name=name, role=role, password_hash=password_hash, created_at=utc_now()
    )
    added = new.on_conflict_do_nothing(index_elements=[UserRow.name]).returning(UserRow.id)
    return session.execute(added).one_or_none() is not None


def find_person(session: Session, name: str) -> tuple[Person, str | None] | None:
    """Give somebody with the hash of their password, or None."""
    row = session.scalars(select(UserRow).where(UserRow.name == name)).one_or_none()
    if row is None:
        return None
    return Person(user_id=row.id, name=row.name, role=row.role), row.password_hash


def list_people(session: Session) -> list[ListedPerson]:
    """List everybody, by name."""
    labels: dict[UUID, list[str]] = {}
    for token in session.scalars(select(ApiTokenRow).order_by(ApiTokenRow.label)):
        labels.setdefault(token.user_id, []).append(token.label)
    return [
        ListedPerson(
            name=row.name,
            role=row.role,
            has_password=row.password_hash is not None,
            tokens=tuple(labels.get(row.id, ())),
            created_at=row.created_at,
        )
        for row in session.scalars(select(UserRow).order_by(UserRow.name))
    ]


def delete_person(session: Session, user_id: UUID) -> None:
    """Remove somebody with all their secrets; what they said about fields stays."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.user_id == user_id))
    session.execute(delete(ApiTokenRow).where(ApiTokenRow.user_id == user_id))
    session.execute(delete(ReviewLeaseRow).where(ReviewLeaseRow.held_by == user_id))
    session.execute(delete(ReviewSkipRow).where(ReviewSkipRow.user_id == user_id))
    session.execute(delete(UserRow).where(UserRow.id == user_id))


def insert_session(session: Session, *, user_id: UUID, token_sha256: str, lasts_s: int) -> None:
    """Open a session, and forget those that are over."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.expires_at < utc_now()))
    session.execute(
        insert_into(session, WebSessionRow).values(
            token_sha256=token_sha256,
            user_id=user_id,
            created_at=utc_now(),
            expires_at=utc_in(lasts_s),
        )
    )


def delete_session(session: Session, token_sha256: str) -> None:
    """End a session; it may have ended already."""
    session.execute(delete(WebSessionRow).where(WebSessionRow.token_sha256 == token_sha256))


def person_of_session(session: Session, token_sha256: str) -> Person | None:
    """Give whose session this is, or None where it is over."""
    query = _people().join(WebSessionRow, WebSessionRow.user_id == UserRow.id)
    return _one_person(
        session,
        query.where(
            WebSessionRow.token_sha256 == token_sha256, WebSessionRow.expires_at > utc_now()
        ),
    )


def insert_token(session: Session, *, user_id: UUID, label: str, token_sha256: str) -> bool:
    """Keep a token; False where the person has one of that label."""
    new = insert_into(session, ApiTokenRow).values(
        token_sha256=token_sha256, user_id=user_id, label=label, created_at=utc_now()
    )
    key = [ApiTokenRow.user_id, ApiTokenRow.label]
    kept = new.on_conflict_do_nothing(index_elements=key).returning(ApiTokenRow.label)
    return session.execute(kept).one_or_none() is not None


def delete_token(session: Session, *, user_id: UUID, label: str) -> bool:
    """Revoke a token; False where there is none of that label."""
    gone = delete(ApiTokenRow).where(ApiTokenRow.user_id == user_id, ApiTokenRow.label == label)
    return session.execute(gone.returning(ApiTokenRow.label)).one_or_none() is not None


def person_of_token(session: Session, token_sha256: str) -> Person | None:
    """Give for whom a token acts, or None where it is not known."""
    query = _people().join(ApiTokenRow, ApiTokenRow.user_id == UserRow.id)
    return _one_person(session, query.where(ApiTokenRow.token_sha256 == token_sha256))


def insert_attempt(session: Session, *, name_sha256: str, address: str) -> int:
    """Write down an attempt to log in, forget those of yesterday, and give its id."""
    old = LoginAttemptRow.attempted_at < utc_in(-_ATTEMPTS_KEPT_S)
    session.execute(delete(LoginAttemptRow).where(old))
    new = insert_into(session, LoginAttemptRow).values(
        name_sha256=name_sha256, address=address, attempted_at=utc_now()
    )
    return session.scalars(new.returning(LoginAttemptRow.id)).one()


def delete_attempt(session: Session, attempt_id: int) -> None:
    """Forget an attempt that was turned away unseen: it tells nobody anything about a password."""
    session.execute(delete(LoginAttemptRow).where(LoginAttemptRow.id == attempt_id))


def count_attempts(
    session: Session, *, name_sha256: str, address: str, within_s: int
) -> tuple[int, int]:
    """Count the attempts under a name and from an address, in the last seconds."""

    def count(which: ColumnElement[bool]) -> int:
        recent = LoginAttemptRow.attempted_at > utc_in(-within_s)
        query = select(func.count()).select_from(LoginAttemptRow).where(which, recent)
        return session.scalars(query).one()

    return (
        count(LoginAttemptRow.name_sha256 == name_sha256),
        count(LoginAttemptRow.address == address),
    )


def delete_attempts(session: Session, *, name_sha256: str, address: str) -> None:
    """Forget the attempts of somebody who got in after all."""
    session.execute(
        delete(LoginAttemptRow).where(
            LoginAttemptRow.name_sha256 == name_sha256, LoginAttemptRow.address == address
        )
    )


def _people() -> Select[UUID, str, Role]:
    return select(UserRow.id, UserRow.name, UserRow.role)


def _one_person(session: Session, query: Select[UUID, str, Role]) -> Person | None:
    row = session.execute(query).one_or_none()
    return row and Person(user_id=row.id, name=row.name, role=row.role)
