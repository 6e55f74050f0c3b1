"""The tables of webhooks: whom to tell that a batch is done, and how telling them went."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from worker.database.models import Base, RowId


class WebhookRow(Base):
    """An address that is told of finished batches."""

    __tablename__ = "webhooks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    url: Mapped[str]
    secret: Mapped[str]  # signs what is sent, so it cannot stand here as a hash
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class WebhookDeliveryRow(Base):
    """One message to one address: sent, to be sent, or given up. It holds no name."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "batch_id", "batch_done_at"),
        Index("ix_webhook_deliveries_next_attempt_at", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    webhook_id: Mapped[UUID] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    batch_done_at: Mapped[datetime]  # a batch that is tried again is done again
    body: Mapped[str]  # the JSON that is signed and sent
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]  # NULL once it is delivered or given up
    delivered_at: Mapped[datetime | None]
    last_failure: Mapped[str]  # why the latest attempt failed, else ""
    created_at: Mapped[datetime]
