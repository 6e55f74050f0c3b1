"""Write files so that they are seen whole or not at all; name what the disk refuses."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

from worker.errors import (
    ObjectForbiddenError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

# A disk without room, a quota used up, a file beyond the limit of its process or file system.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of ``path`` once it is whole and on disk.

    A device or pipe, such as ``/dev/stdout``, is written straight: moving a file onto it would
    destroy it.

    Raises:
        StorageFullError: the disk is full.
        StorageUnavailableError: the folder is missing or cannot be written.
    """
    with _translated_writes(path):
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        place = path.resolve()  # a link stays a link
        unfinished = place.with_name(f".{uuid4().hex}.part")  # hidden, so no listing shows it
        try:
            with unfinished.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
            _sync_folder(place.parent)
        finally:
            unfinished.unlink(missing_ok=True)


@contextmanager
def translated_reads(path: Path) -> Iterator[None]:
    """Translate what the disk refuses while one file is read.

    Raises:
        ObjectMissingError: there is no such file.
        ObjectForbiddenError: its mode keeps this user out.
        StorageUnavailableError: the disk fails.
    """
    try:
        yield
    except _ABSENT as error:
        raise ObjectMissingError(f"no such file or folder: {path}") from error
    except PermissionError as error:
        raise ObjectForbiddenError(f"{path} may not be read by this user; see its mode") from error
    except OSError as error:
        raise StorageUnavailableError(f"{path} cannot be read: {error.strerror}") from error


@contextmanager
def _translated_writes(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFullError(
                f"no room for {path}: {error.strerror}; make room and run the same command again"
            ) from error
        raise StorageUnavailableError(
            f"{path} cannot be written: {error.strerror}; its folder must be there and writable"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make the move itself outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
