"""PDF to pages, by PDFium.

A page that is one scan is drawn at the resolution of that scan, so that its pixels are neither
blown up nor thrown away. Any other is drawn at 300 dpi, or finer where a scan fills it. What was
typed into a form's fields is drawn too.

Sources: ISO 32000-1, section 7.5.5 (a file ends in ``%%EOF``) and 8.9 (images);
PDFium's ``public/fpdfview.h`` for its error codes.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from worker.document_images.types import DecodedPage, RefusedPage
from worker.errors import (
    DamagedDocumentError,
    EmptyDocumentError,
    EncryptedDocumentError,
    PermanentError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.document_images.types import DecodeLimits

_POINTS_PER_INCH = 72
_DRAWN_DPI = 300  # forms are printed and their templates made at this; more reads no better
_FULL_PAGE = 0.8  # of the page's area: scanners leave margins, but logos are far smaller
_NESTING = 2  # a scan lies on its page, or in one form on it; deeper nesting can be endless
_PADDING = b"\0 \t\r\n"  # some writers fill the last block of the file
_TAIL_BYTES = 1024  # where readers have always looked for the end mark
_ENCRYPTED = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)


def pdf_pages(data: bytes, limits: DecodeLimits) -> Iterator[DecodedPage | RefusedPage]:
    """Open a PDF, then draw its pages one by one as they are asked for.

    Raises:
        PermanentError: the file is damaged, encrypted, empty, or has more pages than the limit.
    """
    if b"%%EOF" not in data.rstrip(_PADDING)[-_TAIL_BYTES:]:
        # PDFium would put together what is left, and pages would be missing unseen.
        raise DamagedDocumentError("the PDF ends before its end mark; scan or export it again")
    document = _open(data)
    with suppress(pdfium.PdfiumError):  # a form that cannot be set up still has its pages
        document.init_forms()  # without it, what was typed into fields would not be drawn
    try:
        limits.check_pages(len(document))
    except PermanentError:
        document.close()
        raise
    return _pages(document, limits)


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise _why_it_does_not_open(data) from error


def _why_it_does_not_open(data: bytes) -> PermanentError:
    """Ask PDFium again, from a known state: it keeps the error code of an earlier file.

    A file without pages is refused with no code set at all, so that whatever was there before
    would be taken for the reason.
    """
    raw.FPDF_LoadDocument(b"", None)  # fails, and leaves FPDF_ERR_FILE
    raw.FPDF_LoadMemDocument64(data, len(data), None)
    code = raw.FPDF_GetLastError()
    if code == raw.FPDF_ERR_FILE:
        return EmptyDocumentError("the PDF has no pages; scan or export it again")
    if code in _ENCRYPTED:
        return EncryptedDocumentError("the PDF asks for a password; save it again without one")
    return DamagedDocumentError("the PDF is damaged; scan or export it again")


def _pages(
    document: pdfium.PdfDocument, limits: DecodeLimits
) -> Iterator[DecodedPage | RefusedPage]:
    try:
        for page_index in range(len(document)):
            try:
                yield _page(document, page_index, limits)
            except PermanentError as error:
                yield RefusedPage(page_index=page_index, error=error)
    finally:
        document.close()


def _page(document: pdfium.PdfDocument, page_index: int, limits: DecodeLimits) -> DecodedPage:
    try:
        page = document[page_index]
        width_pt, height_pt = page.get_size()
        scale = _scale(page, width_pt * height_pt, limits)
        limits.check_pixels(width_px=width_pt * scale, height_px=height_pt * scale)
        bitmap = page.render(scale=scale, grayscale=True)
        image = np.array(bitmap.to_numpy())  # a copy, since the bitmap's memory goes with it
        bitmap.close()
        page.close()
    except (pdfium.PdfiumError, ValueError) as error:
        raise DamagedDocumentError(
            f"page {page_index + 1} of the PDF cannot be drawn ({error})"
        ) from error
    return DecodedPage(page_index=page_index, image=image, dpi=scale * _POINTS_PER_INCH)


def _scale(page: pdfium.PdfPage, page_area_pt: float, limits: DecodeLimits) -> float:
    """Give the pixels per point at which to draw a page.

    Raises:
        DocumentTooLargeError: a picture on the page would unfold beyond the limit, however
            small the page is drawn.
    """
    scans = []  # pixels per point of each picture that fills the page
    alone = raw.FPDFPage_GetAnnotCount(page) == 0
    for thing in page.get_objects(max_depth=_NESTING):
        if not isinstance(thing, pdfium.PdfImage):
            alone = alone and _is_unseen(thing)
            continue
        width_px, height_px = thing.get_px_size()
        limits.check_pixels(width_px=width_px, height_px=height_px)
        left, bottom, right, top = thing.get_bounds()
        area_pt = (right - left) * (top - bottom)
        if area_pt > _FULL_PAGE * page_area_pt:
            # From areas, so that it holds however page and picture are turned.
            scans.append(math.sqrt(width_px * height_px / area_pt))
        else:
            alone = False
    drawn = _DRAWN_DPI / _POINTS_PER_INCH
    if not scans:
        return drawn
    own = scans[0] if alone and len(scans) == 1 else max(drawn, *scans)
    return min(own, math.sqrt(limits.max_page_px / page_area_pt))


def _is_unseen(thing: pdfium.PdfObject) -> bool:
    """Tell whether a thing on a page adds nothing to the picture there.

    A form only holds other things, which come by themselves; and what was read of a scan often
    lies over it as text that is not drawn.
    """
    if thing.type == raw.FPDF_PAGEOBJ_FORM:
        return bool(thing.level + 1 < _NESTING)
    if thing.type != raw.FPDF_PAGEOBJ_TEXT:
        return False
    mode = raw.FPDFTextObj_GetTextRenderMode(thing)
    return bool(mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE)
