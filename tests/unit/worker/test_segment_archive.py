from __future__ import annotations

import numpy as np
import pytest

from segmentation import FieldState, Letters
from segmentation.cells import CellParams, mark_written
from tests.factories import (
    make_crop,
    make_field_spec,
    make_image,
    make_refused_page,
    make_segmentation,
    make_segmented_page,
)
from worker.crop_archive import CropArchive, pack_crops
from worker.errors import DamagedDocumentError, ObjectMissingError
from worker.segment_archive import pack_document, unpack_document


def make_pages():
    crops = (
        make_crop(
            field_name="first_name",
            image=make_image(seed=1),
            letters=Letters.UPPER,
            cells=mark_written(np.full((9, 40), 255, np.uint8), (0, 20, 40), CellParams()),
        ),
        make_crop(field_name="last_name", image=make_image(seed=2), state=FieldState.BLANK),
    )
    fit = make_segmentation(
        crops=crops,
        page_to_template=np.array([[1 / 3, 0.1, 0], [0, 1.1, 2.0], [1e-7, 0, 1]]),
        drafted=(make_field_spec(label="Nom"),),
    )
    return make_segmented_page(segmentation=fit), make_refused_page(page_index=1)


def test_a_document_comes_back_as_it_was_packed_to_the_last_digit():
    pages = make_pages()

    first, second = unpack_document(pack_document(pages))

    assert (second.failure_code, second.segmentation) == (pages[1].failure_code, None)
    found, packed = first.segmentation, pages[0].segmentation
    assert found is not None
    assert packed is not None
    assert (found.page_to_template == packed.page_to_template).all()
    assert found.drafted == packed.drafted
    assert found.rms_px == packed.rms_px
    for crop, before in zip(found.crops, packed.crops, strict=True):
        assert (crop.page_box == before.page_box).all()
        assert (crop.state, crop.letters, crop.box) == (before.state, before.letters, before.box)
        assert crop.cells == before.cells
    assert (found.crops[0].image == packed.crops[0].image).all()


def test_the_picture_of_a_blank_crop_is_left_in_the_archive():
    first, _ = unpack_document(pack_document(make_pages()))

    assert first.segmentation is not None
    assert first.segmentation.crops[1].blank
    assert first.segmentation.crops[1].image.size == 0


def test_whoever_wants_one_crop_finds_it_beside_the_rest():
    pages = make_pages()

    image = CropArchive(pack_document(pages)).crop(page_index=0, field_name="last_name")

    assert (image == pages[0].segmentation.crops[1].image).all()


def test_an_archive_of_crops_only_is_no_document():
    with pytest.raises(ObjectMissingError):
        unpack_document(pack_crops([]))


@pytest.mark.parametrize("about", [b"{}", b"[", b'{"pages": [{"page_index": 0}]}'])
def test_an_archive_that_contradicts_itself_is_damaged(about):
    with pytest.raises(DamagedDocumentError):
        unpack_document(pack_crops([], {"document.json": about}))
