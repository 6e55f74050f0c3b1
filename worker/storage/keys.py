"""Where the worker's own objects lie in a store: keys are functions of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


UPLOADS = "uploads/"  # scans that came by the web, by the day they came


def crop_archive_key(document_id: UUID, attempt: int) -> str:
    """Name the archive of one attempt's crops; attempts never overwrite each other."""
    return f"{crop_folder(document_id)}{attempt}.zip"


def crop_folder(document_id: UUID) -> str:
    """Say how the keys of all attempts at a document begin."""
    return f"crops/{document_id}/"


def check_key(key: str) -> None:
    """Refuse a key that is no relative path, or that would leave its store.

    Raises:
        ValueError: it is, which is a caller's bug.
    """
    if {"", ".", ".."} & set(key.split("/")) or "\0" in key:
        raise ValueError(f"want a relative key such as crops/1.zip, got {key!r}")
