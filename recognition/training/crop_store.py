"""Keep all decoded crops in one memory-mapped array, so that no epoch decodes a file twice.

The store is built once and found again by the checksum of its files and labels, which is also
the data checksum that a training record names.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from recognition.errors import ManifestError
from recognition.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from recognition.training.manifest import Sample
    from recognition.types import GrayImage

_MAX_HEIGHT_PX = 96  # preprocessing would reduce taller crops anyway


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CropStore:
    """Decoded crops, end to end in one array."""

    pixels: npt.NDArray[np.uint8]  # (P,), memory-mapped, read only
    offsets: npt.NDArray[np.int64]  # (K,), where each crop begins
    shapes: npt.NDArray[np.int64]  # (K, 2): height and width
    checksum: str  # SHA-256 over files and labels

    def crop(self, index: int) -> GrayImage:
        """Give crop ``index``, (h, w) uint8, read only."""
        height, width = (int(v) for v in self.shapes[index])
        start = int(self.offsets[index])
        return self.pixels[start : start + height * width].reshape(height, width)


def open_store(samples: Sequence[Sample], folder: Path) -> CropStore:
    """Open the store of these samples, built first where it is missing.

    Args:
        samples: crops in the order of their indexes.
        folder: where stores are kept.

    Raises:
        ManifestError: a file is missing or is no picture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checksum = data_checksum(samples)
    pixels, index = folder / f"{checksum[:16]}.u8", folder / f"{checksum[:16]}.json"
    if not index.is_file():
        shapes = _decode_all(samples, pixels)
        with replacing(index) as partial:
            partial.write_text(json.dumps(shapes))
    stored = np.array(json.loads(index.read_text()), np.int64).reshape(-1, 2)
    sizes = stored.prod(axis=1)
    return CropStore(
        pixels=np.memmap(pixels, np.uint8, mode="r"),
        offsets=np.cumsum(sizes) - sizes,
        shapes=stored,
        checksum=checksum,
    )


def data_checksum(samples: Sequence[Sample]) -> str:
    """Give the SHA-256 over every file's bytes and label, in order.

    Raises:
        ManifestError: a file is missing.
    """
    digest = hashlib.sha256()
    for sample in samples:
        try:
            content = sample.image.read_bytes()
        except OSError as error:
            raise ManifestError(f"cannot read {sample.image}: {error.strerror}") from error
        digest.update(hashlib.sha256(content).digest())
        digest.update(hashlib.sha256(f"{sample.text}\0{sample.writer}".encode()).digest())
    return digest.hexdigest()


def check_files(samples: Iterable[Sample]) -> None:
    """Refuse samples of which a file is not there.

    Raises:
        ManifestError: the first such file.
    """
    for sample in samples:
        if not sample.image.is_file():
            raise ManifestError(f"{sample.image} is listed, but there is no such file")


def read_crop(path: Path) -> GrayImage:
    """Decode a picture to grey.

    Raises:
        ManifestError: the file is missing or is no picture.
    """
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        fault = "is no picture" if path.is_file() else "is not there"
        raise ManifestError(f"{path} {fault}")
    return np.asarray(image, np.uint8)


def _decode_all(samples: Sequence[Sample], target: Path) -> list[tuple[int, int]]:
    shapes: list[tuple[int, int]] = []
    with replacing(target) as partial, partial.open("wb") as file:
        for sample in samples:
            crop = read_crop(sample.image)
            if crop.shape[0] > _MAX_HEIGHT_PX:
                width = max(1, round(crop.shape[1] * _MAX_HEIGHT_PX / crop.shape[0]))
                crop = np.asarray(
                    cv2.resize(crop, (width, _MAX_HEIGHT_PX), interpolation=cv2.INTER_AREA),
                    np.uint8,
                )
            file.write(crop.tobytes())
            shapes.append((crop.shape[0], crop.shape[1]))
    return shapes
