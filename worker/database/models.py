"""The tables, and the view that people query; ``docs/database.md`` explains them.

Every identity that a caller relies on is a unique key here, so that writing the same thing
twice changes nothing. Columns that hold names of people are read by queries only, never put
into a message. A change of a table comes with a migration; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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


class BatchRow(Base):
    """Scans that were handed in under one name."""

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class ModelRow(Base):
    """A checkpoint that readings came from."""

    __tablename__ = "models"

    model_id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str]  # of the checkpoint file
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    first_used_at: Mapped[datetime]


class TemplateRow(Base):
    """One version of a form and its fields, so that an old reading can still be explained."""

    __tablename__ = "templates"

    template_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    first_used_at: Mapped[datetime]


class DocumentRow(Base):
    """One file, read once per set of templates, model and names weighed."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("sha256", "templates_version", "model_id", "decoder_version"),
        Index("ix_documents_batch_id_status", "batch_id", "status"),
        # A file whose bytes could not be read has no hash; it is known by its place.
        Index(
            "uq_documents_without_bytes",
            "uri",
            "templates_version",
            "model_id",
            "decoder_version",
            unique=True,
            sqlite_where=text("sha256 IS NULL"),
            postgresql_where=text("sha256 IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    uri: Mapped[str]
    version: Mapped[str]  # S3 version id or ETag; "" for files
    sha256: Mapped[str | None]  # of the bytes; NULL while they could not be read
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    templates_version: Mapped[str]
    model_id: Mapped[str] = mapped_column(ForeignKey("models.model_id"))
    decoder_version: Mapped[str]  # digest of the names weighed, or "greedy"
    status: Mapped[DocumentStatus]
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str]
    page_count: Mapped[int | None]  # NULL until it is read
    attempt: Mapped[int]  # counted up before the work, so that what kills its process is seen
    registered_at: Mapped[datetime]
    started_at: Mapped[datetime]  # of the latest attempt
    finished_at: Mapped[datetime | None]


class PageRow(Base):
    """One page and the evidence that it was laid onto the right form, or why it was not."""

    __tablename__ = "pages"
    __table_args__ = (
        UniqueConstraint("document_id", "page_index"),
        ForeignKeyConstraint(
            ["template_id", "template_version"], ["templates.template_id", "templates.version"]
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id"))
    page_index: Mapped[int]  # from 0
    failure_code: Mapped[str | None]
    failure_detail: Mapped[str]
    template_id: Mapped[str | None]  # NULL, like all below, when the page was refused
    template_version: Mapped[str | None]
    template_page_index: Mapped[int | None]  # which page of its form, from 0
    page_to_template: Mapped[list[float] | None] = mapped_column(
        JSON(none_as_null=True)
    )  # 9, by row
    turn_deg: Mapped[int | None]
    skew_deg: Mapped[float | None]
    scan_dpi: Mapped[float | None]
    inlier_count: Mapped[int | None]
    inlier_spread: Mapped[float | None]
    rms_px: Mapped[float | None]  # template px
    agreement: Mapped[float | None]


class ReadingRow(Base):
    """What the machine read in one field; never changed by a correction."""

    __tablename__ = "readings"
    __table_args__ = (
        UniqueConstraint("page_id", "field_name", "model_id"),
        Index("ix_readings_status_confidence_id", "status", "confidence", "id"),  # what waits
        # Serves a search by how a name begins. SQLite's own lower() knows ASCII only, so an
        # index over it would answer wrongly there.
        Index(
            "ix_readings_lower_text",
            func.lower(text("text")).label("lowered"),
            postgresql_ops={"lowered": "text_pattern_ops"},
        ).ddl_if(dialect="postgresql"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    page_id: Mapped[int] = mapped_column(RowId, ForeignKey("pages.id"))
    field_name: Mapped[str]
    label: Mapped[str]  # what is printed beside the field, where that is known, else ""
    page_quad: Mapped[list[list[float]]] = mapped_column(JSON)  # (4, 2) source px, from top left
    crop_key: Mapped[str | None]  # the archive in the object store that holds the crop
    status: Mapped[FieldStatus]
    doubt: Mapped[str]  # why the field is misplaced, else ""
    raw_text: Mapped[str]  # what the ink says
    text: Mapped[str]  # after prior or lexicon
    alternatives: Mapped[list[list[Any]]] = mapped_column(JSON)  # next best [text, share]
    raw_confidence: Mapped[float]
    confidence: Mapped[float]
    chars: Mapped[list[list[Any]]] = mapped_column(JSON)  # [char, probability, start, end frame]
    ink_fraction: Mapped[float]
    agreement: Mapped[float]
    model_id: Mapped[str] = mapped_column(ForeignKey("models.model_id"))
    attempt: Mapped[int]
    read_at: Mapped[datetime]


class CorrectionRow(Base):
    """What a person said about a reading; rows are added, never changed. The latest wins."""

    __tablename__ = "corrections"
    __table_args__ = (Index("ix_corrections_reading_id_id", "reading_id", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"))
    text: Mapped[str]
    status: Mapped[FieldStatus]
    corrected_by: Mapped[str]
    corrected_at: Mapped[datetime]
