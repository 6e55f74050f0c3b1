"""Webhooks: who is told, which batches are done, and what is still to be sent."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased

from worker.database.dialects import insert_into, utc_in, utc_now
from worker.database.models import BatchRow, DocumentRow
from worker.database.progress import FINISHED
from worker.database.webhook_models import WebhookDeliveryRow, WebhookRow
from worker.errors import NoSuchResultError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy.orm import Session

EVENT = "batch.done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that is told, and how that went last."""

    id: UUID
    url: str
    created_by: str
    created_at: datetime
    delivered: int
    waiting: int
    last_failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message that is to be sent now."""

    id: int
    url: str
    secret: str = field(repr=False)
    body: str
    attempt: int  # from 1, this one counted


def add_webhook(session: Session, *, url: str, secret: str, created_by: str) -> UUID:
    """Keep an address and the secret that its messages are signed with."""
    new = insert_into(session, WebhookRow).values(
        url=url, secret=secret, created_by=created_by, created_at=utc_now()
    )
    return session.scalars(new.returning(WebhookRow.id)).one()


def remove_webhook(session: Session, webhook_id: UUID) -> None:
    """Forget an address and what was to be sent there.

    Raises:
        NoSuchResultError: there is none of that id.
    """
    of_hook = WebhookDeliveryRow.webhook_id == webhook_id
    session.execute(delete(WebhookDeliveryRow).where(of_hook))
    gone = session.execute(
        delete(WebhookRow).where(WebhookRow.id == webhook_id).returning(WebhookRow.id)
    ).one_or_none()
    if gone is None:
        raise NoSuchResultError(f"no webhook {webhook_id} in this database")


def list_webhooks(session: Session) -> list[Webhook]:
    """List every address, the newest first."""
    delivery, tried = WebhookDeliveryRow, aliased(WebhookDeliveryRow)
    last = (
        select(tried.last_failure)
        .where(tried.webhook_id == WebhookRow.id, tried.attempts > 0)
        .order_by(tried.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = session.execute(
        select(
            WebhookRow.id,
            WebhookRow.url,
            WebhookRow.created_by,
            WebhookRow.created_at,
            func.count(delivery.delivered_at).label("delivered"),
            func.count(delivery.next_attempt_at).label("waiting"),
            func.coalesce(last, "").label("last_failure"),
        )
        .outerjoin(delivery, delivery.webhook_id == WebhookRow.id)
        .group_by(WebhookRow.id)
        .order_by(WebhookRow.created_at.desc(), WebhookRow.id)
    ).mappings()
    return [Webhook(**row) for row in found]


def announce_done_batches(session: Session, *, settled_s: float) -> int:
    """Write a message to every address for each batch that was done since the address is there.

    A batch is done once none of its documents waits or is being read. Called again it writes
    nothing twice.

    Args:
        session: an open transaction.
        settled_s: how long nothing must have happened in a batch, since ``penname read`` adds its
            documents one by one.

    Returns:
        How many messages were written.
    """
    hooks = session.execute(select(WebhookRow.id, WebhookRow.created_at)).all()
    if not hooks:
        return 0
    first = min(hook.created_at for hook in hooks)
    written = 0
    for batch in _done_since(session, first, settled_s):
        body = _body(batch, _counts(session, batch.id))
        rows = [
            {
                "webhook_id": hook.id,
                "batch_id": batch.id,
                "batch_done_at": batch.done_at,
                "body": body,
                "attempts": 0,
                "last_failure": "",
            }
            for hook in hooks
            if batch.done_at > hook.created_at
        ]
        new = insert_into(session, WebhookDeliveryRow).values(
            created_at=utc_now(), next_attempt_at=utc_now()
        )
        once = new.on_conflict_do_nothing(
            index_elements=["webhook_id", "batch_id", "batch_done_at"]
        )
        for row in rows:
            told = session.execute(
                once.values(**row).returning(WebhookDeliveryRow.id)
            ).one_or_none()
            written += told is not None
    return written


def claim_deliveries(session: Session, *, limit: int, lease_s: float) -> list[Delivery]:
    """Take messages that are due; who does not come back in time leaves them to another."""
    due = (
        select(WebhookDeliveryRow.id)
        .where(WebhookDeliveryRow.next_attempt_at <= utc_now())
        .order_by(WebhookDeliveryRow.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(due))
    session.execute(
        update(WebhookDeliveryRow)
        .where(WebhookDeliveryRow.id.in_(ids))
        .values(attempts=WebhookDeliveryRow.attempts + 1, next_attempt_at=utc_in(lease_s))
        .execution_options(synchronize_session=False)
    )
    found = session.execute(
        select(
            WebhookDeliveryRow.id,
            WebhookRow.url,
            WebhookRow.secret,
            WebhookDeliveryRow.body,
            WebhookDeliveryRow.attempts.label("attempt"),
        )
        .join(WebhookRow, WebhookRow.id == WebhookDeliveryRow.webhook_id)
        .where(WebhookDeliveryRow.id.in_(ids))
        .order_by(WebhookDeliveryRow.id)
    ).mappings()
    return [Delivery(**row) for row in found]


def close_delivery(
    session: Session, delivery: Delivery, *, failure: str, again_in_s: float | None
) -> None:
    """Write down how an attempt went.

    Args:
        session: an open transaction.
        delivery: the message, as it was claimed.
        failure: why it did not arrive; "" where it did.
        again_in_s: when to try again; None is never.
    """
    times: dict[str, Any] = {
        "next_attempt_at": None if again_in_s is None else utc_in(again_in_s),
        "delivered_at": None if failure else utc_now(),
    }
    session.execute(
        update(WebhookDeliveryRow)
        .where(
            WebhookDeliveryRow.id == delivery.id, WebhookDeliveryRow.attempts == delivery.attempt
        )
        .values(last_failure=failure, **times)
    )


def _done_since(session: Session, moment: datetime, settled_s: float) -> list[Any]:
    """Find batches whose last document was finished since, in which none is left: those untold."""
    last = (
        select(func.max(DocumentRow.finished_at))
        .where(DocumentRow.batch_id == BatchRow.id)
        .correlate(BatchRow)
        .scalar_subquery()
    )
    left = (
        select(DocumentRow.id)
        .where(DocumentRow.batch_id == BatchRow.id, DocumentRow.status.not_in(FINISHED))
        .correlate(BatchRow)
        .exists()
    )
    told = (
        select(WebhookDeliveryRow.id)
        .where(
            WebhookDeliveryRow.webhook_id == WebhookRow.id,
            WebhookDeliveryRow.batch_id == BatchRow.id,
            WebhookDeliveryRow.batch_done_at == last,
        )
        .correlate(BatchRow, WebhookRow)
        .exists()
    )
    untold = (
        select(WebhookRow.id)
        .where(WebhookRow.created_at < last, ~told)
        .correlate(BatchRow)
        .exists()
    )
    done = (last > moment, last < utc_in(-settled_s), ~left, untold)
    return list(
        session.execute(select(BatchRow.id, BatchRow.name, last.label("done_at")).where(*done))
    )


def _counts(session: Session, batch_id: UUID) -> dict[str, int]:
    found = session.execute(
        select(DocumentRow.status, func.count())
        .where(DocumentRow.batch_id == batch_id)
        .group_by(DocumentRow.status)
    )
    return {status.value: count for status, count in found}


def _body(batch: Any, counts: dict[str, int]) -> str:  # noqa: ANN401, a row of ``_done_since``
    said = {
        "event": EVENT,
        "batch": batch.name,
        "batch_id": str(batch.id),
        "done_at": batch.done_at.isoformat(),
        "documents": counts,
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True)
