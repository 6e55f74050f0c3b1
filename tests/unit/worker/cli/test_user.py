from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from tests.database import opened
from worker.cli.user import user_app
from worker.errors import ConfigError, NoSuchPersonError, PersonRefusedError
from worker.people import log_in, who_has_token

app = typer.Typer()
app.add_typer(user_app, name="user")
PASSWORD = "a good long password"  # noqa: S105, of nobody


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/penname.db"


@pytest.fixture
def run(url):
    def run(*arguments, typed=None):
        return CliRunner().invoke(
            app, ["user", *arguments, "--db", url], input=typed, catch_exceptions=False
        )

    return run


def test_somebody_is_added_with_a_password_from_stdin_and_listed(run, url):
    added = run("add", "Rita", "--role", "admin", typed=f"{PASSWORD}\n")

    assert added.output == "rita may log in as admin\n"
    assert "rita" in run("list").output
    assert PASSWORD not in run("list").output
    with opened(url) as sessions:
        assert log_in(sessions, name="rita", password=PASSWORD, address="here")


def test_a_password_is_asked_for_twice_on_a_terminal(run, monkeypatch):
    monkeypatch.setattr("worker.cli.user.is_terminal", lambda: True)

    added = run("add", "rita", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert added.exit_code == 0
    assert PASSWORD not in added.output


def test_an_empty_password_is_refused(run):
    with pytest.raises(PersonRefusedError, match="12 characters"):
        run("add", "rita", typed="\n")


def test_a_token_is_printed_once_and_can_be_revoked(run, url):
    run("add", "robot", "--role", "viewer", "--without-password")

    token = run("token", "robot", "--label", "export").output.strip()

    with opened(url) as sessions:
        assert who_has_token(sessions, token) is not None
    assert "export" in run("list").output
    assert token not in run("list").output
    assert "worthless" in run("token", "robot", "--label", "export", "--revoke").output
    with opened(url) as sessions:
        assert who_has_token(sessions, token) is None


def test_somebody_is_removed(run):
    run("add", "rita", "--without-password")

    assert run("remove", "rita").output == "rita may no longer log in\n"
    with pytest.raises(NoSuchPersonError):
        run("remove", "rita")


def test_a_mistyped_database_is_not_made_but_for_the_first_person(run, tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        run("list")
    assert not list(tmp_path.iterdir())
