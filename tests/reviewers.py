"""People who review, and fields for them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.database import make_field, read, rows
from worker.database.people import find_person
from worker.database.session import looking
from worker.people import add_person
from worker.reviewing import Desk
from worker.roles import Role
from worker.types import FieldStatus

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


class NoAudits(Random):
    """Chance that never puts an audit before what is in doubt."""

    def random(self) -> float:
        return 0.99


class AuditsFirst(Random):
    """Chance that always does."""

    def random(self) -> float:
        return 0.0


def make_desk(sessions: sessionmaker[Session], name: str = "rita", **changes: Any) -> Desk:
    """Let somebody new sit down."""
    add_person(sessions, name=name, role=Role.REVIEWER, password=None, by="test")
    with looking(sessions) as session:
        found = find_person(session, name)
    assert found is not None
    defaults: dict[str, Any] = {
        "sessions": sessions,
        "person": found[0],
        "audit_share": 0.0,
        "random": NoAudits(),
    }
    return Desk(**{**defaults, **changes})


def read_field(
    sessions: sessionmaker[Session], said: str, confidence: float, **changes: Any
) -> UUID:
    """Read a document of one field, in doubt unless ``changes`` say otherwise; give its reading."""
    status = changes.pop("status", FieldStatus.LOW_CONFIDENCE)
    number = len(rows(sessions, "SELECT id FROM documents")) + 1
    field = make_field("full_name", said, confidence=confidence, status=status, **changes)
    claim = read(sessions, field, uri=f"file:///scans/{number}.jpg")
    page = f"SELECT id FROM pages WHERE document_id = '{_stored(sessions, claim.document_id)}'"  # noqa: S608, ours
    [row] = rows(sessions, f"SELECT id FROM readings WHERE page_id IN ({page})")  # noqa: S608, ours
    return UUID(str(row["id"]))


def said(sessions: sessionmaker[Session]) -> list[tuple[str, str, str]]:
    """Give all that people said, in order: text, status and who."""
    found = rows(sessions, "SELECT text, status, corrected_by FROM corrections ORDER BY id")
    return [tuple(row.values()) for row in found]


def _stored(sessions: sessionmaker[Session], document_id: UUID) -> str:
    """Give an id as the database's own text has it."""
    is_sqlite = sessions.kw["bind"].dialect.name == "sqlite"
    return document_id.hex if is_sqlite else str(document_id)
