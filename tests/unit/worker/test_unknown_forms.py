"""The whole of reading forms without a template, with the real Tesseract."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from segmentation import Catalog, SegmentationParams
from tests.tesseract import needs_tesseract
from worker.cli.app import app
from worker.document_images import DecodeLimits
from worker.errors import ExitCode
from worker.print_reader import find_print_reader
from worker.samples.filling import fill
from worker.samples.school_form import school_form
from worker.segmenting import segment_document
from worker.templates import load_template
from worker.unknown_forms import UnknownForms

pytestmark = [needs_tesseract, pytest.mark.slow]
NO_FORMS = Catalog(forms=(), lookups=(), siblings=())


def png(image):
    return cv2.imencode(".png", image)[1].tobytes()


def cut(image):
    forms = UnknownForms(reader=find_print_reader(None))
    (page,) = segment_document(png(image), NO_FORMS, SegmentationParams(), DecodeLimits(), forms)
    return page


@pytest.fixture(scope="module")
def filled():
    return fill(school_form(), np.random.default_rng([1, 1, 0]))


def test_a_filled_form_is_cut_by_its_labels_even_upside_down(filled):
    page = cut(np.ascontiguousarray(filled.image[::-1, ::-1]))

    found = page.segmentation
    assert page.failure_code is None
    assert found.template_id == "(auto)"
    assert found.turn_deg == 180
    assert found.agreement == 0  # there was nothing to compare the page with
    assert all(crop.agreement == 0 for crop in found.crops)
    assert [spec.name for spec in found.drafted] == [crop.field_name for crop in found.crops]
    assert [crop.label for crop in found.crops][:2] == ["Last name", "First name"]
    truth = [not text for text in filled.texts.values()]
    assert [crop.blank for crop in found.crops] == truth
    assert all(crop.page_box[0, 0] > crop.page_box[2, 0] for crop in found.crops)


def test_a_page_that_asks_for_no_name_says_so():
    page = cut(np.full((2200, 1700), 255, np.uint8))

    assert page.segmentation is None
    assert page.failure_code == "no_name_fields"


def test_a_draft_of_a_filled_form_is_a_template_without_the_writing(filled, tmp_path):
    scan, folder = tmp_path / "scan.png", tmp_path / "school"
    scan.write_bytes(png(filled.image))

    done = CliRunner().invoke(app, ["template", "suggest", str(scan), "--out", str(folder)])

    assert done.exit_code == ExitCode.OK, done.output
    template = load_template(folder)
    assert template.template_id == "school"
    assert len(template.fields) == len(school_form().fields)
    assert template.fields[0].label == "Last name"
    assert cv2.imread(str(folder / "fields.png")) is not None
    box = template.fields[0].box
    inner = np.s_[box.y_px + 15 : box.y_px + box.height_px - 15, box.x_px + 15 : box.x_px + 75]
    assert filled.image[inner].min() < 120
    assert template.image[inner].min() > 200
