"""Submissions: documents that wait for the queue, known by their place before they are read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select

from worker.database.dialects import insert_into, utc_now
from worker.database.models import SUBMITTED, DocumentRow, OfferRow
from worker.types import DocumentStatus, RunIdentity

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from worker.types import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What documents of one identity are to be read with."""

    identity: RunIdentity
    templates: tuple[str, ...]  # "ID/PAGE:VERSION" of each, sorted
    lexicons: tuple[str, ...]  # ids of the name lists that their fields name, sorted
    name_prior: bool


def register_offer(session: Session, offer: Offer) -> None:
    """Keep what an identity stands for; the first registration stands. Its model is known."""
    new = insert_into(session, OfferRow).values(
        **asdict(offer.identity),
        templates=list(offer.templates),
        lexicons=list(offer.lexicons),
        name_prior=offer.name_prior,
        first_used_at=utc_now(),
    )
    session.execute(new.on_conflict_do_nothing(index_elements=list(asdict(offer.identity))))


def find_offers(session: Session) -> list[Offer]:
    """List all that documents were ever submitted with; few, since each is a release of models."""
    return [
        Offer(
            identity=RunIdentity(
                templates_version=row.templates_version,
                model_id=row.model_id,
                decoder_version=row.decoder_version,
            ),
            templates=tuple(row.templates),
            lexicons=tuple(row.lexicons),
            name_prior=row.name_prior,
        )
        for row in session.scalars(select(OfferRow))
    ]


def add_documents(
    session: Session,
    sources: Sequence[Source],
    *,
    batch_id: UUID,
    identity: RunIdentity,
    priority: int,
) -> int:
    """Let documents wait for the queue; one that the batch has already is left as it is.

    Args:
        session: an open transaction.
        sources: as they were listed; one place in one version is one document.
        batch_id: where their readings shall appear.
        identity: what to read them with.
        priority: ``claims.URGENT`` or ``claims.NORMAL``.

    Returns:
        How many are new.
    """
    shared: dict[str, Any] = {
        "batch_id": batch_id,
        **asdict(identity),
        "status": DocumentStatus.PENDING,
        "failure_detail": "",
        "attempt": 0,
        "submitted": True,
        "priority": priority,
    }
    if not sources:
        return 0
    rows = [
        {
            "id": uuid4(),
            "uri": source.uri,
            "version": source.version,
            "size_bytes": source.size_bytes,
            **shared,
        }
        for source in sources
    ]
    new = insert_into(session, DocumentRow).values(
        registered_at=utc_now(), next_attempt_at=utc_now()
    )
    only_new = new.on_conflict_do_nothing(
        index_elements=["batch_id", "uri", "version", *asdict(identity)],
        index_where=SUBMITTED,
    )
    return len(session.execute(only_new.returning(DocumentRow.id), rows).all())


def without_document(session: Session, uris: Collection[str]) -> list[str]:
    """Keep those places that no document has, in their order."""
    query = select(DocumentRow.uri).where(DocumentRow.uri.in_(uris))
    known = set(session.scalars(query))
    return [uri for uri in uris if uri not in known]
