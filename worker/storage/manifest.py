"""Manifests: a CSV file that lists scans, for batches that are no folder and no prefix.

Its first line names the columns: ``uri`` (``s3://bucket/key`` or the path of a file, relative
to the manifest), and if need be ``version`` (an S3 version id or ETag) and ``size_bytes``.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from worker.errors import ConfigError
from worker.storage.files import translated_reads
from worker.storage.folder import file_source
from worker.storage.s3 import SCHEME, parse_s3_url
from worker.types import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_COLUMNS = {"uri", "version", "size_bytes"}


def read_manifest(path: Path) -> Iterator[Source]:
    """Give the scans that a manifest lists, line by line, none of them read.

    Raises:
        ConfigError: it is no such CSV; the message names the line.
        ObjectMissingError: there is no such manifest, or no file that it lists.
    """
    with translated_reads(path), path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        try:
            columns = set(rows.fieldnames or ())
            if "uri" not in columns:
                found = ", ".join(sorted(columns)) or "none"
                raise ConfigError(f"{path}: want a column uri in the first line, found {found}")
            if unknown := sorted(columns - _COLUMNS):
                raise ConfigError(f"{path}: unknown columns {', '.join(unknown)}")
            for row in rows:
                yield _source(path, row, line=rows.line_num)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}, line {rows.line_num}: {error}") from error


def _source(path: Path, row: Mapping[str, str | None], *, line: int) -> Source:
    uri = (row["uri"] or "").strip()
    if not uri:
        raise ConfigError(f"{path}, line {line}: uri is empty")
    if not uri.startswith(SCHEME):
        if "://" in uri:
            raise ConfigError(f"{path}, line {line}: want {SCHEME}BUCKET/KEY or a path, got {uri}")
        return file_source(path.parent / uri)
    parse_s3_url(uri)
    size = (row.get("size_bytes") or "0").strip()
    if not size.isdecimal():
        raise ConfigError(f"{path}, line {line}: size_bytes must be a number, got {size}")
    return Source(uri=uri, size_bytes=int(size), version=(row.get("version") or "").strip())
