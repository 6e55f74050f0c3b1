from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.factories import make_image
from tests.scans import encode, encode_pages
from worker.document_images import DecodedPage, DecodeLimits, RefusedPage, decode_blank
from worker.document_images.pictures import jpeg_page, png_page, tiff_pages
from worker.errors import (
    DamagedDocumentError,
    DocumentTooLargeError,
    PermanentError,
    UnsupportedDocumentError,
)

LIMITS = DecodeLimits()
PAGE = make_image(300, 200)
ORIENTATION = 0x112  # the EXIF tag


@pytest.fixture(scope="module")
def bilevel() -> Image.Image:
    """A page of black and white only, its upper left quarter black."""
    image = np.full((300, 200), 255, np.uint8)
    image[:150, :100] = 0
    return Image.fromarray(image).convert("1")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK", "YCbCr")),
        *(("PNG", mode) for mode in ("L", "LA", "P", "RGB", "RGBA")),
        *(("TIFF", mode) for mode in ("L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr")),
    ],
)
def test_every_colour_mode_gives_the_same_grey(kind, mode):
    options = {"quality": 100} if kind == "JPEG" else {}

    page = _decode(encode(Image.fromarray(PAGE).convert(mode), kind, **options))

    assert page.image.shape == PAGE.shape
    assert np.abs(page.image.astype(int) - PAGE).max() <= 8


@pytest.mark.parametrize("compression", [None, "group3", "group4", "tiff_lzw", "packbits"])
def test_bilevel_fax_pages_are_black_on_white(bilevel, compression):
    page = _decode(encode(bilevel, "TIFF", compression=compression))

    assert set(np.unique(page.image)) == {0, 255}
    assert page.image[10, 10] == 0
    assert page.image[200, 150] == 255


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_a_sample_keep_their_upper_half(kind):
    deep = (PAGE.astype(np.uint16) << 8) | 0x4D

    page = _decode(encode(Image.fromarray(deep), kind))

    np.testing.assert_array_equal(page.image, PAGE)


def test_sixteen_bit_samples_in_big_endian_order_are_not_swapped():
    deep = (PAGE.astype(np.uint16) << 8).astype(">u2")
    picture = Image.frombytes("I;16B", (200, 300), deep.tobytes())

    page = _decode(encode(picture, "TIFF"))

    np.testing.assert_array_equal(page.image, PAGE)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_samples_of_32_bits_are_refused(mode):
    (page,) = tiff_pages(encode(Image.fromarray(PAGE).convert(mode), "TIFF"), LIMITS)

    assert isinstance(page, RefusedPage)
    assert isinstance(page.error, UnsupportedDocumentError)


def test_what_is_transparent_is_paper():
    picture = Image.new("RGBA", (200, 300), (0, 0, 0, 0))

    page = _decode(encode(picture, "PNG"))

    assert page.image.min() == 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize(
    ("tag", "turn"),
    [
        pytest.param(3, Image.Transpose.ROTATE_180, id="upside-down"),
        pytest.param(6, Image.Transpose.ROTATE_90, id="turned-left"),
        pytest.param(8, Image.Transpose.ROTATE_270, id="turned-right"),
    ],
)
def test_a_page_is_turned_upright_as_its_exif_tag_says(kind, tag, turn):
    exif = Image.Exif()
    exif[ORIENTATION] = tag
    options = {"quality": 100} if kind == "JPEG" else {}

    page = _decode(encode(Image.fromarray(PAGE).transpose(turn), kind, exif=exif, **options))

    assert page.image.shape == PAGE.shape
    assert np.abs(page.image.astype(int) - PAGE).max() <= 8


def test_an_exif_block_of_rubbish_turns_nothing():
    data = encode(PAGE, "JPEG", quality=100, exif=b"Exif\0\0II*\0\xff\xff\xff\xff")

    page = _decode(data)

    assert page.image.shape == PAGE.shape


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_the_resolution_that_a_file_claims_is_kept(kind):
    page = _decode(encode(PAGE, kind, dpi=(300, 300)))

    assert page.dpi == pytest.approx(300, abs=0.1)  # PNG counts in whole pixels per metre


def test_fax_pixels_are_made_square():
    page = _decode(encode(PAGE, "TIFF", dpi=(204, 98)))

    assert page.image.shape == (round(300 * 204 / 98), 200)
    assert page.dpi == pytest.approx(204)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("tag", [1, 3, 5, 6, 8])
def test_uneven_dots_are_evened_before_the_turn_that_the_file_asks_for(kind, tag):
    exif = Image.Exif()
    exif[ORIENTATION] = tag
    two_by_two_inches = np.full((200, 400), 200, np.uint8)

    page = _decode(encode(two_by_two_inches, kind, dpi=(200, 100), exif=exif))

    assert page.image.shape == (400, 400)
    assert page.dpi == pytest.approx(200, abs=0.1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_page_that_would_pass_the_limit_once_its_dots_are_even_is_refused(kind):
    data = encode(np.full((600, 600), 255, np.uint8), kind, dpi=(299, 100))
    limits = DecodeLimits(max_page_mpx=0.5)

    with pytest.raises(DocumentTooLargeError, match="600 x 1794"):
        decode_blank(data, limits)


@pytest.mark.parametrize("dpi", [(300, 0), (300, 30), (0, 0)], ids=["zero", "absurd", "none"])
def test_a_resolution_that_makes_no_sense_is_not_believed(dpi):
    page = _decode(encode(PAGE, "TIFF", dpi=dpi))

    assert page.dpi is None
    np.testing.assert_array_equal(page.image, PAGE)


def test_a_jpeg_filled_up_with_zeros_is_known_to_be_cut_short():
    data = encode(make_image(900, 700), "JPEG")
    half = len(data) // 2

    with pytest.raises(DamagedDocumentError, match="middle of its picture"):
        jpeg_page(data[:half] + bytes(len(data) - half), LIMITS)


def test_the_end_of_an_embedded_preview_is_not_taken_for_that_of_the_picture():
    data = encode(make_image(900, 700), "JPEG")
    preview = encode(make_image(20, 20), "JPEG")
    comment = b"\xff\xfe" + struct.pack(">H", len(preview) + 2) + preview  # a COM segment
    with_preview = data[:2] + comment + data[2:]

    assert jpeg_page(with_preview, LIMITS).image.shape == (900, 700)
    with pytest.raises(DamagedDocumentError):
        jpeg_page(with_preview[: len(with_preview) // 2], LIMITS)


def test_a_jpeg_that_cannot_be_decoded_is_refused():
    data = encode(PAGE, "JPEG").replace(b"\xff\xdb", b"\xff\xfe")  # its tables made comments

    with pytest.raises(DamagedDocumentError):
        jpeg_page(data, LIMITS)


def test_bytes_behind_a_jpeg_do_no_harm():
    page = jpeg_page(encode(PAGE, "JPEG") + b"\0" * 512, LIMITS)

    assert page.image.shape == PAGE.shape


def test_a_png_whose_pixels_do_not_match_their_checksum_is_refused():
    data = bytearray(encode(make_image(900, 700), "PNG"))
    data[len(data) // 2] ^= 0x55

    with pytest.raises(DamagedDocumentError):
        png_page(bytes(data), LIMITS)


def test_a_tiff_page_cut_short_does_not_lose_the_pages_before_it():
    data = encode_pages([PAGE, PAGE, PAGE], "TIFF")

    pages = list(tiff_pages(data[: len(data) // 2], LIMITS))

    assert isinstance(pages[0], DecodedPage)
    assert isinstance(pages[-1], RefusedPage)
    assert isinstance(pages[-1].error, DamagedDocumentError)


def test_a_tiff_page_of_too_many_pixels_does_not_lose_the_others():
    data = encode_pages([PAGE, make_image(900, 700), PAGE], "TIFF")

    pages = list(tiff_pages(data, DecodeLimits(max_page_mpx=0.1)))

    assert [isinstance(page, DecodedPage) for page in pages] == [True, False, True]
    assert isinstance(pages[1], RefusedPage)
    assert isinstance(pages[1].error, DocumentTooLargeError)


def test_a_tiff_whose_chain_of_pages_bites_its_tail_ends():
    data = bytearray(encode(PAGE, "TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)  # the next page is this one

    assert len(list(tiff_pages(bytes(data), LIMITS))) == 1


def test_a_jpeg_bomb_is_refused_from_its_header():
    data = bytearray(encode(PAGE, "JPEG"))
    frame = data.index(b"\xff\xc0")  # SOF0: length, precision, height, width
    struct.pack_into(">HH", data, frame + 5, 30_000, 30_000)

    with pytest.raises(DocumentTooLargeError, match="30000 x 30000 px is 900 megapixels, limit 80"):
        jpeg_page(bytes(data), LIMITS)


def test_a_tiff_bomb_is_refused_from_its_header():
    data = bytearray(encode(PAGE, "TIFF"))
    for tag, size_px in ((256, 200), (257, 300)):  # ImageWidth and ImageLength
        entry = data.index(struct.pack("<HHII", tag, 4, 1, size_px))
        struct.pack_into("<I", data, entry + 8, 30_000)

    (page,) = tiff_pages(bytes(data), LIMITS)

    assert isinstance(page, RefusedPage)
    assert isinstance(page.error, DocumentTooLargeError)
    assert "30000 x 30000 px is 900 megapixels, limit 80" in str(page.error)


def test_a_png_bomb_is_refused_from_its_header():
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"") + _chunk(b"IEND", b"")
    )

    with pytest.raises(DocumentTooLargeError, match="30000 x 30000 px is 900 megapixels, limit 80"):
        png_page(data, LIMITS)


SMALL = {
    "JPEG": encode(make_image(48, 32), "JPEG"),
    "PNG": encode(make_image(48, 32), "PNG"),
    "TIFF": encode(make_image(48, 32), "TIFF"),
    "G4": encode(Image.fromarray(make_image(48, 32)).convert("1"), "TIFF", compression="group4"),
}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["JPEG", "PNG", "TIFF", "G4"]),
    places=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6),
    value=st.integers(0, 255),
)
def test_changed_bytes_give_a_page_or_a_named_error(kind, places, value):
    """Whatever else Pillow raises would be stored as a bug of penname's."""
    whole = SMALL[kind]
    data = bytearray(whole)
    for place in places:
        data[int(place * len(data))] = value

    try:
        pages = _pages(bytes(data))
    except PermanentError:
        return
    assert all(isinstance(page, DecodedPage | RefusedPage) for page in pages)


def _pages(data: bytes) -> list[DecodedPage | RefusedPage]:
    if data.startswith(b"\xff\xd8"):
        return [jpeg_page(data, LIMITS)]
    if data.startswith(b"\x89PNG"):
        return [png_page(data, LIMITS)]
    return list(tiff_pages(data, LIMITS))


def _decode(data: bytes) -> DecodedPage:
    (page,) = _pages(data)
    assert isinstance(page, DecodedPage)
    return page


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
