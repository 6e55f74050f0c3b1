"""Make the tables of the web application: people, sessions, tokens, leases and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_TIME = sa.DateTime(timezone=True)
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them, and the index by which readings that wait for a person are found."""
    _make_people()
    _make_logs()
    _make_leases()
    op.create_index("ix_readings_status_confidence_id", "readings", ["status", "confidence", "id"])


def _make_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_web_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_web_sessions_user_id_users"),
    )
    op.create_index("ix_web_sessions_user_id", "web_sessions", ["user_id"])
    op.create_table(
        "api_tokens",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_api_tokens"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_api_tokens_user_id_users"),
        sa.UniqueConstraint("user_id", "label", name="uq_api_tokens_user_id_label"),
    )


def _make_logs() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("name_sha256", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("attempted_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_attempts"),
    )
    for column in ("name_sha256", "address"):
        name = f"ix_login_attempts_{column}_attempted_at"
        op.create_index(name, "login_attempts", [column, "attempted_at"])
    op.create_table(
        "audit_log",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])


def _make_leases() -> None:
    op.create_table(
        "review_leases",
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=False),
        sa.Column("held_by", sa.Uuid(), nullable=False),
        sa.Column("taken_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("reading_id", name="pk_review_leases"),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name="fk_review_leases_reading_id_readings"
        ),
        sa.ForeignKeyConstraint(["held_by"], ["users.id"], name="fk_review_leases_held_by_users"),
        sa.UniqueConstraint("lease_id", name="uq_review_leases_lease_id"),
    )
    op.create_index("ix_review_leases_held_by", "review_leases", ["held_by"])
    op.create_table(
        "review_skips",
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("skipped_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("reading_id", "user_id", name="pk_review_skips"),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name="fk_review_skips_reading_id_readings"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_review_skips_user_id_users"),
    )
