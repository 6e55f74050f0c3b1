"""Where the worker's own objects lie in a store: keys are functions of ids."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from uuid import UUID

UPLOADS = "uploads/"  # scans that came by the web, by the day they came
DRAFTS = "drafts/"  # templates that are being drawn, under ids that tell when that began

_DRAFT = re.compile(r"([0-9a-f-]{36})\.[a-z]+")
_BY_TIME = 7  # the version of UUIDs that begin with their time, RFC 9562
_MS_BITS, _RANDOM_BITS = 48, 62


def new_draft_id(now: datetime) -> UUID:
    """Draw the id of a template draft: the time in milliseconds, then 74 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    above = milliseconds << 16 | _BY_TIME << 12 | secrets.randbits(12)
    return UUID(int=above << 64 | 0b10 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS))


def draft_key(draft_id: UUID, kind: str) -> str:
    """Name what is kept of a draft: its picture, its fields."""
    return f"{DRAFTS}{draft_id}.{kind}"


def draft_begun_at(key: str) -> datetime | None:
    """Say when a draft was begun; None where its key does not tell, as of old ones."""
    found = _DRAFT.fullmatch(key.removeprefix(DRAFTS))
    draft_id = UUID(found[1]) if found else None
    if draft_id is None or draft_id.version != _BY_TIME:
        return None
    return datetime.fromtimestamp((draft_id.int >> 128 - _MS_BITS) / 1000, UTC)


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
