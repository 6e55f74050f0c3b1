from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from tests.factories import make_image
from tests.scans import encode, encode_pages, encrypted_pdf, pdf_of_pages, write_pdf
from worker.document_images import DecodedPage, DecodeLimits, RefusedPage
from worker.document_images.pdf import pdf_pages
from worker.errors import (
    DamagedDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    EncryptedDocumentError,
    PermanentError,
)

LIMITS = DecodeLimits()
A4 = "0 0 595.276 841.89"


def test_a_drawn_page_comes_at_300_dpi():
    (page,) = pdf_pages(pdf_of_pages(A4), LIMITS)

    assert isinstance(page, DecodedPage)
    assert page.dpi == pytest.approx(300)
    assert page.image.shape == (3508, 2481)
    assert page.image.min() == 255


@pytest.mark.parametrize("scan_dpi", [100, 200, 400])
def test_a_scanned_page_comes_at_the_resolution_of_its_scan(scan_dpi):
    scan = make_image(11 * scan_dpi // 4, 8 * scan_dpi // 4)

    (page,) = pdf_pages(encode(scan, "PDF", resolution=scan_dpi, quality=100), LIMITS)

    assert isinstance(page, DecodedPage)
    assert page.dpi == pytest.approx(scan_dpi)
    assert page.image.shape == scan.shape
    assert np.abs(page.image.astype(int) - scan).mean() < 2  # pixel for pixel, save for JPEG


def test_a_logo_does_not_set_the_resolution_of_its_page():
    page = _page_with_picture(size_px=(50, 50), placed="100 0 0 100 20 700 cm")

    assert page.dpi == pytest.approx(300)


def test_a_page_turned_by_its_file_comes_upright():
    scan = np.full((400, 300), 255, np.uint8)
    scan[:100] = 0  # dark above
    data = encode(scan, "PDF", resolution=300.0).replace(
        b"/Type /Page\n", b"/Type /Page\n/Rotate 90\n"
    )

    (page,) = pdf_pages(data, LIMITS)

    assert isinstance(page, DecodedPage)
    assert page.image.shape == (300, 400)
    assert page.image[:, -50:].mean() < 64  # turned clockwise, above is right


def test_pages_of_bilevel_and_grey_scans_come_in_their_order():
    dark, light = np.full((300, 200), 0, np.uint8), np.full((300, 200), 255, np.uint8)

    pages = list(pdf_pages(encode_pages([dark, light, dark], "PDF", resolution=300.0), LIMITS))

    assert [round(float(page.image.mean())) for page in pages if isinstance(page, DecodedPage)] == [
        0,
        255,
        0,
    ]


def test_a_page_of_giant_size_does_not_lose_the_others():
    pages = list(pdf_pages(pdf_of_pages(A4, "0 0 20000 20000", A4), LIMITS))

    assert [isinstance(page, DecodedPage) for page in pages] == [True, False, True]
    assert isinstance(pages[1], RefusedPage)
    assert isinstance(pages[1].error, DocumentTooLargeError)


def test_a_picture_that_would_unfold_beyond_the_limit_is_refused_on_a_small_page():
    bomb = Image.new("1", (12_000, 12_000), 1)  # 144 megapixels in a few hundred bytes

    (page,) = pdf_pages(encode(bomb, "PDF", resolution=1200.0), LIMITS)

    assert isinstance(page, RefusedPage)
    assert isinstance(page.error, DocumentTooLargeError)


def test_a_scan_within_the_limit_is_drawn_within_the_limit():
    limits = DecodeLimits(max_page_mpx=0.06)

    (page,) = pdf_pages(encode(make_image(300, 200), "PDF", resolution=300.0), limits)

    assert isinstance(page, DecodedPage)
    assert page.image.size <= 60_000


def test_a_page_that_is_not_there_does_not_lose_the_others():
    data = write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[9 0 R 3 0 R]/Count 2>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>",
        ]
    )

    gone, sound = pdf_pages(data, LIMITS)

    assert isinstance(gone, RefusedPage)
    assert isinstance(gone.error, DamagedDocumentError)
    assert isinstance(sound, DecodedPage)


@pytest.mark.parametrize(
    "before", [encrypted_pdf(), b"%PDF-1.4\n%%EOF", pdf_of_pages(A4)], ids=["locked", "bad", "good"]
)
@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(pdf_of_pages(), EmptyDocumentError, id="empty"),
        pytest.param(encrypted_pdf(), EncryptedDocumentError, id="encrypted"),
        pytest.param(b"%PDF-1.4\n%%EOF", DamagedDocumentError, id="damaged"),
    ],
)
def test_the_reason_for_a_refusal_is_not_that_of_the_file_before(before, data, error):
    with suppress(PermanentError):
        pdf_pages(before, LIMITS)

    with pytest.raises(error):
        pdf_pages(data, LIMITS)


@pytest.mark.parametrize(
    "padding", [b"", b"\0" * 3000, b"\r\n\r\n"], ids=["none", "zeros", "lines"]
)
def test_padding_behind_the_end_mark_is_no_damage(padding):
    (page,) = pdf_pages(pdf_of_pages(A4) + padding, LIMITS)

    assert isinstance(page, DecodedPage)


def test_a_pdf_without_its_end_mark_is_refused_rather_than_repaired():
    with pytest.raises(DamagedDocumentError, match="before its end mark"):
        pdf_pages(pdf_of_pages(A4, A4)[:-8], LIMITS)


def test_what_was_typed_into_the_fields_of_a_form_is_drawn():
    look = b"q 0 g 0 0 200 20 re f Q"  # as the program that filled the form in left it
    data = write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R]>>",
            b"<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/Rect[100 700 300 720]/F 4/AP<</N 5 0 R>>>>",
            b"<</Type/XObject/Subtype/Form/BBox[0 0 200 20]/Length %d>>stream\n%b\nendstream"
            % (len(look), look),
        ]
    )

    (page,) = pdf_pages(data, LIMITS)

    assert isinstance(page, DecodedPage)
    assert (page.image < 128).sum() == pytest.approx(200 * 20 * (300 / 72) ** 2, rel=0.05)


@pytest.mark.parametrize(
    ("size_px", "content", "dpi"),
    [
        pytest.param((85, 110), "{scan} 72 700 200 1 re f", 300, id="lines-over-a-coarse-picture"),
        pytest.param((1191, 1684), "{small} {scan}", 300, id="a-logo-beside-a-scan"),
        pytest.param((3308, 4678), "{scan} 72 700 200 1 re f", 400, id="lines-over-a-fine-scan"),
        pytest.param((1191, 1684), "{scan}", 144, id="a-scan-alone"),
        pytest.param((1191, 1684), "{scan} BT 3 Tr /F 9 Tf (read) Tj ET", 144, id="hidden-text"),
        pytest.param((1191, 1684), "{scan} BT /F 9 Tf (shown) Tj ET", 300, id="text"),
    ],
)
def test_a_page_is_drawn_as_fine_as_its_finest_part(size_px, content, dpi):
    scan, small = "q 595 0 0 842 0 0 cm /P Do Q", "q 40 0 0 40 20 20 cm /P Do Q"

    page = _page_drawn(content.format(scan=scan, small=small), size_px=size_px)

    assert page.dpi == pytest.approx(dpi, rel=0.01)


def _page_with_picture(*, size_px: tuple[int, int], placed: str) -> DecodedPage:
    return _page_drawn(f"q {placed} /P Do Q", size_px=size_px)


def _page_drawn(drawing: str, *, size_px: tuple[int, int]) -> DecodedPage:
    width, height = size_px
    content = drawing.encode()
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</XObject<</P 5 0 R>>/Font<</F 6 0 R>>>>>>"
    )
    picture = (
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
        b"/BitsPerComponent 8/Length %d>>stream\n%b\nendstream"
    ) % (width, height, width * height, bytes(width * height))
    data = write_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            page,
            b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
            picture,
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        ]
    )
    (decoded,) = pdf_pages(data, LIMITS)
    assert isinstance(decoded, DecodedPage)
    return decoded
