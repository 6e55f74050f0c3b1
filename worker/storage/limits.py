"""Refuse what is too large before its bytes are read."""

from __future__ import annotations

from worker.errors import DocumentTooLargeError

_MIB = 1024 * 1024


def check_size(uri: str, size_bytes: int, *, max_bytes: int) -> None:
    """Let a document of this size pass.

    Raises:
        DocumentTooLargeError: it is over the limit.
    """
    if size_bytes > max_bytes:
        raise DocumentTooLargeError(
            f"{uri} has {size_bytes / _MIB:.1f} MiB, the limit is {max_bytes / _MIB:g} MiB; "
            "PENNAME_MAX_DOCUMENT_MIB raises it"
        )
