"""Read MNIST from its four idx files, as they come or unpacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recognition.errors import StudyError, StudyFault
from recognition.training.study.idx import read_idx
from recognition.training.study.types import SIDE_PX, PictureSet

if TYPE_CHECKING:
    from pathlib import Path

_CLASSES = tuple("0123456789")


def read_mnist(folder: Path) -> tuple[PictureSet, PictureSet]:
    """Read what a folder, or its sub-folder ``mnist`` or ``MNIST/raw``, holds.

    Returns:
        The pictures to learn from, and those to test on; smaller ones are set on 32 x 32 px.

    Raises:
        StudyError: a file is missing or damaged, or files contradict each other.
    """
    learned, tested = (_read_part(folder, part) for part in ("train", "t10k"))
    return learned, tested


def _read_part(folder: Path, part: str) -> PictureSet:
    images = read_idx(_find(folder, f"{part}-images", axes=3), axes=3)
    labels = read_idx(_find(folder, f"{part}-labels", axes=1), axes=1)
    if len(images) != len(labels):
        raise _damaged(part, f"{len(images)} pictures, but {len(labels)} labels")
    if labels.max() >= len(_CLASSES):
        raise _damaged(part, f"a label is out of 0..{len(_CLASSES) - 1}")
    height, width = images.shape[1:]
    if max(height, width) > SIDE_PX:
        raise _damaged(part, f"pictures are {height} x {width} px, over {SIDE_PX}")
    top, left = (SIDE_PX - height) // 2, (SIDE_PX - width) // 2
    framed = np.zeros((len(images), SIDE_PX, SIDE_PX, 1), np.uint8)
    framed[:, top : top + height, left : left + width, 0] = images
    return PictureSet(images=framed, labels=labels.astype(np.int64), classes=_CLASSES)


def _find(folder: Path, name: str, *, axes: int) -> Path:
    """Find a file under any of its usual names."""
    for place in (folder, folder / "mnist", folder / "MNIST" / "raw"):
        for mark in (f"-idx{axes}-ubyte", f".idx{axes}-ubyte"):
            for packed in ("", ".gz"):
                path = place / f"{name}{mark}{packed}"
                if path.is_file():
                    return path
    raise StudyError(
        StudyFault.DATA_MISSING,
        f"no MNIST in {folder}: {name}-idx{axes}-ubyte, or that .gz, is not there",
    )


def _damaged(part: str, how: str) -> StudyError:
    return StudyError(
        StudyFault.DATA_DAMAGED, f"MNIST {part}: {how}; fetch the images and labels again"
    )
