"""The tables, and the view that people query; ``docs/database.md`` explains them.

Every identity that a caller relies on is a unique key here, so that writing the same thing
twice changes nothing. Columns that hold names of people are read by queries only, never put
into a message. A change of a table comes with a migration; a test compares the two.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from worker.database.columns import Base, RowId, stored_as_text
from worker.types import DocumentStatus, FieldStatus  # noqa: TC001, the same

__all__ = [
    "DOCUMENTS",
    "SUBMITTED",
    "WITHOUT_BYTES",
    "Base",
    "BatchRow",
    "CorrectionRow",
    "DocumentRow",
    "ModelRow",
    "OfferRow",
    "PageRow",
    "ReadingRow",
    "RowId",
    "TemplateRow",
    "WorkerRow",
    "stored_as_text",
]


def search_indexes(table: str) -> list[Index]:
    """Give the indexes that find and sort names of a table in PostgreSQL.

    SQLite's own lower() knows ASCII only, so an index over it would answer wrongly there. The
    second asks for the extension pg_trgm, and is not there where the server has none.
    """
    indexes = [
        Index(f"ix_{table}_name", func.lower(text("text")).collate("C"), "id"),
        Index(
            f"ix_{table}_trigrams",
            func.lower(text("text")).label("lowered"),
            postgresql_using="gin",
            postgresql_ops={"lowered": "gin_trgm_ops"},
        ),
    ]
    return [index.ddl_if(dialect="postgresql") for index in indexes]


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


class OfferRow(Base):
    """What documents of one ``RunIdentity`` are read with, so that workers can tell theirs."""

    __tablename__ = "offers"

    templates_version: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("models.model_id"), primary_key=True)
    decoder_version: Mapped[str] = mapped_column(primary_key=True)
    templates: Mapped[list[str]] = mapped_column(JSON)  # "ID/PAGE:VERSION" of each
    lexicons: Mapped[list[str]] = mapped_column(JSON)  # ids of the lists that their fields name
    name_prior: Mapped[bool]
    first_used_at: Mapped[datetime]


class WorkerRow(Base):
    """One process of the queue's workers, as it last said of itself."""

    __tablename__ = "workers"

    worker_id: Mapped[str] = mapped_column(primary_key=True)  # what it signs its leases with
    kind: Mapped[str]  # "segment", "recognize" or "sweep"
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)  # worker.database.workers says which


_IDENTITY = ("templates_version", "model_id", "decoder_version")
# A file whose bytes could not be read has no hash; it is known by its place.
WITHOUT_BYTES = text("sha256 IS NULL AND NOT submitted AND duplicate_of IS NULL")
SUBMITTED = text("submitted")


class DocumentRow(Base):
    """One file, read once per set of templates, model and names weighed."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("sha256", *_IDENTITY),
        Index("ix_documents_batch_id_status", "batch_id", "status"),
        Index("ix_documents_batch_id_uri_id", "batch_id", "uri", "id"),
        Index("ix_documents_batch_id_finished_at_id", "batch_id", "finished_at", "id"),
        Index(
            "uq_documents_without_bytes",
            "uri",
            *_IDENTITY,
            unique=True,
            sqlite_where=WITHOUT_BYTES,
            postgresql_where=WITHOUT_BYTES,
        ),
        # What was submitted is known by its place before a byte of it is read, and for good.
        Index(
            "uq_documents_submitted",
            "batch_id",
            "uri",
            "version",
            *_IDENTITY,
            unique=True,
            sqlite_where=SUBMITTED,
            postgresql_where=SUBMITTED,
        ),
        # The order in which waiting documents are claimed.
        Index("ix_documents_waiting", "status", "priority", "registered_at"),
        Index("ix_documents_duplicate_of", "duplicate_of"),
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
    attempt: Mapped[int]  # counted up before the work; only the latest may write
    registered_at: Mapped[datetime]
    started_at: Mapped[datetime | None]  # of the latest attempt
    finished_at: Mapped[datetime | None]
    # From here on for the queue, whose workers know a document by its row.
    submitted: Mapped[bool] = mapped_column(default=False)  # by penname submit
    priority: Mapped[int] = mapped_column(default=0)  # the least first: 0 is urgent, 1 is not
    duplicate_of: Mapped[UUID | None] = mapped_column(ForeignKey("documents.id"))
    next_attempt_at: Mapped[datetime | None]  # when the queue may take it up; NULL is never
    lease_owner: Mapped[str | None]  # the worker that has it in hand
    lease_until: Mapped[datetime | None]  # when that worker will be taken for dead
    tries: Mapped[int] = mapped_column(default=0)  # at this stage, those lost to outages apart
    outages: Mapped[int] = mapped_column(default=0)  # one after the other, at this stage
    alone: Mapped[bool] = mapped_column(default=False)  # it may have killed its process
    crop_key: Mapped[str | None]  # the archive that the crops wait in
    crop_count: Mapped[int | None]  # of the written ones, which the network reads
    segment_s: Mapped[float | None]  # how long cutting took
    recognize_s: Mapped[float | None]  # its share of the time that reading its shard took


# The same table as SQLAlchemy's core knows it: a statement over it that is built once costs a third
# of one over the class, and a tenth of one that is built anew each time.
DOCUMENTS: Final = cast("Table", DocumentRow.__table__)


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
        *search_indexes("readings"),
        # What ``result_pages`` sorts by, alone and behind what it filters by.
        Index("ix_readings_read_at_id", "read_at", "id"),
        Index("ix_readings_status_read_at_id", "status", "read_at", "id"),
        Index("ix_readings_field_name_read_at_id", "field_name", "read_at", "id"),
        Index("ix_readings_confidence_id", "confidence", "id"),
        Index("ix_readings_status_confidence_id", "status", "confidence", "id"),
        Index("ix_readings_field_name_confidence_id", "field_name", "confidence", "id"),
        Index("ix_readings_rewritten", text("(text <> raw_text)"), "confidence", "id").ddl_if(
            dialect="postgresql"
        ),
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
    __table_args__ = (
        Index("ix_corrections_reading_id_id", "reading_id", "id"),
        Index("ix_corrections_status_reading_id", "status", "reading_id"),
        *search_indexes("corrections"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"))
    text: Mapped[str]
    status: Mapped[FieldStatus]
    corrected_by: Mapped[str]
    corrected_at: Mapped[datetime]
