"""Lists of labelled crops, read from folders; held-out writers stay out of training.

Two layouts are known. ``DIR/SPLIT.csv`` with FILENAME and IDENTITY beside the folder
``DIR/SPLIT/``; and ``DIR/SPLIT/labels.csv`` with a WRITER column beside ``DIR/SPLIT/images/``.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recognition.errors import ManifestError
from recognition.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HELD_OUT_OF = 8  # one writer in so many is never trained on


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One crop on disk and what it says."""

    image: Path
    text: str = field(repr=False)  # normalised; a name, so kept out of logs
    writer: str | None  # None where the source does not tell


def read_split(folder: Path, split: str) -> list[Sample]:
    """Read the samples of a split in either layout; rows without a text are left out.

    Raises:
        ManifestError: no list is there, a column is missing, it is empty, or a file comes twice.
    """
    flat, nested = folder / f"{split}.csv", folder / split / "labels.csv"
    if flat.is_file():
        samples = list(_rows(flat, images=folder / split))
    elif nested.is_file():
        samples = list(_rows(nested, images=folder / split / "images"))
    else:
        raise ManifestError(f"neither {flat} nor {nested} is there")
    if not samples:
        raise ManifestError(f"split {split!r} of {folder} holds no labelled crop")
    if len({sample.image for sample in samples}) != len(samples):
        raise ManifestError(f"a file stands twice in split {split!r} of {folder}")
    return samples


def is_held_out(writer: str) -> bool:
    """Say whether a writer is kept for measuring: SHA-256 of the name, modulo 8, is 0."""
    return int(hashlib.sha256(writer.encode()).hexdigest(), 16) % HELD_OUT_OF == 0


def without_held_out(samples: Iterable[Sample]) -> list[Sample]:
    """Keep what training may see."""
    return [s for s in samples if s.writer is None or not is_held_out(s.writer)]


def only_held_out(samples: Iterable[Sample]) -> list[Sample]:
    """Keep what only measuring may see."""
    return [s for s in samples if s.writer is not None and is_held_out(s.writer)]


def _rows(table: Path, *, images: Path) -> Iterable[Sample]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if missing := {"FILENAME", "IDENTITY"} - set(reader.fieldnames or ()):
                raise ManifestError(f"{table} lacks the columns {sorted(missing)}")
            for row in reader:
                if text := normalise(row["IDENTITY"] or ""):
                    if not row["FILENAME"]:
                        raise ManifestError(f"{table} line {reader.line_num} names no file")
                    yield Sample(
                        image=images / row["FILENAME"], text=text, writer=row.get("WRITER") or None
                    )
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{table} is no CSV file in UTF-8; save it as one") from error
