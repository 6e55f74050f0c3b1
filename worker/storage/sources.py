"""Find the scans under a file, a folder or an S3 prefix, and read them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from worker.errors import ConfigError
from worker.storage.files import translated_reads
from worker.storage.folder import FolderStore, file_source
from worker.storage.limits import check_size
from worker.storage.s3 import SCHEME, S3Options, S3Store, connect, parse_s3_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.storage.base import ObjectStore
    from worker.storage.s3 import S3Client
    from worker.types import Source

SCAN_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".pdf"})
_FILE_SCHEME = "file://"


class Listing:
    """The scans under one input, found as they are asked for."""

    def __init__(self, walk: Callable[[], Iterator[Source]], *, named: str) -> None:
        """Take how to list the input, and the URI that was named for it."""
        self._walk = walk
        self._named = named
        self.left_out = 0  # other files that the latest walk has met so far

    def __iter__(self) -> Iterator[Source]:
        """Walk the input; a file that was named itself counts as a scan whatever its suffix."""
        self.left_out = 0
        for source in self._walk():
            if source.uri == self._named or _suffix(source) in SCAN_SUFFIXES:
                yield source
            elif not source.uri.endswith("/"):  # S3 consoles keep such keys to show a folder
                self.left_out += 1


class Sources:
    """Where scans come from. It serves many threads of one process."""

    def __init__(self, s3: S3Options) -> None:
        """Take how to talk to S3; nothing is sent, and no client made, before it is needed."""
        self._s3 = s3
        self._lock = Lock()
        self._client: S3Client | None = None

    def find(self, place: str) -> Listing:
        """Look into a file, a folder or ``s3://bucket/prefix``.

        Raises:
            ObjectMissingError: there is no such file or folder.
            ConfigError: the place is neither of the three.
        """
        if place.startswith(SCHEME):
            bucket, prefix = parse_s3_url(place)
            return Listing(lambda: self._bucket(bucket).list(prefix), named=place)
        if "://" in place:
            raise ConfigError(f"want a file, a folder or {SCHEME}BUCKET/PREFIX, got {place}")
        path = Path(place).absolute()
        source = file_source(path)
        walk = FolderStore(path).list if path.is_dir() else lambda: iter([source])
        return Listing(walk, named=source.uri)

    def read(self, source: Source, *, max_bytes: int) -> bytes:
        """Read the bytes of one scan, as it was listed.

        Raises:
            ObjectMissingError: it is gone, or an object was replaced since.
            ObjectForbiddenError: this user may not read it.
            DocumentTooLargeError: it is over the limit; it was not read.
            StorageUnavailableError: the disk or the server does not answer.
        """
        check_size(source.uri, source.size_bytes, max_bytes=max_bytes)
        if source.uri.startswith(SCHEME):
            bucket, key = parse_s3_url(source.uri)
            store = self._bucket(bucket)
            return store.get_listed(key, version=source.version, max_bytes=max_bytes)
        return _read_file(source.uri, max_bytes=max_bytes)

    def _bucket(self, name: str) -> S3Store:
        with self._lock:  # boto3 cannot make clients in two threads at once
            self._client = self._client or connect(self._s3)
        return S3Store(self._client, name)


def open_store(place: str, s3: S3Options) -> ObjectStore:
    """Open the store in a folder or under ``s3://bucket/prefix``.

    Raises:
        ConfigError: the place is neither of the two.
    """
    if place.startswith(SCHEME):
        bucket, prefix = parse_s3_url(place)
        folder = prefix.rstrip("/") + "/" if prefix.strip("/") else ""
        return S3Store(connect(s3), bucket, folder)
    if "://" in place:
        raise ConfigError(f"want a folder or {SCHEME}BUCKET/PREFIX as store, got {place}")
    return FolderStore(Path(place))


def path_of(source: Source) -> Path | None:
    """Say where a scan lies on this machine, if it does."""
    if not source.uri.startswith(_FILE_SCHEME):
        return None
    return _path(source.uri)


def _path(uri: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(uri.removeprefix(_FILE_SCHEME))))


def _read_file(uri: str, *, max_bytes: int) -> bytes:
    path = _path(uri)
    with translated_reads(path), path.open("rb") as file:
        data = file.read(max_bytes + 1)  # it may have grown since it was listed
    check_size(uri, len(data), max_bytes=max_bytes)
    return data


def _suffix(source: Source) -> str:
    return PurePosixPath(source.name).suffix.lower()
