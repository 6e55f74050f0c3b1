"""Open the database, bring its tables up to date, and run transactions against it.

SQLite and PostgreSQL are served by the same statements. Nothing above sees an SQLAlchemy
error, and no message holds a password or a name. An engine belongs to one process: open the
database after a fork, never before.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from worker.database.likeness import SQLITE_FUNCTION, word_likeness
from worker.database.migrate import bring_to_head
from worker.database.pings import ping_idle
from worker.database.translation import translated
from worker.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

# What the rest of the worker calls them, which knows no SQLAlchemy.
__all__ = [
    "Session",
    "Sessions",
    "check_answers",
    "closed_after",
    "connected",
    "looking",
    "open_database",
    "open_existing",
    "opened",
    "reading",
    "transaction",
    "writing",
]
Sessions: TypeAlias = sessionmaker[Session]

# A server that is cut off without a word is taken for away after some ten seconds, where the
# defaults of the system are a quarter of an hour and more.
_WAITS = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
_BUSY_TIMEOUT_S = 30  # how long one process waits while another writes to a SQLite file
_BUSY_STEP_S = 0.05
_BEGIN = "sqlite_begin"  # execution option: how SQLite starts the next transaction
_WRITING = {_BEGIN: "IMMEDIATE"}
_WANTED = "want sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"


def open_database(url: str, *, statement_s: float | None = None) -> Sessions:
    """Open a database; a SQLite file that is not there yet is made.

    Args:
        url: where it is.
        statement_s: how long PostgreSQL may take over one statement, locks included; None is
            for ever. A change of the tables takes what it needs.

    Raises:
        ConfigError: the URL is wrong, or a newer penname wrote the database.
        DatabaseUnavailableError: it cannot be reached or written.
    """
    engine = _make_engine(_parse_url(url))
    try:
        with translated(engine):
            bring_to_head(engine, exclusive=_WRITING)
    except BaseException:
        engine.dispose()
        raise
    if statement_s is not None and engine.dialect.name == "postgresql":
        engine.dispose()  # connections that are made from now on have the limit
        event.listen(engine, "connect", partial(_limit_statements, limit_s=statement_s))
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def closed_after(sessions: Sessions) -> Iterator[None]:
    """Close every connection at the end; SQLite then folds its side files into the database."""
    try:
        yield
    finally:
        _engine_of(sessions).dispose()


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """Write in one transaction: committed at the end, undone on any error.

    Raises:
        DatabaseUnavailableError: the database cannot be reached or written.
    """
    with translated(_engine_of(sessions)), sessions.begin() as session:
        # Taking SQLite's write lock later, after a read, fails at once when another wrote.
        session.connection(execution_options=_WRITING)
        yield session


@contextmanager
def looking(sessions: Sessions) -> Iterator[Session]:
    """Read only, which keeps no writer waiting.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
    """
    with translated(_engine_of(sessions)), sessions() as session:
        yield session


@contextmanager
def opened(url: str) -> Iterator[Sessions]:
    """Open a database that must be there already, for several transactions.

    Raises:
        ConfigError: there is none, or as ``open_database``.
        DatabaseUnavailableError: it cannot be reached.
    """
    sessions = open_existing(url)
    with closed_after(sessions):
        yield sessions


@contextmanager
def reading(url: str) -> Iterator[Session]:
    """Read from a database that must be there already: a mistyped name makes no file.

    Raises:
        ConfigError: there is none, or as ``open_database``.
        DatabaseUnavailableError: it cannot be reached.
    """
    sessions = open_existing(url)
    with closed_after(sessions), translated(_engine_of(sessions)), sessions() as session:
        yield session


@contextmanager
def writing(url: str) -> Iterator[Session]:
    """Write, in one transaction, to a database that must be there already.

    Raises:
        ConfigError: there is none, or as ``open_database``.
        DatabaseUnavailableError: it cannot be reached or written.
    """
    sessions = open_existing(url)
    with closed_after(sessions), transaction(sessions) as session:
        yield session


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """Connect to a database as it is, without bringing its tables up to date; see ``health``.

    Raises:
        ConfigError: the URL is wrong.
        DatabaseUnavailableError: it cannot be reached.
    """
    engine = _make_engine(_existing(url))
    try:
        with translated(engine), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def check_answers(sessions: Sessions) -> None:
    """Ask the database for nothing, to see that it answers.

    Raises:
        DatabaseUnavailableError: it does not.
    """
    with looking(sessions) as session:
        session.execute(select(1))


def open_existing(url: str) -> Sessions:
    """Open a database; a SQLite file that is not there is refused, not made."""
    _existing(url)
    return open_database(url)


def _existing(url: str) -> URL:
    """Refuse a SQLite file that is not there."""
    parsed = _parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        raise ConfigError(
            f"no database {parsed.database}; name one with --db, or make it with: penname read"
        )
    return parsed


def _parse_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # their text may hold the URL, and so the password
        raise ConfigError(f"the database URL cannot be read; {_WANTED}") from None
    backend = parsed.drivername.partition("+")[0]
    if backend == "postgres":  # as many hosts still spell it
        backend = "postgresql"
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        return parsed.set(drivername="sqlite+pysqlite")
    raise ConfigError(f"penname cannot use a {backend} database; {_WANTED}")


def _make_engine(url: URL) -> Engine:
    """Make the engine; it connects on first use."""
    if url.get_backend_name() == "postgresql":
        waits = {name: value for name, value in _WAITS.items() if name not in url.query}
        engine = create_engine(url, hide_parameters=True, connect_args=waits)
        ping_idle(engine)
        return engine
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _limit_statements(
    connection: DBAPIConnection, _: ConnectionPoolEntry, *, limit_s: float
) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {round(limit_s * 1000)}")
    cursor.close()
    connection.commit()


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    """Set what SQLite leaves to each connection."""
    connection.isolation_level = None  # the driver's own BEGIN comes too late; see _begin_sqlite
    _write_ahead(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    # SQLite's own lower() knows ASCII only, and a search for "é*" would miss "É".
    connection.create_function("lower", 1, _lower, deterministic=True)
    connection.create_function(SQLITE_FUNCTION, 2, word_likeness, deterministic=True)


def _write_ahead(connection: DBAPIConnection) -> None:
    """Let readers and the writer not wait for each other.

    The mode stays with the file, so only a new file is switched. SQLite does not wait for its
    lock there, whatever the timeout, when another process switches the same file.
    """
    give_up = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > give_up:
                raise
            time.sleep(_BUSY_STEP_S)
        else:
            return


def _lower(value: str | None) -> str | None:
    return None if value is None else value.lower()


def _begin_sqlite(connection: Connection) -> None:
    how = connection.get_execution_options().get(_BEGIN, "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {how}")


def _engine_of(sessions: Sessions) -> Engine:
    engine: Engine = sessions.kw["bind"]
    return engine
