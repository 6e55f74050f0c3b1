"""JPEG, PNG and TIFF to pages.

Decoders forgive too much: OpenCV fills the missing half of a JPEG with grey and says nothing,
and libtiff does the same with white. A form half of which is grey would be read as a form with
blank fields, so a file must have its end before it is believed. A JPEG that lost its middle but
has an end mark passes: its coding has no checksum to tell by.

Pillow's readers are called by name rather than by ``Image.open``: no other format can slip
in, and the pixel limit is the worker's own, not Pillow's global one.

Sources: JPEG, ITU-T T.81 annex B; PNG, W3C PNG-3 section 5; TIFF 6.0 section 8.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from worker.document_images.types import DecodedPage, RefusedPage
from worker.errors import DamagedDocumentError, PermanentError, UnsupportedDocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageFile import ImageFile

    from segmentation.types import GrayImage
    from worker.document_images.types import DecodeLimits

# What Pillow was seen to raise over damaged files; a MemoryError is let through.
_DECODER_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"  # SOS and EOI; never inside coded data
_TIFF_STRIPS, _TIFF_TILES = (273, 279), (324, 325)  # tags: offsets and byte counts
_MODES_16_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
_MODES_WITHOUT_RANGE = ("I", "F")  # 32-bit samples do not say which value is white
_MAX_PIXEL_ASPECT = 3.0  # fax has 204 x 98 dpi, 2.1; beyond this the tags are not believed
_MIN_PIXEL_ASPECT = 1.02  # rounding of dpi tags stays below
_ORIENTATION_TAG = 274
_LYING = (5, 6, 7, 8)  # its values for pictures stored on their side


def jpeg_page(data: bytes, limits: DecodeLimits) -> DecodedPage:
    """Decode a JPEG; the first picture, where a camera put a preview behind it.

    Most scans are JPEGs, and OpenCV hands over their pixels without copying them twice: 13 ms
    for a letter page at 300 dpi against Pillow's 24. It undoes the EXIF turn by itself.

    Raises:
        PermanentError: the file is damaged or over the limits.
    """
    with _damage_named("JPEG"):
        header = JpegImageFile(io.BytesIO(data))
        _check_size(header, limits)
    # A picture begun after the last end: told from the end, since the files are long.
    if data.find(_JPEG_SCAN, max(0, data.rfind(_JPEG_END))) >= 0:
        raise DamagedDocumentError("the JPEG ends in the middle of its picture; scan it again")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if decoded is None:
        raise DamagedDocumentError("the JPEG is damaged; scan it again")
    gray = np.asarray(decoded, np.uint8)
    return _square_page(gray, _upright_resolution(header), limits, page_index=0)


def png_page(data: bytes, limits: DecodeLimits) -> DecodedPage:
    """Decode a PNG.

    Raises:
        PermanentError: the file is damaged or over the limits.
    """
    with _damage_named("PNG"):
        picture = PngImageFile(io.BytesIO(data))
        _check_size(picture, limits)
        picture.verify()  # every checksum up to the end; decoding alone skips those of pixels
        picture = PngImageFile(io.BytesIO(data))  # verifying uses a picture up
        picture.load()
    return _page(picture, _upright_resolution(picture), limits, page_index=0)


def tiff_pages(data: bytes, limits: DecodeLimits) -> Iterator[DecodedPage | RefusedPage]:
    """Open a TIFF, then decode its pages one by one as they are asked for.

    Raises:
        PermanentError: the file has no first page, or more than the limit.
    """
    with _damage_named("TIFF"):
        picture = TiffImageFile(io.BytesIO(data))
    if _has_page(picture, limits.max_pages):
        limits.check_pages(limits.max_pages + 1)  # counting on could take for ever
    return _tiff_pages(picture, len(data), limits)


def _tiff_pages(
    picture: TiffImageFile, size_bytes: int, limits: DecodeLimits
) -> Iterator[DecodedPage | RefusedPage]:
    for page_index in range(limits.max_pages):
        try:
            with _damage_named("TIFF"):
                picture.seek(page_index)
        except DamagedDocumentError as error:
            if not isinstance(error.__cause__, EOFError):  # the chain of pages is broken here
                yield RefusedPage(page_index=page_index, error=error)
            return
        try:
            yield _tiff_page(picture, page_index, size_bytes, limits)
        except PermanentError as error:
            yield RefusedPage(page_index=page_index, error=error)


def _tiff_page(
    picture: TiffImageFile, page_index: int, size_bytes: int, limits: DecodeLimits
) -> DecodedPage:
    with _damage_named("TIFF"):
        _check_size(picture, limits)
        for offsets, counts in (_TIFF_STRIPS, _TIFF_TILES):
            tags = picture.tag_v2
            for start, length in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False):
                if start + length > size_bytes:
                    raise DamagedDocumentError("the TIFF ends in the middle of a page")
        resolution = _upright_resolution(picture)  # loading turns it and drops the tag
        picture.load()
    return _page(picture, resolution, limits, page_index=page_index)


def _has_page(picture: TiffImageFile, page_index: int) -> bool:
    try:
        with _damage_named("TIFF"):
            picture.seek(page_index)
    except DamagedDocumentError:  # no such page, or a broken chain, which is met again later
        return False
    return True


def _page(
    picture: ImageFile,
    resolution: tuple[float, float] | None,
    limits: DecodeLimits,
    *,
    page_index: int,
) -> DecodedPage:
    """Turn a loaded picture upright, grey and square of pixel."""
    with _damage_named(picture.format or "picture"):
        _turn_upright(picture)
        gray = _gray(picture)
    return _square_page(gray, resolution, limits, page_index=page_index)


def _square_page(
    gray: GrayImage,
    resolution: tuple[float, float] | None,
    limits: DecodeLimits,
    *,
    page_index: int,
) -> DecodedPage:
    if resolution is None:
        return DecodedPage(page_index=page_index, image=gray, dpi=None)
    width_px, height_px = _square_size(gray.shape[1], gray.shape[0], resolution)
    limits.check_pixels(width_px=width_px, height_px=height_px)  # tags may stand behind pixels
    return DecodedPage(page_index=page_index, image=_square(gray, resolution), dpi=max(resolution))


def _turn_upright(picture: Image.Image) -> None:
    """Undo the turn that the EXIF tag names; a tag that cannot be read turns nothing."""
    with suppress(*_DECODER_FAULTS):  # segmentation finds quarter turns by itself
        ImageOps.exif_transpose(picture, in_place=True)


def _gray(picture: Image.Image) -> GrayImage:
    """Give (H, W) uint8; what is transparent is paper."""
    if picture.mode in _MODES_16_BIT:
        return (np.asarray(picture) >> 8).astype(np.uint8)
    if picture.mode in _MODES_WITHOUT_RANGE:
        raise UnsupportedDocumentError("pictures of 32 bits a sample are not read; save it as 8")
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        picture = paper
    # Converting grey to grey would copy a page for nothing.
    return np.asarray(picture if picture.mode == "L" else picture.convert("L"))


def _square(gray: GrayImage, resolution: tuple[float, float]) -> GrayImage:
    """Stretch (H, W) so that an inch has as many pixels down as across."""
    height, width = gray.shape
    size = _square_size(width, height, resolution)
    if size == (width, height):
        return gray
    return np.asarray(Image.fromarray(gray).resize(size, Image.Resampling.BICUBIC))


def _square_size(width: int, height: int, resolution: tuple[float, float]) -> tuple[int, int]:
    """Give the width and height that a picture of uneven dots is stretched to."""
    across, down = resolution
    finest = max(across, down)
    if finest / min(across, down) < _MIN_PIXEL_ASPECT:
        return width, height
    return round(width * finest / across), round(height * finest / down)


def _upright_resolution(picture: ImageFile) -> tuple[float, float] | None:
    """Give the dots per inch across and down, once the picture has been turned upright.

    The tags tell of the pixels as they are stored, before the turn that EXIF asks for.
    """
    resolution = _resolution(picture)
    with suppress(*_DECODER_FAULTS):
        if resolution is not None and picture.getexif().get(_ORIENTATION_TAG) in _LYING:
            return resolution[1], resolution[0]
    return resolution


def _resolution(picture: ImageFile) -> tuple[float, float] | None:
    """Give the dots per inch across and down, or None where the file tells nothing sane."""
    try:
        across, down = (float(value) for value in picture.info["dpi"])
        believed = (
            across > 1 and down > 1 and max(across, down) < _MAX_PIXEL_ASPECT * min(across, down)
        )
    except _DECODER_FAULTS:
        return None
    return (across, down) if believed else None


def _check_size(picture: ImageFile, limits: DecodeLimits) -> None:
    """Refuse a picture that has too many pixels, or will have once they are square."""
    width_px, height_px = picture.size
    limits.check_pixels(width_px=width_px, height_px=height_px)
    resolution = _resolution(picture)
    if resolution is not None:
        width_px, height_px = _square_size(width_px, height_px, resolution)
    limits.check_pixels(width_px=width_px, height_px=height_px)


@contextmanager
def _damage_named(kind: str) -> Iterator[None]:
    """Translate what Pillow raises over a damaged file; its warnings say no more."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _DECODER_FAULTS as error:
        raise DamagedDocumentError(f"the {kind} is damaged ({error}); scan it again") from error
