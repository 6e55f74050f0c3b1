from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.factories import make_image
from tests.fakes.memory_store import MemoryStore
from tests.scans import encode, encode_pages
from worker.crop_archive import encode_png
from worker.document_images import DecodeLimits
from worker.errors import DocumentTooLargeError, ObjectMissingError
from worker.page_views import crop_picture, page_around, page_picture, written_part

FIELD = (300, 200, 420, 230)  # left, top, right, bottom of the writing on an upright page


def page_with_a_field(turns=0):
    """A page whose field is darkest at its left end, and the field's corners on it."""
    page = np.full((500, 700), 255, np.uint8)
    left, top, right, bottom = FIELD
    page[top:bottom, left:right] = 120
    page[top:bottom, left : left + 20] = 0
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
    for _ in range(turns):  # clockwise, as np.rot90 with k=-1
        height = page.shape[0]
        page = np.rot90(page, -1)
        corners = np.column_stack([height - 1 - corners[:, 1], corners[:, 0]])
    return np.ascontiguousarray(page), corners.tolist()


def decoded(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_page_around_a_field_is_upright_however_it_was_scanned(turns):
    part = page_around(*page_with_a_field(turns))

    dark = np.argwhere(part.max(axis=2) < 20)  # the left end of the writing
    grey = np.argwhere((part.max(axis=2) > 100) & (part.max(axis=2) < 140))
    height, width = part.shape[:2]
    assert width > height * 0.7
    assert dark[:, 1].mean() < grey[:, 1].mean()
    assert np.ptp(grey[:, 1]) > np.ptp(grey[:, 0])


def test_the_field_has_a_frame_of_its_own_colour():
    part = page_around(*page_with_a_field())

    blue = (part[..., 2] > 120) & (part[..., 0] < 80)
    assert blue.sum() > 200


def test_a_field_off_the_scan_shows_the_whole_page():
    page, _ = page_with_a_field()
    away = [[2000.0, 2000.0], [2100.0, 2000.0], [2100.0, 2030.0], [2000.0, 2030.0]]

    assert page_around(page, away).shape[:2] == page.shape


def test_a_wide_part_is_made_smaller():
    page = np.full((300, 4000), 255, np.uint8)
    quad = [[0.0, 100.0], [3999.0, 100.0], [3999.0, 140.0], [0.0, 140.0]]

    assert page_around(page, quad).shape[1] == 1600


def test_a_page_is_taken_from_its_document():
    _, quad = page_with_a_field()
    pages = encode_pages([make_image(500, 700, seed=1), page_with_a_field()[0]], "TIFF")

    png = page_picture(pages, page_index=1, quad=quad, limits=DecodeLimits())

    assert decoded(png).min() < 40
    with pytest.raises(ObjectMissingError, match="fewer pages"):
        page_picture(pages, page_index=2, quad=quad, limits=DecodeLimits())


def test_a_page_over_the_limits_is_refused():
    page, quad = page_with_a_field()
    with pytest.raises(DocumentTooLargeError):
        page_picture(
            encode(page, "PNG"), page_index=0, quad=quad, limits=DecodeLimits(max_page_mpx=0.1)
        )


def test_a_tile_shows_the_writing_without_the_white_round_it():
    crop = np.full((60, 400), 255, np.uint8)
    crop[25:35, 100:160] = 10

    assert decoded(written_part(encode_png(crop))).shape == (10 + 16, 60 + 16)


def test_a_tile_without_ink_is_left_as_it_is():
    png = encode_png(np.full((60, 400), 255, np.uint8))

    assert written_part(png) == png


def test_a_field_without_a_crop_says_so():
    with pytest.raises(ObjectMissingError, match="look at the page"):
        crop_picture(MemoryStore(), None, page_index=0, field_name="x")
