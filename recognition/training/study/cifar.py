"""Read CIFAR-10 in any of three forms: python batches, binary batches, or one ``.npz``.

The batches are described at https://www.cs.toronto.edu/~kriz/cifar.html (Krizhevsky 2009): a
picture is 1024 bytes of red, 1024 of green and 1024 of blue, each in rows.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.errors import StudyError, StudyFault
from recognition.training.study.pickles import read_batch
from recognition.training.study.types import SIDE_PX, PictureSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
_CHANNELS = 3
_PICTURE_BYTES = _CHANNELS * SIDE_PX * SIDE_PX
_MOST_BYTES = 1 << 30  # all of CIFAR-10 has 184 MB
_PLAIN_NAME = re.compile(r"\w[\w -]{0,39}")
# What zipfile and numpy raise over archives that are damaged, encrypted, packed in a way they do
# not know, or that claim more than there is memory.
_UNREADABLE = (
    OSError, ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]  # pictures and labels


def read_cifar10(folder: Path) -> tuple[PictureSet, PictureSet]:
    """Read what a folder, or its usual sub-folder, holds of CIFAR-10.

    Returns:
        The pictures to learn from, and those to test on.

    Raises:
        StudyError: none of the three forms is there, or what is there is damaged.
    """
    for place in (folder, folder / "cifar-10-batches-py", folder / "cifar-10-batches-bin"):
        if found := sorted(place.glob("data_batch_[0-9].bin")):
            return _from_batches(_binary_batch, found, place / "test_batch.bin", CLASSES)
        if found := sorted(place.glob("data_batch_[0-9]")):
            return _from_batches(_python_batch, found, place / "test_batch", _named(place))
    archives = sorted(folder.glob("cifar10*.npz"))
    if not archives:
        raise StudyError(
            StudyFault.DATA_MISSING,
            f"no CIFAR-10 in {folder}: want data_batch_1 ... and test_batch, "
            "data_batch_1.bin ... and test_batch.bin, or cifar10*.npz",
        )
    return _from_archive(archives[0])


def _from_batches(
    read: Callable[[Path], _Batch], learned: Sequence[Path], tested: Path, classes: tuple[str, ...]
) -> tuple[PictureSet, PictureSet]:
    batches = [read(path) for path in learned]
    images, labels = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    test_images, test_labels = read(tested)
    return (
        PictureSet(images=images, labels=labels, classes=classes),
        PictureSet(images=test_images, labels=test_labels, classes=classes),
    )


def _python_batch(path: Path) -> _Batch:
    batch = read_batch(path)
    data, labels = batch.get("data"), batch.get("labels")
    if not isinstance(data, np.ndarray) or data.shape[1:] != (_PICTURE_BYTES,):
        raise _damaged(path, f"holds no data of {_PICTURE_BYTES} bytes a picture")
    if not isinstance(labels, list) or not all(
        isinstance(label, int) and 0 <= label < len(CLASSES) for label in labels
    ):
        raise _damaged(path, f"holds no list of labels out of 0..{len(CLASSES) - 1}")
    return _checked(_interleaved(data), np.array(labels, np.int64), path)


def _binary_batch(path: Path) -> _Batch:
    """Read records of one label and one picture."""
    try:
        size = path.stat().st_size
        content = np.fromfile(path, np.uint8) if size <= _MOST_BYTES else np.empty(0, np.uint8)
    except OSError as error:
        raise StudyError(
            StudyFault.DATA_MISSING, f"cannot read {path}: {error.strerror}"
        ) from error
    if not content.size or content.size % (1 + _PICTURE_BYTES):
        raise _damaged(path, f"has {size} bytes, want a multiple of {1 + _PICTURE_BYTES}")
    records = content.reshape(-1, 1 + _PICTURE_BYTES)
    return _checked(_interleaved(records[:, 1:]), records[:, 0].astype(np.int64), path)


def _interleaved(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Bring (N, 3072), channel by channel, to (N, 32, 32, 3)."""
    return np.ascontiguousarray(
        planes.reshape(-1, _CHANNELS, SIDE_PX, SIDE_PX).transpose(0, 2, 3, 1)
    )


def _named(folder: Path) -> tuple[str, ...]:
    """Read the names of the classes beside python batches, where they are."""
    path = folder / "batches.meta"
    names = read_batch(path).get("label_names") if path.is_file() else None
    if not isinstance(names, list) or len(names) != len(CLASSES):
        return CLASSES
    return _plain_names(
        [n.decode("utf-8", "replace") if isinstance(n, bytes) else str(n) for n in names], path
    )


def _from_archive(path: Path) -> tuple[PictureSet, PictureSet]:
    """Read ``x_train``, ``y_train``, ``x_test``, ``y_test`` and, where it is there, ``classes``."""
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > _MOST_BYTES:
            raise _damaged(path, f"unpacks to {unpacked} bytes, want {_MOST_BYTES} at most")
        with np.load(path, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except _UNREADABLE as error:
        raise _damaged(path, f"cannot be unpacked ({error})") from error
    if missing := {"x_train", "y_train", "x_test", "y_test"} - held.keys():
        raise _damaged(path, f"lacks the arrays {sorted(missing)}")
    names = held.get("classes", np.array(CLASSES))
    classes = _plain_names([str(name) for name in names.reshape(-1)], path)
    learned, tested = (
        _checked(held[f"x_{part}"], np.asarray(held[f"y_{part}"]).reshape(-1), path, len(classes))
        for part in ("train", "test")
    )
    return (
        PictureSet(images=learned[0], labels=learned[1], classes=classes),
        PictureSet(images=tested[0], labels=tested[1], classes=classes),
    )


def _plain_names(names: Sequence[str], path: Path) -> tuple[str, ...]:
    """Give names of classes on if plots and tables can show them."""
    if len(set(names)) != len(names) or not all(map(_PLAIN_NAME.fullmatch, names)):
        raise _damaged(path, "holds names of classes that are no plain words, or come twice")
    return tuple(names)


def _checked(
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.int64],
    path: Path,
    classes: int = len(CLASSES),
) -> _Batch:
    """Give pictures and labels on, or say what is wrong with them."""
    shape = (SIDE_PX, SIDE_PX, _CHANNELS)
    if images.dtype != np.uint8 or images.shape[1:] != shape or not len(images):
        raise _damaged(path, f"holds {images.shape} {images.dtype}, want (N, 32, 32, 3) uint8")
    if not np.issubdtype(labels.dtype, np.integer) or len(labels) != len(images):
        raise _damaged(
            path, f"holds {len(labels)} labels of {labels.dtype}, want {len(images)} whole numbers"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise _damaged(path, f"holds a label out of 0..{classes - 1}")
    return images, labels.astype(np.int64)


def _damaged(path: Path, how: str) -> StudyError:
    return StudyError(StudyFault.DATA_DAMAGED, f"{path} {how}; fetch it again")
