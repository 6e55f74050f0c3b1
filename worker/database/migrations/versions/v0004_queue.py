"""Let documents wait in a queue: who has each in hand and until when, and who works at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_TIME = sa.DateTime(timezone=True)
_IDENTITY = ["templates_version", "model_id", "decoder_version"]
_WITHOUT_BYTES = sa.text("sha256 IS NULL AND NOT submitted AND duplicate_of IS NULL")
_SUBMITTED = sa.text("submitted")


def upgrade() -> None:
    """Add the columns and tables, and know what was submitted by its place."""
    op.create_table(
        "offers",
        sa.Column("templates_version", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("decoder_version", sa.Text(), nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("lexicons", sa.JSON(), nullable=False),
        sa.Column("name_prior", sa.Boolean(), nullable=False),
        sa.Column("first_used_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_offers_model_id_models"
        ),
        sa.PrimaryKeyConstraint(*_IDENTITY, name="pk_offers"),
    )
    op.create_table(
        "workers",
        sa.Column("worker_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name="pk_workers"),
    )
    op.create_index("ix_workers_seen_at", "workers", ["seen_at"])
    op.drop_index("uq_documents_without_bytes", "documents")
    view = _drop_view_in_sqlite()
    with op.batch_alter_table("documents") as documents:
        documents.alter_column("started_at", existing_type=_TIME, nullable=True)
        for column in _document_columns():
            documents.add_column(column)
        documents.create_foreign_key(
            "fk_documents_duplicate_of_documents", "documents", ["duplicate_of"], ["id"]
        )
    if view is not None:
        op.execute(view)
    _create_indices()


def _drop_view_in_sqlite() -> str | None:
    """Take away what is in the way of rebuilding a table, which is how SQLite changes one."""
    if op.get_bind().dialect.name != "sqlite":
        return None
    find = "SELECT sql FROM sqlite_master WHERE name = 'current_readings'"
    view: str = op.get_bind().exec_driver_sql(find).scalar_one()
    op.execute("DROP VIEW current_readings")
    return view


def _document_columns() -> list[sa.Column[object]]:
    no, zero = sa.false(), sa.text("0")
    return [
        sa.Column("submitted", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("priority", sa.Integer(), nullable=False, server_default=zero),
        sa.Column("duplicate_of", sa.Uuid(), nullable=True),
        sa.Column("next_attempt_at", _TIME, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=zero),
        sa.Column("outages", sa.Integer(), nullable=False, server_default=zero),
        sa.Column("alone", sa.Boolean(), nullable=False, server_default=no),
        sa.Column("crop_key", sa.Text(), nullable=True),
        sa.Column("crop_count", sa.Integer(), nullable=True),
        sa.Column("segment_s", sa.Double(), nullable=True),
        sa.Column("recognize_s", sa.Double(), nullable=True),
    ]


def _create_indices() -> None:
    op.create_index(
        "uq_documents_without_bytes",
        "documents",
        ["uri", *_IDENTITY],
        unique=True,
        sqlite_where=_WITHOUT_BYTES,
        postgresql_where=_WITHOUT_BYTES,
    )
    op.create_index(
        "uq_documents_submitted",
        "documents",
        ["batch_id", "uri", "version", *_IDENTITY],
        unique=True,
        sqlite_where=_SUBMITTED,
        postgresql_where=_SUBMITTED,
    )
    op.create_index("ix_documents_waiting", "documents", ["status", "priority", "registered_at"])
    op.create_index("ix_documents_duplicate_of", "documents", ["duplicate_of"])
