"""One document's bytes to the crops of its fields, page by page.

A page that cannot be used carries its reason and does not lose the others. The same function
runs in the processes of ``penname read`` and in a queue's worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from segmentation import Page, segment_page
from segmentation.errors import NoTemplateMatchesError, SegmentationError
from worker.document_images import RefusedPage, decode_pages
from worker.errors import DocumentOutOfMemoryError, LabelsUnreadableError
from worker.types import SegmentedPage
from worker.unknown_forms import segment_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation import Catalog, PageSegmentation, SegmentationParams
    from worker.document_images import DecodedPage, DecodeLimits
    from worker.unknown_forms import UnknownForms


def segment_document(
    data: bytes,
    catalog: Catalog,
    params: SegmentationParams,
    limits: DecodeLimits,
    unknown: UnknownForms | None = None,
) -> tuple[SegmentedPage, ...]:
    """Decode a document and cut the fields of each page, as ``segment_pages`` does."""
    return tuple(segment_pages(data, catalog, params, limits, unknown))


def segment_pages(
    data: bytes,
    catalog: Catalog,
    params: SegmentationParams,
    limits: DecodeLimits,
    unknown: UnknownForms | None = None,
) -> Iterator[SegmentedPage]:
    """Decode a document and cut the fields of one page after the other.

    Only one decoded page is in memory at a time.

    Args:
        data: the file's bytes.
        catalog: the known forms; may be empty where ``unknown`` is given.
        params: how pages of known forms are cut.
        limits: what is decoded at most.
        unknown: how pages that are none of the known forms are read; None refuses them.

    Raises:
        PermanentError: the document is at fault as a whole, or needs more memory than there is.
    """
    try:
        for page in decode_pages(data, limits):
            yield _segment_page(page, catalog, params, unknown)
    except MemoryError as error:
        raise _out_of_memory() from error
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:  # OpenCV has its own name for it
            raise _out_of_memory() from error
        raise


def _segment_page(
    page: DecodedPage | RefusedPage,
    catalog: Catalog,
    params: SegmentationParams,
    unknown: UnknownForms | None,
) -> SegmentedPage:
    if isinstance(page, RefusedPage):
        return refused_page(page.page_index, page.error.code, str(page.error))
    try:
        cut = _cut(Page(image=page.image, dpi=page.dpi), catalog, params, unknown)
    except (SegmentationError, LabelsUnreadableError) as error:
        return refused_page(page.page_index, error.code, str(error))
    return SegmentedPage(
        page_index=page.page_index, segmentation=cut, failure_code=None, failure_detail=""
    )


def _cut(
    page: Page, catalog: Catalog, params: SegmentationParams, unknown: UnknownForms | None
) -> PageSegmentation:
    """Cut a page as the known form that it is, else by its printed labels."""
    if unknown is None:
        return segment_page(page, catalog, params)
    if catalog.forms:
        try:
            return segment_page(page, catalog, params)
        except NoTemplateMatchesError:
            pass  # its print has to say where the names are
    return segment_unknown(page, unknown)


def refused_page(page_index: int, code: str, detail: str) -> SegmentedPage:
    """Give the page that stands for one without fields."""
    return SegmentedPage(
        page_index=page_index, segmentation=None, failure_code=code, failure_detail=detail
    )


def _out_of_memory() -> DocumentOutOfMemoryError:
    return DocumentOutOfMemoryError(
        "reading the document ran out of memory; lower PENNAME_SEGMENT_PROCESSES, or "
        "PENNAME_MAX_PAGE_MPX to refuse such pages by their size"
    )
