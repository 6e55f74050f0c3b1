"""What SQLite and PostgreSQL say differently: upserts, and times by the database's own clock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import DateTime, Double, Text, cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.orm import DeclarativeBase, Session
    from sqlalchemy.sql.compiler import SQLCompiler


class utc_now(FunctionElement[datetime]):  # noqa: N801, reads as the SQL function it is
    """The database's own clock, which every worker shares."""

    type = DateTime(timezone=True)
    inherit_cache = True


@compiles(utc_now, "postgresql")
def _utc_now_in_postgresql(element: utc_now, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401, ARG001, the compiler's signature
    return "clock_timestamp()"


@compiles(utc_now, "sqlite")
def _utc_now_in_sqlite(element: utc_now, compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401, ARG001, the same
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # as SQLAlchemy writes times in SQLite


class utc_in(FunctionElement[datetime]):  # noqa: N801, the same
    """So many seconds from now, by the database's own clock; before now where negative."""

    type = DateTime(timezone=True)
    inherit_cache = True

    def __init__(self, seconds: float | ColumnElement[float]) -> None:
        """Take the seconds, which go to the database as a parameter, or as the one given."""
        super().__init__(cast(seconds, Double))


@compiles(utc_in, "postgresql")
def _utc_in_in_postgresql(element: utc_in, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    seconds = compiler.process(element.clauses, **options)
    return f"(clock_timestamp() + make_interval(secs => {seconds}))"


@compiles(utc_in, "sqlite")
def _utc_in_in_sqlite(element: utc_in, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    seconds = compiler.process(element.clauses, **options)
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', {seconds} || ' seconds')"


class folded(FunctionElement[str]):  # noqa: N801, the same
    """A text without its case, which sorts by code points: as the index over names has it."""

    type = Text()
    inherit_cache = True


@compiles(folded, "postgresql")
def _folded_in_postgresql(element: folded, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    return f'(lower({compiler.process(element.clauses, **options)}) COLLATE "C")'


@compiles(folded, "sqlite")
def _folded_in_sqlite(element: folded, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    return f"lower({compiler.process(element.clauses, **options)})"


def is_postgresql(session: Session) -> bool:
    """Tell which of the two databases this is."""
    return session.get_bind().dialect.name == "postgresql"


def insert_into(
    session: Session, table: type[DeclarativeBase]
) -> postgresql.Insert | sqlite.Insert:
    """Start an INSERT that can say ON CONFLICT, which both databases know in the same words."""
    return insert_into_table(table, is_postgresql=is_postgresql(session))


def insert_into_table(
    table: Table | type[DeclarativeBase], *, is_postgresql: bool
) -> postgresql.Insert | sqlite.Insert:
    """Start the same before there is a session, for a statement that is built once."""
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)
