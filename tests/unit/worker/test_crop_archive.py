from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.factories import make_crop, make_image
from worker.crop_archive import CropArchive, crop_png, encode_png, pack_crops
from worker.errors import DamagedDocumentError, ObjectMissingError

CROPS = [
    make_crop(field_name="first_name", image=make_image(seed=1)),
    make_crop(field_name="last_name", image=make_image(30, 300, seed=2)),
]


def test_every_crop_of_every_page_comes_back_bit_for_bit():
    archive = pack_crops([(0, CROPS), (2, CROPS[:1])])

    for page_index, crops in ((0, CROPS), (2, CROPS[:1])):
        for crop in crops:
            image = CropArchive(archive).crop(page_index=page_index, field_name=crop.field_name)
            np.testing.assert_array_equal(image, crop.image)


def test_the_same_crops_give_the_same_bytes():
    assert pack_crops([(0, CROPS)]) == pack_crops([(0, CROPS)])


def test_any_zip_program_can_open_an_archive():
    archive = pack_crops([(0, CROPS)])

    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == ["p0/first_name.png", "p0/last_name.png"]
        assert opened.testzip() is None
        assert {entry.compress_type for entry in opened.infolist()} == {zipfile.ZIP_STORED}


def test_a_crop_is_taken_out_as_a_png():
    archive = pack_crops([(0, CROPS)])

    png = crop_png(archive, page_index=0, field_name="last_name")

    assert Image.open(io.BytesIO(png)).size == (300, 30)


@pytest.mark.parametrize(("page_index", "field_name"), [(1, "first_name"), (0, "middle_name")])
def test_a_crop_that_is_not_there_is_said_to_be_missing(page_index, field_name):
    archive = pack_crops([(0, CROPS)])

    with pytest.raises(ObjectMissingError, match="read the scan again"):
        crop_png(archive, page_index=page_index, field_name=field_name)


def test_a_crop_whose_bytes_changed_is_refused():
    archive = bytearray(pack_crops([(0, CROPS)]))
    archive[200] ^= 0xFF

    with pytest.raises(DamagedDocumentError):
        crop_png(bytes(archive), page_index=0, field_name="first_name")


def test_bytes_that_are_no_archive_are_refused():
    with pytest.raises(DamagedDocumentError):
        crop_png(b"not a zip", page_index=0, field_name="first_name")


def test_a_png_is_written_without_loss():
    image = make_image(17, 23)

    decoded = np.asarray(Image.open(io.BytesIO(encode_png(image))))

    np.testing.assert_array_equal(decoded, image)
