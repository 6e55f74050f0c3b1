"""What the tables' columns are made of: row ids, moments in time, states, and named constraints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, DateTime, Enum, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from worker.types import DocumentStatus, FieldStatus

if TYPE_CHECKING:
    from enum import StrEnum

    from sqlalchemy.engine import Dialect

RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in time: aware and UTC in Python, ``timestamptz`` in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, SQLAlchemy's signature
        """Refuse a time that does not say its zone, and store the rest as UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("want an aware time; a naive one would be read as UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, the same
        """Give SQLite's naive UTC its zone back, and turn PostgreSQL's session zone to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored_as_text(enum: type[StrEnum]) -> Enum:
    """Store the values as text without a CHECK: a new value then needs no migration."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    """Every table; constraints are named, so that a later migration can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012, as SQLAlchemy asks for it
        datetime: UtcDateTime(),
        str: Text(),
        DocumentStatus: stored_as_text(DocumentStatus),
        FieldStatus: stored_as_text(FieldStatus),
    }
