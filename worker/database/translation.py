"""Turn what a database driver says into the worker's errors, with advice.

Only the driver's own first line is passed on: SQLAlchemy's text holds the statement, and
PostgreSQL's detail the row, with the names in it. Neither holds the password.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from worker.errors import ConfigError, DatabaseUnavailableError, WorkerError
from worker.query_errors import TextRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

# Part of what SQLite or libpq says -> what to do about it.
_ADVICE = {
    "unable to open database file": "its folder must exist and be writable",
    "readonly database": "ask for the right to write the file and its folder, or use another --db",
    "database or disk is full": "make room on the disk, then run the same command again",
    "disk i/o error": "look at the disk: it may be full, or the file too large for its limits",
    "database is locked": "another program is writing to it; run the same command again",
    "malformed": "restore it from a backup; the file is damaged",
    "authentication failed": "check the user and the password in the URL",
    "no password supplied": "add the password to the URL, or set PGPASSWORD or ~/.pgpass",
    'database "': "make it first: createdb NAME",
    "connection refused": "check the host and the port in the URL, and that the server runs",
    "failed to resolve host": "check the host in the URL",
    "timeout expired": "check the host and the port in the URL, and the network between",
    "too many c": "raise the server's limit of connections, or run fewer workers",
}
# The first digits of PostgreSQL's error codes, https://www.postgresql.org/docs/current/errcodes-appendix.html
_SQLSTATE_ADVICE = {
    "08": "check the network and that the server runs; run the same command again",
    "25006": "the server takes no writes, as a standby does; name the primary in the URL",
    "28": "check the user and the password in the URL",
    "3D": "make the database first: createdb NAME",
    "40": "it was undone in favour of another transaction; run the same command again",
    "42501": "have an administrator grant the user what docs/database.md lists",
    "53": "the server is out of disk, memory or connections; give it more, then run again",
    "55P03": "another program holds a lock; run the same command again",
    "57": "the server was stopped or the statement cancelled; run the same command again",
}


_UNKEPT = ("22021", "22P05")  # codes of characters that are none, or none of the database's
_NO_NUL = "cannot contain NUL"  # psycopg says so itself, without a code
# Errors that no outage explains. PostgreSQL's text of them may quote the row, and so a name.
_WRONG_STATEMENT = (IntegrityError, DataError, ProgrammingError, NotSupportedError)


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Translate every error of the driver that leaves the block.

    Raises:
        ConfigError: the file is not a database.
        DatabaseUnavailableError: the database cannot be reached or written just now.
        TextRefusedError: a text holds what the database cannot keep.
        RuntimeError: the statement itself is wrong, which is a bug of ours.
    """
    try:
        yield
    except DBAPIError as error:
        quotes_rows = isinstance(error, _WRONG_STATEMENT)
        raise _named(error, _place(engine)) from None if quotes_rows else error
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(
            f"{_place(engine)}: all connections of this process are in use; try again"
        ) from error


def _named(error: DBAPIError, place: str) -> WorkerError | RuntimeError:
    said, sqlstate = _first_line(error), getattr(error.orig, "sqlstate", None) or ""
    if "file is not a database" in said:
        return ConfigError(f"{place} is not a SQLite database; name another with --db")
    if "invalid connection option" in said:
        return ConfigError(f"{place}: {said}; correct the part after ? in the URL")
    if sqlstate in _UNKEPT or _NO_NUL in said:
        return TextRefusedError("a text holds a character that the database cannot keep")
    by_state = [advice for start, advice in _SQLSTATE_ADVICE.items() if sqlstate.startswith(start)]
    if not by_state and isinstance(error, _WRONG_STATEMENT):
        return RuntimeError(f"{place}: {type(error).__name__} {sqlstate}: {said}")
    by_text = [advice for part, advice in _ADVICE.items() if part in said.lower()]
    advice = (*by_state, *by_text, "run the same command again")[0]
    return DatabaseUnavailableError(f"{place}: {said}; {advice}")


def _first_line(error: DBAPIError) -> str:
    """Read what the driver said, short of any row it quotes."""
    message = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    return (message or str(error.orig)).strip().partition("\n")[0]


def _place(engine: Engine) -> str:
    """Name the database without user, password or options of its URL."""
    url = engine.url
    if url.get_backend_name() == "sqlite":
        return f"SQLite database {url.database or 'in memory'}"
    host = url.host or "this machine"
    return f"PostgreSQL database {url.database or ''} on {host}{f':{url.port}' if url.port else ''}"
