"""The tables of the web application: people and their secrets, leases of fields, what was done.

Secrets stand here as hashes only. ``worker.database.models`` holds the tables of what was read.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from worker.database.models import Base, RowId, stored_as_text
from worker.roles import Role


class UserRow(Base):
    """Somebody who may log in."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str] = mapped_column(unique=True)  # lower case
    role: Mapped[Role] = mapped_column(stored_as_text(Role))
    password_hash: Mapped[str | None]  # argon2id; NULL for those who come with tokens only
    created_at: Mapped[datetime]


class WebSessionRow(Base):
    """One login of one browser."""

    __tablename__ = "web_sessions"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ApiTokenRow(Base):
    """A secret by which a program acts for a person."""

    __tablename__ = "api_tokens"
    __table_args__ = (UniqueConstraint("user_id", "label"),)

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    label: Mapped[str]  # what it is for
    created_at: Mapped[datetime]


class LoginAttemptRow(Base):
    """An attempt to log in that failed or is under way; kept for a day."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        Index("ix_login_attempts_name_sha256_attempted_at", "name_sha256", "attempted_at"),
        Index("ix_login_attempts_address_attempted_at", "address", "attempted_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    name_sha256: Mapped[str]  # people type passwords into the wrong box
    address: Mapped[str]  # of the browser
    attempted_at: Mapped[datetime]


class AuditLogRow(Base):
    """Who changed what; rows are added, never changed. No name that was read stands here."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    who: Mapped[str]
    action: Mapped[str]  # as ``worker.database.audit_log.Action`` has them
    subject: Mapped[str]  # the id or the name of what was changed


class ReviewLeaseRow(Base):
    """The right of one person to say what one field says, until it expires."""

    __tablename__ = "review_leases"

    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"), primary_key=True)
    lease_id: Mapped[UUID] = mapped_column(unique=True)  # what pages and URLs know a field by
    held_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    taken_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # when its holder was done; NULL while they are not


class ReviewSkipRow(Base):
    """A field that a person would rather leave to others."""

    __tablename__ = "review_skips"

    reading_id: Mapped[UUID] = mapped_column(ForeignKey("readings.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    skipped_at: Mapped[datetime]
