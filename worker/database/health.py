"""What a database says of itself, looked at as it is: no table is made or changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, text, type_coerce

from worker.database.columns import UtcDateTime
from worker.database.dialects import utc_now
from worker.database.migrate import revision_and_head
from worker.database.session import connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

_CLOCK_ROUNDS = 3  # the quickest of these bounds the difference best


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth:
    """A database that answered."""

    backend: str  # "postgresql" or "sqlite"
    revision: str | None  # the migration that its tables are at; None is an empty database
    head: str  # the newest that this code knows
    revision_known: bool  # False when a newer penname wrote it
    clock_ahead_s: float  # its clock minus the caller's
    clock_doubt_s: float  # half the round trip: the difference is known no better
    connections: int | None  # in use, of all programs; None on SQLite
    max_connections: int | None


def database_health(url: str, *, now: Callable[[], datetime] | None = None) -> DatabaseHealth:
    """Ask a database how it is.

    Args:
        url: of a database that must be there already.
        now: the caller's clock.

    Raises:
        ConfigError: the URL is wrong, or there is no such file.
        DatabaseUnavailableError: it cannot be reached.
    """
    with connected(url) as connection:
        revision, head, known = revision_and_head(connection)
        ahead_s, doubt_s = _clock(connection, now or (lambda: datetime.now(UTC)))
        used, most = _connections(connection)
        return DatabaseHealth(
            backend=connection.dialect.name,
            revision=revision,
            head=head,
            revision_known=known,
            clock_ahead_s=ahead_s,
            clock_doubt_s=doubt_s,
            connections=used,
            max_connections=most,
        )


def _clock(connection: Connection, now: Callable[[], datetime]) -> tuple[float, float]:
    """Compare two clocks as NTP does: theirs was read in the middle of the round trip."""
    rounds = []
    for _ in range(_CLOCK_ROUNDS):
        asked = now()
        theirs = connection.scalar(select(type_coerce(utc_now(), UtcDateTime)))
        answered = now()
        if theirs is None:
            raise RuntimeError("the database does not know the time")
        doubt = (answered - asked) / 2
        rounds.append((doubt.total_seconds(), (theirs - asked - doubt).total_seconds()))
    doubt_s, ahead_s = min(rounds)
    return ahead_s, doubt_s


def _connections(connection: Connection) -> tuple[int | None, int | None]:
    if connection.dialect.name != "postgresql":
        return None, None
    used = connection.scalar(text("SELECT count(*) FROM pg_stat_activity"))
    most = connection.scalar(text("SELECT current_setting('max_connections')::int"))
    return used, most
