"""Where the worker's own objects lie in a store: keys are functions of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


def crop_archive_key(document_id: UUID, attempt: int) -> str:
    """Name the archive of one attempt's crops; attempts never overwrite each other."""
    return f"crops/{document_id}/{attempt}.zip"
