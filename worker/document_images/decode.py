"""Tell what a file is by its first bytes and hand it to its decoder; names are not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.document_images.pdf import pdf_pages
from worker.document_images.pictures import jpeg_page, png_page, tiff_pages
from worker.document_images.types import DecodedPage, DecodeLimits
from worker.errors import EmptyDocumentError, UnsupportedDocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.document_images.types import RefusedPage

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two are BigTIFF
_PDF = b"%PDF-"
_PDF_WITHIN = 1024  # bytes of junk that readers allow before the header


def decode_pages(data: bytes, limits: DecodeLimits) -> Iterator[DecodedPage | RefusedPage]:
    """Decode a document page by page, so that only one page is in memory at a time.

    The file as a whole is checked at once; each page when it is asked for. A page that is
    damaged or too large comes as a ``RefusedPage``, and the pages after it still come.

    Raises:
        PermanentError: the file is at fault as a whole; the error's ``code`` says how.
    """
    if not data:
        raise EmptyDocumentError("the file is empty; copy or scan it again")
    if data.startswith(_JPEG):
        return iter([jpeg_page(data, limits)])
    if data.startswith(_PNG):
        return iter([png_page(data, limits)])
    if data.startswith(_TIFF):
        return tiff_pages(data, limits)
    if _PDF in data[:_PDF_WITHIN]:
        return pdf_pages(data, limits)
    raise UnsupportedDocumentError("the file is neither JPEG, PNG, TIFF nor PDF, whatever its name")


def decode_blank(data: bytes, limits: DecodeLimits | None = None) -> DecodedPage:
    """Decode the blank form of a template, which is the first page of its file.

    Raises:
        PermanentError: the file or its first page cannot be decoded.
    """
    first = next(decode_pages(data, limits or DecodeLimits()))
    if not isinstance(first, DecodedPage):
        raise first.error
    return first
