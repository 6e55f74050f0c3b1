"""Fill a database for tests: a batch, its model and template, and documents read."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from tests.factories import (
    make_crop,
    make_document_reading,
    make_field_reading,
    make_identity,
    make_page_reading,
    make_source,
    make_template,
)
from worker.database.batches import open_batch
from worker.database.documents import finish_document, register_document
from worker.database.models import CorrectionRow
from worker.database.releases import register_model, register_template
from worker.database.session import closed_after, open_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from sqlalchemy.orm import Session, sessionmaker

    from worker.database.documents import DocumentClaim
    from worker.types import FieldReading, RunIdentity


@contextmanager
def opened(url: str) -> Iterator[sessionmaker[Session]]:
    """Open a database and close it with the test."""
    sessions = open_database(url)
    with closed_after(sessions):
        yield sessions


def prepare(
    sessions: sessionmaker[Session], *, batch: str = "autumn", identity: RunIdentity | None = None
) -> UUID:
    """Register what documents refer to, and give the batch."""
    model_id = (identity or make_identity()).model_id
    with transaction(sessions) as session:
        register_model(session, model_id=model_id, sha256=model_id * 5, config={"height_px": 40})
        register_template(session, make_template())
        return open_batch(session, batch)


def register(
    sessions: sessionmaker[Session],
    *,
    batch: str = "autumn",
    uri: str = "file:///scans/1.jpg",
    data: str = "the bytes",
    identity: RunIdentity | None = None,
) -> Any:  # a claim, or None for what was read before: the test knows which
    """Take one document up, its bytes told by ``data``."""
    identity = identity or make_identity()
    batch_id = prepare(sessions, batch=batch, identity=identity)
    with transaction(sessions) as session:
        return register_document(
            session,
            batch_id=batch_id,
            source=make_source(uri=uri),
            sha256=hashlib.sha256(data.encode()).hexdigest(),
            size_bytes=len(data),
            identity=identity,
        )


def read(
    sessions: sessionmaker[Session],
    *fields: FieldReading,
    uri: str = "file:///scans/1.jpg",
    identity: RunIdentity | None = None,
    **changes: Any,
) -> DocumentClaim:
    """Register one document and finish it with these fields on its one page."""
    identity = identity or make_identity()
    claim: DocumentClaim = register(
        sessions, uri=uri, identity=identity, **{"data": uri, **changes}
    )
    reading = make_document_reading(pages=(make_page_reading(fields=fields),))
    with transaction(sessions) as session:
        key = f"crops/{claim.document_id}/{claim.attempt}.zip"
        model_id = identity.model_id
        assert finish_document(session, claim, reading, crop_key=key, model_id=model_id)
    return claim


def make_field(name: str, said: str, **changes: Any) -> FieldReading:
    """One field of the form and what was read in it."""
    crop = make_crop(field_name=name)
    return make_field_reading(**{"crop": crop, "text": said, "raw_text": said, **changes})


def correct(sessions: sessionmaker[Session], reading_id: UUID, **values: Any) -> None:
    """Let a person say what a reading should be."""
    with transaction(sessions) as session:
        session.add(CorrectionRow(reading_id=reading_id, **values))


def rows(sessions: sessionmaker[Session], sql: str) -> list[dict[str, Any]]:
    """Ask the database in its own words, as people do."""
    with transaction(sessions) as session:
        return [dict(row) for row in session.execute(text(sql)).mappings()]
