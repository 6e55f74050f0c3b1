from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import format_template, parse_template
from segmentation.suggest import merge_words, page_dpi
from segmentation.types import Box, FieldKind, PrintedWord, WritingStyle
from tests.unit.segmentation.forms import DPI, MM, PARAMS, Form, edges_mm


@pytest.fixture
def form():
    return Form()


def test_a_line_behind_its_label_is_proposed_from_the_label_to_its_end(form):
    end = form.label("Name:", 20, 60)
    form.line(end, 60.5, 140)

    (found,) = form.proposals()

    assert found.spec.name == "name"
    assert found.spec.label == "Name:"
    assert found.spec.kind is FieldKind.FULL_NAME
    assert found.spec.style is WritingStyle.LINE
    left, top, right, bottom = edges_mm(found.spec.box)
    assert (left, right, bottom) == (round(end), 140, 61)
    assert 50 <= top <= 52


def test_print_above_ends_the_room_over_a_line(form):
    form.label("wait here please until you are called", 40, 54)
    end = form.label("Name:", 20, 60)
    form.line(end, 60.5, 140)

    (found,) = form.proposals()

    assert edges_mm(found.spec.box)[1] == 54


def test_what_belongs_to_another_label_is_left_to_it(form):
    end = form.label("Name:", 20, 60)
    form.label("Date:", end + 3, 60)
    form.line(end + 18, 60.5, 140)

    assert form.proposals() == ()


def test_a_line_that_underlines_print_is_no_place_to_write(form):
    form.label("Name (please print clearly):", 20, 60)
    form.line(20, 60.4, 75)
    form.line(20, 70, 120)

    (found,) = form.proposals()

    assert edges_mm(found.spec.box)[3] == 70


@pytest.mark.parametrize(
    ("draw", "style", "edges"),
    [
        pytest.param(
            lambda f: f.box(60, 54, 90, 10), WritingStyle.BOX, (60, 54, 150, 64), id="box"
        ),
        pytest.param(
            lambda f: f.box(20, 62, 90, 10), WritingStyle.BOX, (20, 62, 110, 72), id="under"
        ),
        pytest.param(lambda f: f.comb(20, 62, 15), WritingStyle.COMB, (20, 62, 125, 70), id="comb"),
        pytest.param(
            lambda f: f.line(20, 56, 110), WritingStyle.LINE, (20, 47, 110, 56), id="over"
        ),
    ],
)
def test_boxes_combs_and_lines_around_a_label_are_found(form, draw, style, edges):
    form.label("Surname", 20, 60)
    draw(form)

    (found,) = form.proposals()

    assert found.spec.style is style
    assert found.spec.kind is FieldKind.LAST_NAME
    assert np.abs(np.subtract(edges_mm(found.spec.box), edges)).max() <= 1


def test_a_label_inside_its_box_leaves_the_room_under_it(form):
    form.box(20, 56, 90, 14)
    form.label("Surname", 22, 59.5)

    (found,) = form.proposals()

    left, top, right, bottom = edges_mm(found.spec.box)
    assert (left, right, bottom) == (20, 110, 70)
    assert 59 <= top <= 60


def test_every_row_of_a_tables_column_is_a_field_of_its_own(form):
    form.label("First name", 22, 58)
    for row in range(3):
        form.box(20, 60 + 10 * row, 60, 10)

    found = form.proposals()

    assert [f.spec.name for f in found] == ["first_name", "first_name_2", "first_name_3"]
    assert [edges_mm(f.spec.box)[1] for f in found] == [60, 70, 80]


def test_dots_to_write_on_count_as_a_line(form):
    end = form.label("Name", 20, 60)
    for x_mm in np.arange(end, 130, 1.3):
        corner = round(x_mm * MM), round(60 * MM)
        cv2.rectangle(form.image, corner, (corner[0] + 2, corner[1] + 2), 0, -1)

    (found,) = form.proposals()

    assert found.spec.style is WritingStyle.LINE
    assert edges_mm(found.spec.box)[2] in {129, 130}


def test_writing_on_the_line_neither_hides_it_nor_becomes_a_label(form):
    end = form.label("Name:", 20, 60)
    form.line(end, 60.5, 140)
    form.label("Nome", 50, 60, confidence=0.6, height_mm=6)

    (found,) = form.proposals()

    assert found.spec.label == "Name:"
    assert edges_mm(found.spec.box)[2] == 140


def test_a_place_at_the_foot_of_the_page_stays_on_the_page(form):
    height, width = form.image.shape
    form.label("Name:", 20, height / MM - 0.4)

    (found,) = form.proposals()

    box = found.spec.box
    assert box.y_px + box.height_px == height
    fields = [found.spec]
    text = format_template(template_id="foot", dpi=DPI, fields=fields)
    assert parse_template(text, form.image).fields[0].box == box
    assert box.x_px + box.width_px < width


def test_a_person_is_asked_for_by_a_long_line_only(form):
    form.line(form.label("Patient", 20, 60), 60.5, 55)
    form.line(form.label("Guardian", 20, 90), 90.5, 140)

    (found,) = form.proposals()

    assert found.spec.name == "guardian"


def test_a_claim_of_resolution_is_believed_only_where_it_makes_a_page():
    page = np.full((3300, 2550), 255, np.uint8)

    assert page_dpi(page, 300.0, PARAMS) == 300.0
    assert page_dpi(page, 72.0, PARAMS) == pytest.approx(291, abs=1)
    assert page_dpi(page, None, PARAMS) == pytest.approx(291, abs=1)


def test_the_surer_of_two_readings_of_one_place_counts():
    box = Box(x_px=10, y_px=10, width_px=40, height_px=20)
    sure = PrintedWord(text="Name", box=box, confidence=0.9)
    unsure = PrintedWord(text="Nane", box=box, confidence=0.5)

    assert merge_words([sure], [unsure], PARAMS) == (sure,)
    assert merge_words([unsure], [sure], PARAMS) == (sure,)
