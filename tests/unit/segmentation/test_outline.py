from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import Page, segment_page
from segmentation.outline import guess
from segmentation.pyramid import halve
from segmentation.segment import prepare_page
from segmentation.warp import corners, move
from tests.drawing import Distortion, scan
from tests.unit.segmentation.conftest import PARAMS


def guessed(form_and_catalog, sheet):
    _, catalog = form_and_catalog
    coarse = halve(prepare_page(sheet, PARAMS).levels[-1])
    return guess(coarse, catalog.forms[0].outline, PARAMS.catalog.outline)


def test_a_page_that_lies_edge_to_edge_is_found_without_keypoints(form_and_catalog, monkeypatch):
    template, catalog = form_and_catalog
    page, truth = scan(template.image, Distortion(skew_deg=0.7))
    monkeypatch.setattr("segmentation.choose.page_features", pytest.fail)

    found = segment_page(Page(image=page), catalog, PARAMS)

    for crop, spec in zip(found.crops, template.fields, strict=True):
        off = crop.page_box - move(corners(spec.box), truth)
        assert np.linalg.norm(off, axis=1).max() < 2
    assert found.agreement > 0.9


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE])
def test_a_turned_page_is_left_to_keypoints(form_and_catalog, turn):
    template, catalog = form_and_catalog
    page = np.asarray(cv2.rotate(template.image, turn), np.uint8)

    assert guessed(form_and_catalog, page) is None
    assert segment_page(Page(image=page), catalog, PARAMS).agreement > 0.9


def test_another_form_is_not_guessed(form_and_catalog, two_forms):
    other = next(f for f in two_forms if f.template_id != form_and_catalog[0].template_id)

    assert guessed(form_and_catalog, other.image) is None
