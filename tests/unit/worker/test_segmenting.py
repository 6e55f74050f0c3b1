from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.drawing import text_page
from tests.factories import make_image
from tests.scans import encode, encode_pages
from worker import segmenting
from worker.document_images import DecodeLimits
from worker.errors import DamagedDocumentError, DocumentOutOfMemoryError
from worker.segmenting import segment_document

LIMITS = DecodeLimits()


def segment(data, forms, limits=LIMITS):
    return segment_document(data, forms.catalog, forms.params, limits)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PDF"])
def test_a_filled_form_gives_its_fields_in_the_order_of_its_template(forms, kind):
    (page,) = segment(encode(forms.filled(0), kind, **_at(150, kind)), forms)

    assert page.failure_code is None
    assert page.segmentation.template_id == forms.templates[0].template_id
    assert tuple(crop.field_name for crop in page.segmentation.crops) == forms.fields(0)
    assert not any(crop.blank for crop in page.segmentation.crops)


def test_a_page_scanned_upside_down_is_cut_like_any_other(forms):
    (upright,) = segment(encode(forms.filled(1), "TIFF"), forms)
    (turned,) = segment(encode(forms.filled(1, turn_deg=180), "TIFF"), forms)

    assert turned.segmentation.turn_deg == 180
    for crop, other in zip(upright.segmentation.crops, turned.segmentation.crops, strict=True):
        assert abs(crop.ink_fraction - other.ink_fraction) < 0.02


def test_a_field_that_nobody_wrote_in_is_blank(forms):
    (page,) = segment(encode(forms.filled(0, blank_fields=1), "TIFF"), forms)

    assert [crop.blank for crop in page.segmentation.crops][:2] == [True, False]


def test_each_page_of_a_document_may_be_another_form(forms):
    pages = segment(encode_pages([forms.filled(0), forms.filled(1)], "TIFF"), forms)

    found = [page.segmentation.template_id for page in pages]
    assert found == [template.template_id for template in forms.templates]
    assert [page.page_index for page in pages] == [0, 1]


def test_a_page_that_is_no_form_carries_its_reason_and_does_not_lose_the_others(forms):
    letter = text_page(5, width_px=1275, height_px=1650)

    first, second, third = segment(
        encode_pages([letter, forms.filled(0), np.full_like(letter, 255)], "TIFF"), forms
    )

    assert (first.failure_code, first.segmentation) == ("no_template_matches", None)
    assert "none of 2 known forms" in first.failure_detail
    assert second.failure_code is None
    assert third.failure_code == "blank_page"


def test_a_page_too_large_to_decode_does_not_lose_the_others(forms):
    pages = [forms.filled(0), make_image(3000, 3000)]

    sound, large = segment(encode_pages(pages, "TIFF"), forms, DecodeLimits(max_page_mpx=5))

    assert sound.failure_code is None
    assert large.failure_code == "document_too_large"
    assert "limit 5" in large.failure_detail


def test_a_document_at_fault_as_a_whole_raises(forms):
    with pytest.raises(DamagedDocumentError):
        segment(encode(forms.filled(0), "PNG")[:-500], forms)


@pytest.mark.parametrize("thrower", ["python", "opencv"])
def test_running_out_of_memory_is_said_to_be_that(forms, monkeypatch, thrower):
    def segment_page(*_):
        if thrower == "python":
            raise MemoryError
        np.asarray(cv2.resize(np.zeros((9, 9), np.uint8), (2**30, 2**30)))  # a real refusal

    monkeypatch.setattr(segmenting, "segment_page", segment_page)

    with pytest.raises(DocumentOutOfMemoryError, match="PENNAME_SEGMENT_PROCESSES"):
        segment(encode(forms.filled(0), "TIFF"), forms)


def test_any_other_fault_of_opencv_is_a_bug(forms, monkeypatch):
    monkeypatch.setattr(
        segmenting, "segment_page", lambda *_: cv2.resize(np.zeros((9, 9), np.uint8), (0, 0))
    )

    with pytest.raises(cv2.error):
        segment(encode(forms.filled(0), "TIFF"), forms)


def test_segmenting_twice_gives_the_same_crops(forms):
    data = encode(forms.filled(0), "JPEG")

    (first,), (second,) = segment(data, forms), segment(data, forms)

    for one, other in zip(first.segmentation.crops, second.segmentation.crops, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
        assert replace(one, image=other.image, page_box=other.page_box).box == other.box


def _at(dpi: int, kind: str) -> dict[str, float]:
    return {"resolution": float(dpi)} if kind == "PDF" else {}
