"""Index what people search and sort results by, and make room for purges and webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TIME = sa.DateTime(timezone=True)
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_INDEXES = {
    "ix_readings_confidence_id": ("readings", ["confidence", "id"]),
    "ix_readings_field_name_confidence_id": ("readings", ["field_name", "confidence", "id"]),
    "ix_corrections_status_reading_id": ("corrections", ["status", "reading_id"]),
    "ix_documents_batch_id_uri_id": ("documents", ["batch_id", "uri", "id"]),
    "ix_documents_batch_id_finished_at_id": ("documents", ["batch_id", "finished_at", "id"]),
    "ix_readings_read_at_id": ("readings", ["read_at", "id"]),
    "ix_readings_status_read_at_id": ("readings", ["status", "read_at", "id"]),
    "ix_readings_field_name_read_at_id": ("readings", ["field_name", "read_at", "id"]),
}
_NAME: tuple[sa.TextClause | str, ...] = (sa.text('(lower(text) COLLATE "C")'), "id")
_REWRITTEN: tuple[sa.TextClause | str, ...] = (sa.text("(text <> raw_text)"), "confidence", "id")
_WITH_NAMES = ("readings", "corrections")


def upgrade() -> None:
    """Add indexes and tables; no row changes."""
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_readings_lower_text", "readings")  # the next does its work
        op.create_index("ix_readings_rewritten", "readings", _REWRITTEN)
        for table in _WITH_NAMES:
            op.create_index(f"ix_{table}_name", table, _NAME)
        _index_trigrams()
    _make_purges()
    _make_webhooks()


def _index_trigrams() -> None:
    """Index what names are like, where the server has pg_trgm and lets this user turn it on.

    Without it all else works; a search by likeness then says what is missing.
    """
    try:
        with op.get_bind().begin_nested():
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except sa.exc.DBAPIError:
        return
    for table in _WITH_NAMES:
        op.execute(
            f"CREATE INDEX ix_{table}_trigrams ON {table} USING gin (lower(text) gin_trgm_ops)"
        )


def _make_purges() -> None:
    op.create_table(
        "purges",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("before", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purges"),
    )
    op.create_table(
        "purged_counts",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("readings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            *("batch_id", "template_id", "field_name", "status", "outcome"), name="pk_purged_counts"
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="fk_purged_counts_batch_id_batches"
        ),
    )
    numbers = ("readings", "passed", "sampled", "checked", "wrong")
    key = ("template_id", "field_name", "model_id", "decoder_version")
    op.create_table(
        "purged_audits",
        *(sa.Column(name, sa.Text(), nullable=False) for name in key),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint(*key, name="pk_purged_audits"),
    )


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("batch_done_at", _TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _TIME, nullable=True),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.Column("last_failure", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.id"],
            name="fk_webhook_deliveries_webhook_id_webhooks",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="fk_webhook_deliveries_batch_id_batches"
        ),
        sa.UniqueConstraint(
            *("webhook_id", "batch_id", "batch_done_at"),
            name="uq_webhook_deliveries_webhook_id_batch_id_batch_done_at",
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_next_attempt_at", "webhook_deliveries", ["next_attempt_at"]
    )
