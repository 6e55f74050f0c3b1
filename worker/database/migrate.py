"""Bring the tables of a database up to the version that this code knows.

Run whenever a database is opened; one that is up to date costs a single SELECT. Two processes
may open an old database at once: a lock lets one change it, and the other finds it done.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from worker.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.runtime.migration import RevisionStep
    from sqlalchemy import Connection, Engine

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x70656E6E616D65  # "penname": PostgreSQL's advisory locks are numbers


def bring_to_head(engine: Engine, *, exclusive: dict[str, str]) -> None:
    """Create or upgrade the tables; a database that is up to date is only looked at.

    Args:
        engine: the database.
        exclusive: execution options under which a transaction keeps other writers out.

    Raises:
        ConfigError: a newer penname wrote the database.
    """
    script = _script()
    head = script.get_current_head()
    with engine.connect() as connection:
        if _revision(connection, script) == head:
            return
    with (
        engine.connect().execution_options(**exclusive) as connection,
        _tables_may_be_rebuilt(connection),
        connection.begin(),
    ):
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _revision(connection, script) != head:
            _upgrade(connection, script)
            _check_references(connection)


def revision_and_head(connection: Connection) -> tuple[str | None, str, bool]:
    """Read which migration the tables are at, and which this code wants; change nothing.

    Returns:
        The database's migration (None is an empty one), this code's newest, and whether this
        code knows the database's.
    """
    script = _script()
    revision = MigrationContext.configure(connection).get_current_revision()
    return revision, str(script.get_current_head()), _knows(script, revision)


def _knows(script: ScriptDirectory, revision: str | None) -> bool:
    return revision is None or revision in {step.revision for step in script.walk_revisions()}


def _check_references(connection: Connection) -> None:
    """Refuse to keep tables that refer to rows which are not there; SQLite was not looking."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"{len(broken)} rows would refer to nothing after the upgrade")


@contextmanager
def _tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """Let SQLite drop a table that others refer to and put a new one in its place.

    It changes a constraint in no other way (https://www.sqlite.org/lang_altertable.html, 7), and
    obeys the switch only between transactions.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    cursor = connection.connection.cursor()  # SQLAlchemy's own way would begin a transaction
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        cursor.execute("PRAGMA foreign_keys = ON")


def _revision(connection: Connection, script: ScriptDirectory) -> str | None:
    """Read which migration the database is at; None is an empty database."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if not _knows(script, revision):
        raise ConfigError(
            f"the database was written by a newer penname (tables at {revision!r}, this version "
            f"knows up to {script.get_current_head()!r}); upgrade penname, or use another --db"
        )
    return revision


def _upgrade(connection: Connection, script: ScriptDirectory) -> None:
    def steps(revision: str, _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs("head", revision)  # noqa: SLF001, what alembic's own command calls

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))
