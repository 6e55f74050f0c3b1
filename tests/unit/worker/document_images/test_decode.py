from __future__ import annotations

import numpy as np
import pytest

from tests.factories import make_image
from tests.scans import encode, encode_pages, encrypted_pdf, pdf_of_pages
from worker.document_images import (
    DecodedPage,
    DecodeLimits,
    RefusedPage,
    decode_blank,
    decode_pages,
)
from worker.errors import (
    DamagedDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EncryptedDocumentError,
    UnsupportedDocumentError,
)

LIMITS = DecodeLimits()
PAGE = make_image(300, 200)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        pytest.param("PNG", {}, id="png"),
        pytest.param("JPEG", {"quality": 100}, id="jpeg"),
        pytest.param("TIFF", {}, id="tiff"),
        pytest.param("TIFF", {"big_tiff": True}, id="bigtiff"),
        pytest.param("PDF", {"resolution": 300.0, "quality": 100}, id="pdf"),
    ],
)
def test_each_format_gives_its_page(kind, options):
    (page,) = decode_pages(encode(PAGE, kind, **options), LIMITS)

    assert isinstance(page, DecodedPage)
    assert page.page_index == 0
    assert page.image.dtype == np.uint8
    assert page.image.shape == PAGE.shape
    assert np.abs(page.image.astype(int) - PAGE).mean() < 2  # JPEG, inside the PDF too, is lossy


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(b"", EmptyDocumentError, id="empty"),
        pytest.param(b"Dear Sir or Madam,\n", UnsupportedDocumentError, id="text"),
        pytest.param(b"GIF89a" + bytes(20), UnsupportedDocumentError, id="gif"),
        pytest.param(encrypted_pdf(), EncryptedDocumentError, id="encrypted-pdf"),
        pytest.param(pdf_of_pages(), EmptyDocumentError, id="pdf-without-pages"),
        pytest.param(b"\xff\xd8\xff\xe0", DamagedDocumentError, id="jpeg-header-only"),
        pytest.param(b"\x89PNG\r\n\x1a\n", DamagedDocumentError, id="png-header-only"),
        pytest.param(b"II*\0\x08\0\0\0", DamagedDocumentError, id="tiff-header-only"),
        pytest.param(b"%PDF-1.4\n%%EOF", DamagedDocumentError, id="pdf-without-objects"),
    ],
)
def test_a_file_that_is_no_scan_is_refused_by_name(data, error):
    with pytest.raises(error):
        list(decode_pages(data, LIMITS))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "PDF"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.97])
def test_a_file_cut_short_is_never_taken_for_a_whole_one(kind, share):
    data = encode(make_image(900, 700), kind)

    with pytest.raises(DamagedDocumentError):
        _decode_all(data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_the_page_limit_refuses_the_whole_file_before_any_page_is_decoded(kind):
    data = encode_pages([PAGE] * 4, kind)

    with pytest.raises(DocumentTooLargeError, match="4 pages or more, limit 3"):
        decode_pages(data, DecodeLimits(max_pages=3))


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_as_many_pages_as_the_limit_are_read(kind):
    pages = list(decode_pages(encode_pages([PAGE] * 3, kind), DecodeLimits(max_pages=3)))

    assert [page.page_index for page in pages] == [0, 1, 2]
    assert all(isinstance(page, DecodedPage) for page in pages)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_over_the_pixel_limit_is_refused_from_its_header(kind):
    data = encode(PAGE, kind)

    with pytest.raises(DocumentTooLargeError, match="200 x 300 px"):
        decode_pages(data[:600], DecodeLimits(max_page_mpx=0.05))  # its pixels are not even there


def test_a_blank_form_is_the_first_page_of_its_file():
    other = make_image(300, 200, seed=1)

    blank = decode_blank(encode_pages([PAGE, other], "TIFF"))

    np.testing.assert_array_equal(blank.image, PAGE)


def test_a_blank_form_whose_page_is_refused_raises_its_error():
    with pytest.raises(DocumentTooLargeError):
        decode_blank(encode_pages([PAGE], "TIFF"), DecodeLimits(max_page_mpx=0.05))


def _decode_all(data: bytes) -> None:
    """Decode every page; a refused one raises, as a file of one page does."""
    for page in decode_pages(data, LIMITS):
        if isinstance(page, RefusedPage):
            raise page.error
