"""Keep the printed label beside each reading, by which forms without a template are read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# As before, and ``label`` behind the columns there were: PostgreSQL can then replace the view,
# which keeps the rights that people were granted on it.
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
    readings.text <> readings.raw_text AS rewritten,
    readings.label AS label
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
    """Add the column, and show it."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("readings", sa.Column("label", sa.Text(), nullable=False, server_default=""))
    if is_sqlite:  # which cannot replace a view
        op.execute("DROP VIEW current_readings")
    how = "CREATE" if is_sqlite else "CREATE OR REPLACE"
    op.execute(f"{how} VIEW current_readings AS {_CURRENT_READINGS}")
