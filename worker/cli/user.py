"""``penname user``: the people who may log in to the web application, and their tokens."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.correct import login_name
from worker.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.database.session import Sessions

user_app = typer.Typer(
    help="Say who may log in to penname web, and make tokens for programs.", no_args_is_help=True
)

_Name = Annotated[str, typer.Argument(help="What they log in as.")]
_Db = Annotated[str | None, typer.Option(help="Database URL.")]


@user_app.command()
def add(
    name: _Name,
    *,
    role: Annotated[
        Role, typer.Option(help="viewer looks, reviewer checks fields too, admin does everything.")
    ] = Role.REVIEWER,
    without_password: Annotated[
        bool, typer.Option("--without-password", help="They come with tokens only.")
    ] = False,
    db: _Db = None,
) -> None:
    """Let somebody log in. The password is asked for; without a terminal it is read from stdin."""
    from worker.people import add_person

    password = None if without_password else _ask_password()
    with _opened(db, may_be_new=True) as sessions:
        add_person(sessions, name=name, role=role, password=password, by=login_name())
    print(f"{name.strip().lower()} may log in as {role}")


@user_app.command("list")
def list_(*, db: _Db = None) -> None:
    """List who may log in."""
    from worker.cli.comparisons import print_table
    from worker.people import everybody

    head = ("name", "role", "password", "tokens", "since")
    with _opened(db) as sessions:
        lines = [
            (
                person.name,
                person.role,
                "yes" if person.has_password else "no",
                ", ".join(person.tokens) or "-",
                f"{person.created_at:%Y-%m-%d}",
            )
            for person in everybody(sessions)
        ]
    print_table([head, *lines])


@user_app.command()
def remove(name: _Name, *, db: _Db = None) -> None:
    """Remove somebody with their sessions and tokens; what they said about fields stays."""
    from worker.people import remove_person

    with _opened(db) as sessions:
        remove_person(sessions, name=name, by=login_name())
    print(f"{name.strip().lower()} may no longer log in")


@user_app.command()
def token(
    name: Annotated[str, typer.Argument(help="For whom it acts, with their role.")],
    *,
    label: Annotated[str, typer.Option(help="What it is for; one token a label.")] = "api",
    revoke: Annotated[bool, typer.Option("--revoke", help="Make it worthless instead.")] = False,
    db: _Db = None,
) -> None:
    """Make a token for a program and print it, this once."""
    from worker.people import make_token, revoke_token

    with _opened(db) as sessions:
        if revoke:
            revoke_token(sessions, name=name, label=label, by=login_name())
            print(f"token {label!r} of {name.strip().lower()} is worthless now")
        else:
            print(make_token(sessions, name=name, label=label, by=login_name()))


@contextmanager
def _opened(db: str | None, *, may_be_new: bool = False) -> Iterator[Sessions]:
    """Open the database for one command."""
    from worker.config import read_settings
    from worker.database.session import closed_after, open_database, open_existing

    url = read_settings(database_url=db).database_url.get_secret_value()
    sessions = open_database(url) if may_be_new else open_existing(url)
    with closed_after(sessions):
        yield sessions


def _ask_password() -> str:
    """Ask twice on a terminal; never take it as an argument, which other users could see."""
    if is_terminal():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def is_terminal() -> bool:
    """Say whether a person sits at the other end of stdin."""
    return sys.stdin.isatty()
