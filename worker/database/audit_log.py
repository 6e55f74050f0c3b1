"""The audit log: who changed what. No name that was read is ever written there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from worker.database.dialects import insert_into, utc_now
from worker.database.web_models import AuditLogRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


class Action(StrEnum):
    """What was done; stored, so never rename a value."""

    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    LOGIN_FAILED = "login_failed"
    PERSON_ADDED = "person_added"
    PERSON_REMOVED = "person_removed"
    TOKEN_MADE = "token_made"  # noqa: S105, not a secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105, the same
    FIELD_CORRECTED = "field_corrected"
    FIELD_WITHDRAWN = "field_withdrawn"
    BATCH_SUBMITTED = "batch_submitted"
    BATCH_RETRIED = "batch_retried"
    BATCH_CANCELLED = "batch_cancelled"
    TEMPLATE_SAVED = "template_saved"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_REMOVED = "webhook_removed"
    RESULTS_EXPORTED = "results_exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log."""

    at: datetime
    who: str
    action: str
    subject: str


def write_log(session: Session, *, who: str, action: Action, subject: str) -> None:
    """Write down who did what to what, in the transaction that does it.

    Args:
        session: an open transaction.
        who: the person's name.
        action: what was done.
        subject: the id or the name of what was changed; never what a field says.
    """
    session.execute(
        insert_into(session, AuditLogRow).values(
            at=utc_now(), who=who, action=action.value, subject=subject
        )
    )


def latest_entries(session: Session, *, limit: int) -> list[LogEntry]:
    """Give the last lines of the log, the newest first."""
    rows = session.scalars(select(AuditLogRow).order_by(AuditLogRow.id.desc()).limit(limit))
    return [
        LogEntry(at=row.at, who=row.who, action=row.action, subject=row.subject) for row in rows
    ]
