"""What an object store does, whatever it is made of.

Keys are relative paths with ``/`` between their parts. Errors are the worker's own: a key
that is not there raises ``ObjectMissingError``, a store that does not answer
``StorageUnavailableError``, one without room ``StorageFullError``, one that refuses
``ObjectForbiddenError``, and one that is set up wrongly ``ConfigError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.types import Source


class ObjectStore(Protocol):
    """Bytes under keys."""

    def get(self, key: str) -> bytes:
        """Read one object whole."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Write one object: afterwards it is there whole or, on an error, as it was before."""
        ...

    def delete(self, key: str) -> None:
        """Remove one object; it may be gone already."""
        ...

    def list(self, prefix: str = "") -> Iterator[Source]:
        """Find every object whose key starts so, a page at a time, without reading any."""
        ...

    def uri(self, key: str) -> str:
        """Say where an object lies, for people and tables."""
        ...
