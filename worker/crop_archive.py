"""Pack the crops of one document into one stored zip of PNGs, and take one out again.

One object a document instead of one a field: a store is paid and waited for by the object.
The zip is stored, not deflated, since PNG is compressed already. The same crops always give
the same bytes, so that writing an archive twice changes nothing.
"""

from __future__ import annotations

import io
import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING

import cv2
import numpy as np

from worker.errors import DamagedDocumentError, ObjectMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation.types import FieldCrop, GrayImage

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
# As small as level 3 on crops of real forms, in half the time, and read back in two thirds of it.
_PNG = (
    *(cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP),
    *(cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE),
)


def pack_crops(
    pages: Iterable[tuple[int, Iterable[FieldCrop]]],
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """Write every crop as ``p{page_index}/{field_name}.png``.

    Args:
        pages: each page's index, from 0, with its crops.
        beside: what else goes into the archive, by entry name.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for page_index, crops in pages:
            for crop in crops:
                entry = zipfile.ZipInfo(_entry_name(page_index, crop.field_name), _EPOCH)
                archive.writestr(entry, encode_png(crop.image))
        for name, data in beside.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return buffer.getvalue()


class CropArchive:
    """An archive that is opened once, to take out one entry after the other."""

    def __init__(self, archive: bytes) -> None:
        """Look at what it holds.

        Raises:
            DamagedDocumentError: the bytes are not an archive.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(archive))
        except zipfile.BadZipFile as error:
            raise _damaged("", error) from error

    def entry(self, name: str) -> bytes:
        """Take one entry out.

        Raises:
            ObjectMissingError: the archive holds no such entry.
            DamagedDocumentError: the entry's checksum is wrong.
        """
        try:
            return self._zip.read(name)
        except KeyError as error:
            raise ObjectMissingError(
                f"no crop {name} in its archive; read the scan again"
            ) from error
        except zipfile.BadZipFile as error:
            raise _damaged(f" of crop {name}", error) from error

    def crop(self, *, page_index: int, field_name: str) -> GrayImage:
        """Take the picture of one field out: (h, w) uint8, as it was packed.

        Raises:
            ObjectMissingError: the archive holds no such crop.
            DamagedDocumentError: the crop is damaged.
        """
        png = np.frombuffer(self.entry(_entry_name(page_index, field_name)), np.uint8)
        return np.asarray(cv2.imdecode(png, cv2.IMREAD_GRAYSCALE), np.uint8)


def crop_png(archive: bytes, *, page_index: int, field_name: str) -> bytes:
    """Take the PNG of one field out of an archive.

    Raises:
        ObjectMissingError: the archive holds no such crop.
        DamagedDocumentError: the bytes are not an archive, or the crop's checksum is wrong.
    """
    return CropArchive(archive).entry(_entry_name(page_index, field_name))


def encode_png(image: GrayImage) -> bytes:
    """Compress (h, w) uint8, or (h, w, 3) in red, green and blue, without loss."""
    if image.ndim == 3:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
    _, png = cv2.imencode(".png", image, _PNG)
    return png.tobytes()


def _entry_name(page_index: int, field_name: str) -> str:
    return f"p{page_index}/{field_name}.png"


def _damaged(what: str, error: zipfile.BadZipFile) -> DamagedDocumentError:
    return DamagedDocumentError(f"the archive{what} is damaged ({error}); read the scan again")
