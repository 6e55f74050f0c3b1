"""Make the first tables and the view ``current_readings``."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)
_STATUS = sa.String(32)
_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITHOUT_BYTES = sa.text("sha256 IS NULL")

# The contract with people who query the database themselves: docs/database.md lists every
# column. A scan that was read again in the same batch, by another model or with other
# templates, shows what was read last; a person's latest correction wins over the machine.
_CURRENT_READINGS = """
CREATE VIEW current_readings AS
SELECT
    readings.id AS reading_id,
    batches.name AS batch,
    documents.uri AS document,
    pages.page_index + 1 AS page,
    readings.field_name AS field,
    CASE WHEN corrections.id IS NULL THEN readings.text ELSE corrections.text END AS text,
    readings.raw_text AS raw_text,
    readings.confidence AS confidence,
    CASE WHEN corrections.id IS NULL THEN readings.status ELSE corrections.status END AS status,
    corrections.corrected_by AS corrected_by,
    corrections.corrected_at AS corrected_at,
    readings.model_id AS model,
    pages.template_id AS template,
    pages.template_version AS template_version,
    readings.read_at AS read_at
FROM readings
JOIN pages ON pages.id = readings.page_id
JOIN documents ON documents.id = pages.document_id
JOIN batches ON batches.id = documents.batch_id
LEFT JOIN corrections
    ON corrections.reading_id = readings.id
    AND NOT EXISTS (
        SELECT 1 FROM corrections AS later
        WHERE later.reading_id = readings.id AND later.id > corrections.id
    )
WHERE documents.status IN ('done', 'needs_review')
    AND NOT EXISTS (
        SELECT 1 FROM documents AS later
        WHERE later.batch_id = documents.batch_id
            AND later.sha256 = documents.sha256
            AND later.status IN ('done', 'needs_review')
            AND (later.finished_at, later.id) > (documents.finished_at, documents.id)
    )
"""


def upgrade() -> None:
    """Make everything; an empty database has nothing to keep."""
    _make_releases()
    _make_documents()
    _make_pages()
    _make_readings()
    op.execute(_CURRENT_READINGS)


def _make_releases() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.UniqueConstraint("name", name="uq_batches_name"),
    )
    op.create_table(
        "models",
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("first_used_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_models"),
    )
    op.create_table(
        "templates",
        sa.Column("template_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("first_used_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("template_id", "version", name="pk_templates"),
    )


def _make_documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("templates_version", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("registered_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_documents_batch_id_batches"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_documents_model_id_models"
        ),
        sa.UniqueConstraint(
            "sha256",
            "templates_version",
            "model_id",
            name="uq_documents_sha256_templates_version_model_id",
        ),
    )
    op.create_index("ix_documents_batch_id_status", "documents", ["batch_id", "status"])
    op.create_index(
        "uq_documents_without_bytes",
        "documents",
        ["uri", "templates_version", "model_id"],
        unique=True,
        sqlite_where=_WITHOUT_BYTES,
        postgresql_where=_WITHOUT_BYTES,
    )


def _make_pages() -> None:
    op.create_table(
        "pages",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("page_index", sa.Integer(), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Text(), nullable=True),
        sa.Column("template_version", sa.Text(), nullable=True),
        sa.Column("template_page_index", sa.Integer(), nullable=True),
        sa.Column("page_to_template", sa.JSON(), nullable=True),
        sa.Column("turn_deg", sa.Integer(), nullable=True),
        sa.Column("skew_deg", sa.Double(), nullable=True),
        sa.Column("scan_dpi", sa.Double(), nullable=True),
        sa.Column("inlier_count", sa.Integer(), nullable=True),
        sa.Column("inlier_spread", sa.Double(), nullable=True),
        sa.Column("rms_px", sa.Double(), nullable=True),
        sa.Column("agreement", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name="fk_pages_document_id_documents"
        ),
        sa.ForeignKeyConstraint(
            ["template_id", "template_version"],
            ["templates.template_id", "templates.version"],
            name="fk_pages_template_id_templates",
        ),
        sa.UniqueConstraint("document_id", "page_index", name="uq_pages_document_id_page_index"),
    )


def _make_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("page_id", _ROW_ID, nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("page_quad", sa.JSON(), nullable=False),
        sa.Column("crop_key", sa.Text(), nullable=True),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("doubt", sa.Text(), nullable=False),
        sa.Column("raw_text", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("raw_confidence", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("chars", sa.JSON(), nullable=False),
        sa.Column("ink_fraction", sa.Double(), nullable=False),
        sa.Column("agreement", sa.Double(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("read_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_readings_page_id_pages"),
        sa.ForeignKeyConstraint(
            ["model_id"], ["models.model_id"], name="fk_readings_model_id_models"
        ),
        sa.UniqueConstraint(
            "page_id", "field_name", "model_id", name="uq_readings_page_id_field_name_model_id"
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        by_beginning = sa.text("lower(text) text_pattern_ops")
        op.create_index("ix_readings_lower_text", "readings", [by_beginning])
    op.create_table(
        "corrections",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("reading_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", _STATUS, nullable=False),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["readings.id"], name="fk_corrections_reading_id_readings"
        ),
    )
    op.create_index("ix_corrections_reading_id_id", "corrections", ["reading_id", "id"])
