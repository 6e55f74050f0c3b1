"""Pages: the evidence that each was laid onto the right form, or why it was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from worker.database.dialects import insert_into
from worker.database.models import PageRow
from worker.database.releases import register_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy.orm import Session

    from segmentation.types import PageSegmentation
    from worker.types import PageReading


def write_pages(
    session: Session, document_id: UUID, pages: Sequence[PageReading]
) -> dict[int, int]:
    """Write the pages of a document in place of those of an earlier attempt.

    Returns:
        Page index to row id.
    """
    # An attempt that failed left no readings, so a page that is gone now can go.
    gone = PageRow.page_index.not_in([page.page_index for page in pages])
    session.execute(delete(PageRow).where(PageRow.document_id == document_id, gone))
    if not pages:
        return {}
    _register_drafted(session, pages)
    new = insert_into(session, PageRow)
    rows = [{"document_id": document_id, **_page_as_row(page)} for page in pages]
    upsert = new.on_conflict_do_update(
        index_elements=["document_id", "page_index"],
        set_={name: new.excluded[name] for name in _page_as_row(pages[0]) if name != "page_index"},
    ).returning(PageRow.page_index, PageRow.id)
    return {row.page_index: row.id for row in session.execute(upsert, rows)}


def _register_drafted(session: Session, pages: Sequence[PageReading]) -> None:
    """Keep the fields that were found on pages without a template, as a template of their own."""
    for page in pages:
        found = page.segmentation
        if found is not None and found.drafted:
            register_fields(
                session,
                template_id=found.template_id,
                version=found.template_version,
                fields=found.drafted,
            )


def _page_as_row(page: PageReading) -> dict[str, Any]:
    return {
        "page_index": page.page_index,
        "failure_code": page.failure_code,
        "failure_detail": page.failure_detail,
        **_evidence_as_row(page.segmentation),
    }


def _evidence_as_row(found: PageSegmentation | None) -> dict[str, Any]:
    """Spread the evidence over its columns; all are NULL for a page that was refused."""
    return {
        "template_id": found and found.template_id,
        "template_version": found and found.template_version,
        "template_page_index": found and found.page_index,
        "page_to_template": found and found.page_to_template.ravel().tolist(),
        "turn_deg": found and found.turn_deg,
        "skew_deg": found and found.skew_deg,
        "scan_dpi": found and found.scan_dpi,
        "inlier_count": found and found.inlier_count,
        "inlier_spread": found and found.inlier_spread,
        "rms_px": found and found.rms_px,
        "agreement": found and found.agreement,
    }
