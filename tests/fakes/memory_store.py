"""An object store in memory: a full double of ``worker.storage``, with a size if need be."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from worker.errors import ObjectMissingError, StorageFullError
from worker.types import Source

if TYPE_CHECKING:
    from collections.abc import Iterator


class MemoryStore:
    """Bytes under keys, gone with the test; holds ``room_bytes`` at most."""

    def __init__(self, *, room_bytes: int | None = None) -> None:
        self.room_bytes = room_bytes
        self._objects: dict[str, bytes] = {}
        self._lock = Lock()  # stores are called by several threads

    def get(self, key: str) -> bytes:
        """Read one object whole."""
        try:
            return self._objects[key]
        except KeyError as error:
            raise ObjectMissingError(f"no object {self.uri(key)}") from error

    def put(self, key: str, data: bytes) -> None:
        """Write one object, if there is room."""
        if not key or key.startswith("/") or {"", ".", ".."} & set(key.split("/")):
            raise ValueError(f"want a relative key such as crops/1.zip, got {key!r}")
        with self._lock:
            others = sum(len(held) for name, held in self._objects.items() if name != key)
            if self.room_bytes is not None and others + len(data) > self.room_bytes:
                raise StorageFullError(f"no room for {self.uri(key)}")
            self._objects[key] = bytes(data)

    def delete(self, key: str) -> None:
        """Remove one object; it may be gone already."""
        self._objects.pop(key, None)

    def list(self, prefix: str = "") -> Iterator[Source]:
        """Find every object whose key starts so, in order."""
        for key in sorted(self._objects):
            if key.startswith(prefix):
                yield Source(uri=self.uri(key), size_bytes=len(self._objects[key]), version="")

    def uri(self, key: str) -> str:
        """Say where an object lies."""
        return f"memory:///{key}"
