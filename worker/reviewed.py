"""Write what people confirmed or typed as labelled samples that training can read.

The folder holds ``reviewed/labels.csv`` beside ``reviewed/images/``, the layout with writers of
``recognition.training.manifest``. A document counts as one writer, so that its crops are learned
from or judged on, never both. Only this user may read what is written: it is people's names.
"""

from __future__ import annotations

import csv
import io
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.normal import normalise
from recognition.training.manifest import is_held_out
from worker.crop_archive import crop_png
from worker.errors import (
    ConfigError,
    DamagedDocumentError,
    ObjectMissingError,
    StorageUnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.database.corrections import ReviewedValue
    from worker.storage.base import ObjectStore

SPLIT = "reviewed"
_HEAD = ("FILENAME", "IDENTITY", "WRITER")
_IO_THREADS = 8  # they wait for the store, and use next to no processor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedSamples:
    """What was written, and what was left out."""

    folder: Path  # holds the split ``SPLIT``
    to_learn: int  # values
    held_out: int  # values of the documents that are kept for judging
    documents: int
    misplaced: int  # their crop may not show what the person read on the page
    missing: int  # their crop is no longer in the store
    unspellable: int  # they hold a character that the network does not know

    @property
    def left_out(self) -> str:
        """Count what was left out, for people; "" where nothing was."""
        reasons = {
            "misplaced": self.misplaced,
            "whose crop is not in the store": self.missing,
            "with characters that the network does not know": self.unspellable,
        }
        return ", ".join(f"{count} {reason}" for reason, count in reasons.items() if count)


def write_samples(
    values: Sequence[ReviewedValue], store: ObjectStore, folder: Path
) -> ReviewedSamples:
    """Write the crops and labels of reviewed values.

    Args:
        values: as ``reviewed_values`` gives them.
        store: where their crops lie.
        folder: where the split is written; what an earlier call wrote is replaced.

    Raises:
        ObjectMissingError: not one of the crops is in the store.
        StorageUnavailableError: the store does not answer, or the folder cannot be written.
    """
    alphabet = Alphabet(NAME_ALPHABET)
    placed = [value for value in values if not value.doubt]
    spelt = [value for value in placed if alphabet.covers(normalise(value.text))]
    images = folder / SPLIT / "images"
    _make_private(images)
    documents = [list(own) for _, own in groupby(spelt, key=lambda value: value.crop_key)]
    with ThreadPoolExecutor(_IO_THREADS) as threads:
        written = threads.map(partial(_write_crops, store, images), documents)
        kept = [value for own in written for value in own]
    if spelt and not kept:
        raise ObjectMissingError(
            f"not one of {len(spelt)} crops is in the store; name the one that the scans were read "
            "with by --store, or read the scans again"
        )
    _write_private(folder / SPLIT / "labels.csv", _table(kept))
    held_out = sum(is_held_out(value.document_sha256) for value in kept)
    return ReviewedSamples(
        folder=folder,
        to_learn=len(kept) - held_out,
        held_out=held_out,
        documents=len({value.document_sha256 for value in kept}),
        misplaced=len(values) - len(placed),
        missing=len(spelt) - len(kept),
        unspellable=len(placed) - len(spelt),
    )


def make_run_folder(folder: Path, *, digest: str) -> None:
    """Make the private folder of a run, or find the same run there, to go on with it.

    Args:
        folder: made where it is missing.
        digest: names all that the run is made from.

    Raises:
        ConfigError: the folder holds something else.
        StorageUnavailableError: it cannot be written.
    """
    marker = folder / "run-of.txt"
    if marker.is_file():
        if marker.read_text("utf-8").strip() != digest:
            raise ConfigError(
                f"{folder} holds a run on other reviewed values or settings; name another --out"
            )
    elif folder.is_dir() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty; name a new folder with --out")
    _make_private(folder)
    _write_private(marker, f"{digest}\n".encode())


def _write_crops(
    store: ObjectStore, images: Path, values: Sequence[ReviewedValue]
) -> list[ReviewedValue]:
    """Write the crops of one archive; give the values whose crops were there."""
    key = values[0].crop_key
    if key is None:
        return []
    try:
        archive = store.get(key)
    except ObjectMissingError:
        return []
    kept = []
    for value in values:
        try:
            png = crop_png(archive, page_index=value.page_index, field_name=value.field_name)
        except (ObjectMissingError, DamagedDocumentError):
            continue
        _write_private(images / _file_name(value), png)
        kept.append(value)
    return kept


def _table(values: Sequence[ReviewedValue]) -> bytes:
    text = io.StringIO()
    rows = [(_file_name(value), value.text, value.document_sha256) for value in values]
    csv.writer(text, lineterminator="\n").writerows([_HEAD, *rows])
    return text.getvalue().encode()


def _file_name(value: ReviewedValue) -> str:
    return f"{value.reading_id.hex}.png"


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise StorageUnavailableError(f"{folder} cannot be made: {error.strerror}") from error


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else may read, from its first byte on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise StorageUnavailableError(f"{path} cannot be written: {error.strerror}") from error
