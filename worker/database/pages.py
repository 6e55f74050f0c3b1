"""Pages: the evidence that each was laid onto the right form, or why it was not."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import bindparam, delete

from worker.database.dialects import insert_into_table, is_postgresql
from worker.database.models import PageRow
from worker.database.releases import register_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Delete, Table
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import ReturningInsert

    from segmentation.types import PageSegmentation
    from worker.types import PageReading

_PAGES: Final = cast("Table", PageRow.__table__)  # statements over it are built once


def write_pages(
    session: Session, document_id: UUID, pages: Sequence[PageReading]
) -> dict[int, int]:
    """Write the pages of a document in place of those of an earlier attempt.

    Returns:
        Page index to row id.
    """
    # An attempt that failed left no readings, so a page that is gone now can go.
    kept = {"document": document_id, "kept": [page.page_index for page in pages]}
    session.execute(_forgetting(), kept)
    if not pages:
        return {}
    _register_drafted(session, pages)
    rows = [{"document_id": document_id, **_page_as_row(page)} for page in pages]
    upsert = _upsert(tuple(rows[0]), is_postgresql=is_postgresql(session))
    return {row.page_index: row.id for row in session.execute(upsert, rows)}


@cache
def _forgetting() -> Delete:
    gone = _PAGES.c.page_index.not_in(bindparam("kept", expanding=True))
    return delete(_PAGES).where(_PAGES.c.document_id == bindparam("document"), gone)


@cache
def _upsert(names: tuple[str, ...], *, is_postgresql: bool) -> ReturningInsert[int, int]:
    new = insert_into_table(_PAGES, is_postgresql=is_postgresql)
    key = ["document_id", "page_index"]
    changed = {name: new.excluded[name] for name in names if name not in key}
    upsert = new.on_conflict_do_update(index_elements=key, set_=changed)
    return upsert.returning(_PAGES.c.page_index, _PAGES.c.id)


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
