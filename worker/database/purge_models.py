"""The tables of retention: what each purge removed, and the counts that stay behind."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from worker.database.models import Base, RowId


class PurgeRow(Base):
    """One run of ``penname purge``: who asked for it, and what it has removed so far."""

    __tablename__ = "purges"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    asked_by: Mapped[str]
    before: Mapped[datetime]  # what was read, or last begun, before this went
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]  # NULL while it runs, and where it was stopped
    documents: Mapped[int]
    readings: Mapped[int]
    corrections: Mapped[int]
    objects: Mapped[int]  # of the store: archives of crops, and scans that were uploaded


class PurgedCountRow(Base):
    """How many readings of one kind a batch held before they were purged."""

    __tablename__ = "purged_counts"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    template_id: Mapped[str] = mapped_column(primary_key=True)
    field_name: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)  # as ``current_readings`` had it
    outcome: Mapped[str] = mapped_column(primary_key=True)  # "right", "wrong", "" unchecked
    readings: Mapped[int]


class PurgedAuditRow(Base):
    """What the audit counted among purged readings of one field, model and decoder."""

    __tablename__ = "purged_audits"

    template_id: Mapped[str] = mapped_column(primary_key=True)
    field_name: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(primary_key=True)
    decoder_version: Mapped[str] = mapped_column(primary_key=True)
    readings: Mapped[int]
    passed: Mapped[int]  # without a person
    sampled: Mapped[int]  # of those, in the audit sample of that day
    checked: Mapped[int]  # of those, by a person
    wrong: Mapped[int]  # of those
