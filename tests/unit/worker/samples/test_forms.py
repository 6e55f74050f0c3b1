from __future__ import annotations

import numpy as np
import pytest

from segmentation import FieldKind, WritingStyle
from segmentation.template import format_template, parse_template
from worker.samples.blank import Content

WALL_PX = 4  # a hairline at 300 dpi, and one for rounding


def rows_of(image, box):
    return image[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px]


def test_the_fields_make_a_sound_template(blank):
    text = format_template(template_id=blank.form_id, dpi=blank.dpi, fields=blank.fields)

    template = parse_template(text, blank.image)

    assert template.fields == blank.fields
    assert template.dpi == 300


def test_the_two_forms_ask_for_every_kind_in_every_style(clinic, school):
    fields = clinic.fields + school.fields

    assert {field.kind for field in fields} == set(FieldKind)
    assert {field.style for field in fields} == set(WritingStyle)
    assert {field.style for field in clinic.fields} == {WritingStyle.LINE}


def test_every_place_lies_on_the_page(blank):
    height, width = blank.image.shape

    for place in blank.places:
        box = place.box
        assert 0 <= box.x_px < box.x_px + box.width_px <= width
        assert 0 <= box.y_px < box.y_px + box.height_px <= height


def test_no_two_places_overlap(blank):
    taken = np.zeros(blank.image.shape, np.uint8)

    for place in blank.places:
        box = place.box
        # Neighbours in a table share the line between them.
        rows_of(taken, box)[WALL_PX:-WALL_PX, WALL_PX:-WALL_PX] += 1

    assert taken.max() == 1


@pytest.mark.parametrize("style", [WritingStyle.BOX, WritingStyle.COMB])
def test_a_box_or_comb_lies_on_its_printed_frame(school, style):
    fields = [field for field in school.fields if field.style is style]

    assert fields
    for field in fields:
        drawn = rows_of(school.image, field.box)
        for edge in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
            assert edge.max() == 0


def test_a_comb_has_as_many_cells_as_it_says(school):
    combs = [place for place in school.places if place.cells]

    assert len(combs) == 3
    for comb in combs:
        middle = rows_of(school.image, comb.box)[comb.box.height_px // 2]
        for i in range(comb.cells):
            cell = middle[
                i * comb.box.width_px // comb.cells : (i + 1) * comb.box.width_px // comb.cells
            ]
            assert cell.min() == 0
            assert cell[WALL_PX:-WALL_PX].min() == 255


def test_a_ruled_line_runs_through_its_place_and_nothing_else_does(blank):
    lines = [p for p in blank.places if p.below_px]

    assert lines
    for place in lines:
        printed = np.flatnonzero(rows_of(blank.image, place.box).max(axis=1) < 128)
        from_foot = place.box.height_px - printed
        assert from_foot.max() == pytest.approx(place.below_px, abs=2)
        others = np.delete(rows_of(blank.image, place.box), printed, axis=0)
        assert others.min() == 255


def test_a_place_is_a_field_only_where_a_name_is_to_be_read(blank):
    for place in blank.places:
        wanted = {Content.FULL_NAME, Content.FIRST_NAME, Content.LAST_NAME}
        assert (place.field is not None) == (place.content in wanted)
        assert bool(place.name) == (place.content in wanted)
