"""Try a store with a scratch object: write, read, replace and delete it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from worker.doctor.facts import StoreFacts
from worker.errors import ObjectMissingError, WorkerError
from worker.storage.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.doctor.facts import Checksums
    from worker.storage.base import ObjectStore

_FIRST, _SECOND = b"penname doctor", b"penname doctor, replaced"


def try_store(
    open_with: Callable[[Checksums], ObjectStore],
    *,
    checksums: Checksums,
    is_folder: bool,
    key: str,
) -> StoreFacts:
    """Find out what a store does with an object.

    Args:
        open_with: opens the store with these checksums.
        checksums: the setting.
        is_folder: whether it is one.
        key: of the scratch object, which nobody else uses.
    """
    refusal = _round_trip(open_with, checksums, key)
    without = None
    if refusal is not None and checksums != "when_required":
        without = _round_trip(open_with, "when_required", key) is None
    apart = _keeps_versions_apart(open_with(checksums), key) if refusal is None else None
    return StoreFacts(
        is_folder=is_folder,
        checksums=checksums,
        refusal=refusal,
        without_checksums=without,
        keeps_versions_apart=apart,
    )


def _round_trip(
    open_with: Callable[[Checksums], ObjectStore], checksums: Checksums, key: str
) -> str | None:
    """Say why an object does not come back as it was written, or None."""
    try:
        store = open_with(checksums)
        store.put(key, _FIRST)
        came_back = store.get(key)
        store.delete(key)
    except WorkerError as error:
        return str(error)
    return None if came_back == _FIRST else "an object did not come back as it was written"


def _keeps_versions_apart(store: ObjectStore, key: str) -> bool | None:
    """Say whether an object that was replaced is refused to whoever knows the first."""
    if not isinstance(store, S3Store):
        return None
    try:
        store.put(key, _FIRST)
        [listed] = store.list(key)
        store.put(key, _SECOND)
        store.get_listed(key, version=listed.version, max_bytes=len(_SECOND))
    except ObjectMissingError:
        return True
    except (WorkerError, ValueError):  # it lists nothing, or too much, just after the write
        return None
    else:
        return False
    finally:
        with suppress(WorkerError):
            store.delete(key)
