"""Keep what names made of the ink: the decoder in a document's identity, a reading's rivals.

All that was read before was read by the ink alone, which is the decoder ``greedy``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WITHOUT_BYTES = sa.text("sha256 IS NULL")

# As before, and ``rewritten`` behind the columns there were: PostgreSQL can then replace the
# view, which keeps the rights that people were granted on it.
_CURRENT_READINGS = """
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
    readings.read_at AS read_at,
    readings.text <> readings.raw_text AS rewritten
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
    """Add the columns, and widen what names a document."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:  # which rebuilds a table to change its constraints, and has no view in the way
        op.execute("DROP VIEW current_readings")
    op.add_column(
        "readings", sa.Column("alternatives", sa.JSON(), nullable=False, server_default="[]")
    )
    op.drop_index("uq_documents_without_bytes", "documents")
    with op.batch_alter_table("documents") as documents:
        documents.add_column(
            sa.Column("decoder_version", sa.Text(), nullable=False, server_default="greedy")
        )
        documents.drop_constraint("uq_documents_sha256_templates_version_model_id", type_="unique")
        documents.create_unique_constraint(
            "uq_documents_sha256_templates_version_model_id_decoder_version",
            ["sha256", "templates_version", "model_id", "decoder_version"],
        )
    op.create_index(
        "uq_documents_without_bytes",
        "documents",
        ["uri", "templates_version", "model_id", "decoder_version"],
        unique=True,
        sqlite_where=_WITHOUT_BYTES,
        postgresql_where=_WITHOUT_BYTES,
    )
    how = "CREATE" if is_sqlite else "CREATE OR REPLACE"
    op.execute(f"{how} VIEW current_readings AS {_CURRENT_READINGS}")
