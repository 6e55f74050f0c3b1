"""Use cases: who may work with penname, how they log in, and for whom a token acts.

Logins are limited by counting them in the database, so that several servers share the count. An
attempt is written down before the password is looked at: attempts made at the same moment see
each other. One that is turned away for its number does not count on, or whoever goes on trying
would never get in again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.credentials import (
    LEAST_PASSWORD,
    hash_password,
    is_password,
    new_api_token,
    new_session_token,
    token_digest,
)
from worker.database import people
from worker.database.audit_log import Action, latest_entries, write_log
from worker.database.session import looking, transaction
from worker.errors import (
    NoSuchPersonError,
    PersonRefusedError,
    TooManyLoginsError,
    WrongLoginError,
)

if TYPE_CHECKING:
    from worker.database.audit_log import LogEntry
    from worker.database.session import Session, Sessions
    from worker.roles import Person, Role

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
_NOBODY = "?"  # in the audit log: no login name, so nobody's
_MOST_PASSWORD = 1024  # characters; hashing takes longer for longer ones


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLimits:
    """How often a login may fail, and how long one holds."""

    within_s: int = 900
    by_name: int = 10  # attempts under one name
    by_address: int = 30  # attempts from one address: an office may share one
    session_s: int = 12 * 3600


LOGIN_LIMITS = LoginLimits()


def add_person(sessions: Sessions, *, name: str, role: Role, password: str | None, by: str) -> None:
    """Let somebody work with penname.

    Args:
        sessions: the database.
        name: to log in as; kept in lower case.
        role: what they may do.
        password: None is somebody who comes with tokens only.
        by: who says so.

    Raises:
        PersonRefusedError: the name is taken or cannot be one, or the password is too short.
    """
    login = name.strip().lower()
    if not _NAME.fullmatch(login):
        raise PersonRefusedError(
            "a login name has up to 64 letters a-z, digits and . _ @ -, and starts with a letter "
            "or digit"
        )
    if password is not None and not LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        raise PersonRefusedError(f"a password has at least {LEAST_PASSWORD} characters")
    hashed = None if password is None else hash_password(password)
    with transaction(sessions) as session:
        if not people.insert_person(session, name=login, role=role, password_hash=hashed):
            raise PersonRefusedError(f"there is a {login} already; remove them first")
        write_log(session, who=by, action=Action.PERSON_ADDED, subject=login)


def everybody(sessions: Sessions) -> list[people.ListedPerson]:
    """List who may log in, by name."""
    with looking(sessions) as session:
        return people.list_people(session)


def latest_changes(sessions: Sessions, *, limit: int) -> list[LogEntry]:
    """Give the last lines of the audit log, the newest first."""
    with looking(sessions) as session:
        return latest_entries(session, limit=limit)


def remove_person(sessions: Sessions, *, name: str, by: str) -> None:
    """Remove somebody with all their secrets; what they said about fields stays.

    Raises:
        NoSuchPersonError: nobody has that name.
    """
    with transaction(sessions) as session:
        person = _person(session, name)
        people.delete_person(session, person.user_id)
        write_log(session, who=by, action=Action.PERSON_REMOVED, subject=person.name)


def make_token(sessions: Sessions, *, name: str, label: str, by: str) -> str:
    """Make a token that acts for somebody; it is shown this once and kept as a hash.

    Raises:
        NoSuchPersonError: nobody has that name.
        PersonRefusedError: they have a token of that label, or it cannot be one.
    """
    if not _LABEL.fullmatch(label):
        raise PersonRefusedError("a label has up to 64 letters, digits, spaces and . _ -")
    token = new_api_token()
    with transaction(sessions) as session:
        person = _person(session, name)
        digest = token_digest(token)
        if not people.insert_token(
            session, user_id=person.user_id, label=label, token_sha256=digest
        ):
            raise PersonRefusedError(f"{person.name} has a token {label!r}; revoke it first")
        subject = f"{person.name}/{label}"
        write_log(session, who=by, action=Action.TOKEN_MADE, subject=subject)
    return token


def revoke_token(sessions: Sessions, *, name: str, label: str, by: str) -> None:
    """Make a token worthless.

    Raises:
        NoSuchPersonError: nobody has that name, or no such token.
    """
    with transaction(sessions) as session:
        person = _person(session, name)
        if not people.delete_token(session, user_id=person.user_id, label=label):
            raise NoSuchPersonError(f"{person.name} has no token of that label")
        subject = f"{person.name}/{label}"
        write_log(session, who=by, action=Action.TOKEN_REVOKED, subject=subject)


def log_in(
    sessions: Sessions,
    *,
    name: str,
    password: str,
    address: str,
    limits: LoginLimits = LOGIN_LIMITS,
) -> str:
    """Check a password and open a session; give its secret.

    Raises:
        TooManyLoginsError: too many attempts under this name or from this address.
        WrongLoginError: the name or the password is wrong; which one is not said.
    """
    login = name.strip().lower()
    key = {"name_sha256": token_digest(login), "address": address}
    with transaction(sessions) as session:
        attempt = people.insert_attempt(session, **key)
    with looking(sessions) as session:
        by_name, by_address = people.count_attempts(session, **key, within_s=limits.within_s)
        found = people.find_person(session, login) if _NAME.fullmatch(login) else None
    if by_name > limits.by_name or by_address > limits.by_address:
        with transaction(sessions) as session:
            people.delete_attempt(session, attempt)
        raise TooManyLoginsError(
            f"too many attempts to log in; wait {limits.within_s // 60} minutes"
        )
    if not is_password(password[:_MOST_PASSWORD], found and found[1]) or found is None:
        with transaction(sessions) as session:  # one line whoever it is, which takes as long
            # What else was typed may be a password in the wrong box.
            who = _NOBODY if found is None else login
            write_log(session, who=who, action=Action.LOGIN_FAILED, subject=address)
        raise WrongLoginError("the name or the password is wrong")
    token = new_session_token()
    with transaction(sessions) as session:
        people.delete_attempts(session, **key)
        people.insert_session(
            session,
            user_id=found[0].user_id,
            token_sha256=token_digest(token),
            lasts_s=limits.session_s,
        )
        write_log(session, who=login, action=Action.LOGGED_IN, subject=address)
    return token


def log_out(sessions: Sessions, token: str, *, who: str) -> None:
    """End a session."""
    with transaction(sessions) as session:
        people.delete_session(session, token_digest(token))
        write_log(session, who=who, action=Action.LOGGED_OUT, subject=who)


def who_has_session(sessions: Sessions, token: str) -> Person | None:
    """Say whose session a secret opens, or None."""
    with looking(sessions) as session:
        return people.person_of_session(session, token_digest(token))


def who_has_token(sessions: Sessions, token: str) -> Person | None:
    """Say for whom a token acts, or None."""
    with looking(sessions) as session:
        return people.person_of_token(session, token_digest(token))


def _person(session: Session, name: str) -> Person:
    found = people.find_person(session, name.strip().lower())
    if found is None:
        raise NoSuchPersonError("nobody of that name may log in; penname user list says who")
    return found[0]
