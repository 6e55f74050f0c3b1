"""Keep objects as files under one folder."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from worker.errors import StorageUnavailableError
from worker.storage.files import replacing, translated_reads
from worker.storage.keys import check_key
from worker.types import Source

if TYPE_CHECKING:
    from collections.abc import Iterator


class FolderStore:
    """Files under a folder, which is made on the first write."""

    def __init__(self, root: Path) -> None:
        """Point at a folder; nothing is touched yet."""
        self._root = root.absolute()

    def get(self, key: str) -> bytes:
        """Read one file whole.

        Raises:
            ObjectMissingError: there is no such file.
            ObjectForbiddenError: its mode keeps this user out.
            StorageUnavailableError: the disk fails.
        """
        path = self._path(key)
        with translated_reads(path):
            return path.read_bytes()

    def put(self, key: str, data: bytes) -> None:
        """Write one file beside its place and move it there, so that no half is ever seen.

        Raises:
            StorageFullError: the disk is full.
            StorageUnavailableError: the folder cannot be written.
        """
        path = self._path(key)
        _make_folder(path.parent)
        with replacing(path) as file:
            file.write(data)

    def delete(self, key: str) -> None:
        """Remove one file; it may be gone already.

        Raises:
            StorageUnavailableError: its folder cannot be written.
        """
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailableError(f"{path} cannot be removed: {error.strerror}") from error
        if path.parent != self._root:
            with suppress(OSError):  # not empty, as a rule
                path.parent.rmdir()

    def list(self, prefix: str = "") -> Iterator[Source]:
        """Walk the files, each folder in order of names; hidden ones and linked folders stay out.

        Raises:
            StorageUnavailableError: a folder cannot be read.
        """
        start = self._root / prefix.rpartition("/")[0]  # what lies elsewhere need not be walked
        for folder, folders, names in os.walk(start, onerror=_refuse):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(name for name in names if not name.startswith(".")):
                path = Path(folder, name)
                if path.relative_to(self._root).as_posix().startswith(prefix):
                    yield from _as_source(path)

    def uri(self, key: str) -> str:
        """Say where the file lies."""
        return self._path(key).as_uri()

    def _path(self, key: str) -> Path:
        check_key(key)
        return self._root / key


def file_source(path: Path) -> Source:
    """Describe one file, unread.

    Raises:
        ObjectMissingError: there is no such file.
    """
    with translated_reads(path):
        return Source(uri=path.absolute().as_uri(), size_bytes=path.stat().st_size, version="")


def _as_source(path: Path) -> Iterator[Source]:
    """Give a regular file; what vanished meanwhile, a dead link or a pipe gives nothing."""
    try:
        found = path.stat()
    except OSError:
        return
    if stat.S_ISREG(found.st_mode):
        yield Source(uri=path.as_uri(), size_bytes=found.st_size, version="")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailableError(
            f"the folder {folder} cannot be made: {error.strerror}; name another store"
        ) from error


def _refuse(error: OSError) -> None:
    """Stop at a folder that cannot be read; one that is not there holds nothing."""
    if isinstance(error, FileNotFoundError):
        return
    raise StorageUnavailableError(
        f"the folder {error.filename} cannot be read: {error.strerror}"
    ) from error
