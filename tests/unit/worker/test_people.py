from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, text

from tests.database import rows
from worker.database.session import transaction
from worker.errors import (
    NoSuchPersonError,
    PersonRefusedError,
    TooManyLoginsError,
    WrongLoginError,
)
from worker.people import (
    LoginLimits,
    add_person,
    everybody,
    latest_changes,
    log_in,
    log_out,
    make_token,
    remove_person,
    revoke_token,
    who_has_session,
    who_has_token,
)
from worker.roles import Role

PASSWORD = "a good long password"  # noqa: S105, of nobody


def add(sessions, name="rita", role=Role.REVIEWER, password=PASSWORD):
    add_person(sessions, name=name, role=role, password=password, by="root")


def enter(sessions, password=PASSWORD, name="rita", address="10.0.0.1", **limits):
    return log_in(
        sessions,
        name=name,
        password=password,
        address=address,
        limits=LoginLimits(**limits),
    )


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.VIEWER, [Role.VIEWER]),
        (Role.REVIEWER, [Role.VIEWER, Role.REVIEWER]),
        (Role.ADMIN, list(Role)),
    ],
)
def test_a_role_may_do_what_the_ones_below_it_may(role, may):
    assert [wanted for wanted in Role if role.may_act_as(wanted)] == may


def test_somebody_logs_in_and_out(sessions):
    add(sessions, " Rita ")

    token = enter(sessions, name="RITA")

    person = who_has_session(sessions, token)
    assert person is not None
    assert (person.name, person.role) == ("rita", Role.REVIEWER)
    log_out(sessions, token, who="rita")
    assert who_has_session(sessions, token) is None


def test_a_session_ends_by_itself(sessions):
    add(sessions)

    assert who_has_session(sessions, enter(sessions, session_s=-1)) is None


@pytest.mark.parametrize(
    ("name", "password"), [("rita", "wrong"), ("otto", PASSWORD), ("robot", ""), ("", "")]
)
def test_a_wrong_login_is_refused_whatever_is_wrong(sessions, name, password):
    add(sessions)
    add(sessions, "robot", password=None)

    with pytest.raises(WrongLoginError, match="the name or the password is wrong"):
        enter(sessions, password, name)


def test_attempts_are_limited_by_address_whatever_the_names(sessions):
    for number in range(3):
        with pytest.raises(WrongLoginError):
            enter(sessions, name=f"guess{number}", by_address=3)

    with pytest.raises(TooManyLoginsError, match="15 minutes"):
        enter(sessions, name="another", by_address=3)
    with pytest.raises(WrongLoginError):
        enter(sessions, name="another", address="10.0.0.2", by_address=3)


def test_attempts_count_for_a_while_only(sessions):
    add(sessions)
    for _ in range(3):
        with pytest.raises(WrongLoginError):
            enter(sessions, "wrong", by_name=3)

    assert enter(sessions, by_name=3, within_s=0)


def test_whoever_is_turned_away_and_goes_on_trying_gets_in_once_the_time_is_over(sessions):
    add(sessions)
    for _ in range(3):
        with pytest.raises(WrongLoginError):
            enter(sessions, "wrong", by_name=3)
    for _ in range(5):
        with pytest.raises(TooManyLoginsError):
            enter(sessions, by_name=3)

    with transaction(sessions) as session:
        session.execute(text("UPDATE login_attempts SET attempted_at = '2020-01-01' WHERE id <= 3"))

    assert enter(sessions, by_name=3)


def test_a_name_that_nobody_has_costs_what_a_wrong_password_does(sessions, monkeypatch):
    """The same work, since time itself is too noisy to compare."""
    add(sessions)

    def work_of(name):
        done = []
        with monkeypatch.context() as changed:
            verify = PasswordHasher.verify

            def noted(*given):
                done.append("hash")
                return verify(*given)

            changed.setattr(PasswordHasher, "verify", noted)
            event.listen(sessions.kw["bind"], "before_cursor_execute", note := _noting(done))
            with pytest.raises(WrongLoginError):
                enter(sessions, "wrong", name)
            event.remove(sessions.kw["bind"], "before_cursor_execute", note)
        return done

    assert work_of("otto") == work_of("rita")


def _noting(done):
    return lambda *call: done.append(call[2])


@pytest.mark.parametrize(
    "name", ["", "a b", "../etc", "<script>", "ri\nta", "x" * 65, "é", "-rita", "rita'--"]
)
def test_a_hostile_name_is_no_login_name(sessions, name):
    with pytest.raises(PersonRefusedError, match="login name"):
        add(sessions, name)


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 1025])
def test_a_password_of_the_wrong_length_is_refused(sessions, password):
    with pytest.raises(PersonRefusedError, match="password"):
        add(sessions, password=password)


def test_a_name_is_given_once(sessions):
    add(sessions)

    with pytest.raises(PersonRefusedError, match="already"):
        add(sessions, "Rita")


def test_a_token_acts_for_its_person_until_it_is_revoked(sessions):
    add(sessions, "robot", Role.VIEWER, None)
    token = make_token(sessions, name="robot", label="export", by="root")

    person = who_has_token(sessions, token)

    assert person is not None
    assert (person.name, person.role) == ("robot", Role.VIEWER)
    assert who_has_token(sessions, token + "x") is None
    revoke_token(sessions, name="robot", label="export", by="root")
    assert who_has_token(sessions, token) is None


def test_a_token_has_a_label_of_its_own(sessions):
    add(sessions)
    make_token(sessions, name="rita", label="export", by="root")

    with pytest.raises(PersonRefusedError, match="revoke it first"):
        make_token(sessions, name="rita", label="export", by="root")
    with pytest.raises(PersonRefusedError, match="label"):
        make_token(sessions, name="rita", label="<b>", by="root")
    with pytest.raises(NoSuchPersonError, match="no token"):
        revoke_token(sessions, name="rita", label="other", by="root")


def test_whoever_is_removed_is_out_at_once_and_what_they_said_stays(sessions):
    add(sessions)
    session, token = enter(sessions), make_token(sessions, name="rita", label="x", by="root")

    remove_person(sessions, name="rita", by="root")

    assert who_has_session(sessions, session) is None
    assert who_has_token(sessions, token) is None
    assert everybody(sessions) == []
    with pytest.raises(NoSuchPersonError):
        remove_person(sessions, name="rita", by="root")


def test_the_log_says_who_did_what_and_no_secret(sessions):
    add(sessions)
    make_token(sessions, name="rita", label="x", by="root")
    with pytest.raises(WrongLoginError):
        enter(sessions, "secret typed wrongly")
    with pytest.raises(WrongLoginError):
        enter(sessions, name=PASSWORD)  # typed into the wrong box
    enter(sessions)

    entries = latest_changes(sessions, limit=9)

    assert [(entry.who, entry.action, entry.subject) for entry in reversed(entries)] == [
        ("root", "person_added", "rita"),
        ("root", "token_made", "rita/x"),
        ("rita", "login_failed", "10.0.0.1"),
        ("?", "login_failed", "10.0.0.1"),
        ("rita", "logged_in", "10.0.0.1"),
    ]
    kept = str(
        rows(sessions, "SELECT * FROM login_attempts") + rows(sessions, "SELECT * FROM audit_log")
    )
    assert "secret" not in kept
    assert PASSWORD not in kept


def test_people_are_listed_with_what_they_come_with(sessions):
    add(sessions, "rita")
    add(sessions, "anna", Role.ADMIN, None)
    make_token(sessions, name="anna", label="b", by="root")
    make_token(sessions, name="anna", label="a", by="root")

    listed = [(one.name, one.role, one.has_password, one.tokens) for one in everybody(sessions)]

    assert listed == [
        ("anna", Role.ADMIN, False, ("a", "b")),
        ("rita", Role.REVIEWER, True, ()),
    ]
