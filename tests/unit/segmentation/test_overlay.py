from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from segmentation import Doubt, FieldState, Page, segment_page
from segmentation.overlay import OverlayParams, draw_overlay, draw_template
from tests.drawing import Distortion, scan, write_in
from tests.unit.segmentation.conftest import PARAMS, read_only


def colored(picture):
    """Tell which pixels are not gray."""
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    return spread > 20


def test_a_template_is_drawn_with_its_boxes_where_they_are(form_and_catalog):
    template, _ = form_and_catalog

    picture = draw_template(template, OverlayParams(long_side_px=1100))

    scale = 1100 / max(template.image.shape)
    assert picture.shape[1] == round(template.image.shape[1] * scale)
    for spec in template.fields:
        x = int((spec.box.x_px + spec.box.width_px / 2) * scale)
        y = int((spec.box.y_px + spec.box.height_px / 2) * scale)
        assert colored(picture)[y, x]
    assert not colored(picture)[5, 5]


def test_later_pages_say_which_page_they_are(form_and_catalog):
    template, _ = form_and_catalog
    second = dataclasses.replace(template, page_index=1)

    assert (draw_template(second) != draw_template(template)).any()


@pytest.mark.parametrize("with_grid", [True, False], ids=["with-grid", "without"])
def test_a_page_is_drawn_with_every_field_in_the_colour_of_its_state(form_and_catalog, with_grid):
    template, catalog = form_and_catalog
    sheet = write_in(template.image, template.fields[0].box, seed=1, dpi=template.dpi)
    image, _ = scan(sheet, Distortion(turn_deg=180, margin=0.02))
    page = Page(image=read_only(image))
    found = segment_page(page, catalog, PARAMS)
    doubted = dataclasses.replace(
        found.crops[1], state=FieldState.MISPLACED, doubt=Doubt.SURROUNDINGS_DISAGREE
    )
    found = dataclasses.replace(found, crops=(found.crops[0], doubted, *found.crops[2:]))

    picture = draw_overlay(page, found, template if with_grid else None)

    scale = picture.shape[1] / image.shape[1]
    strongest = []
    for crop in found.crops[:3]:
        x, y = (crop.page_box[2] * 0.02 + crop.page_box[3] * 0.98) * scale
        patch = picture[int(y) - 6 : int(y) + 6, int(x) - 6 : int(x) + 6].reshape(-1, 3)
        strongest.append(int(np.argmax(patch.max(axis=0) - 0.0 + patch.mean(axis=0) - 255)))
        assert colored(patch[None]).any()
    assert strongest == [1, 0, 2]  # green written, red misplaced, blue blank


def test_a_comb_is_drawn_with_the_walls_that_part_its_cells(form_and_catalog):
    template, catalog = form_and_catalog
    page = Page(image=template.image)
    found = segment_page(page, catalog, PARAMS)
    comb, *others = found.crops
    assert comb.cells is not None
    plain = dataclasses.replace(found, crops=(dataclasses.replace(comb, cells=None), *others))

    changed = (draw_overlay(page, found) != draw_overlay(page, plain)).any(axis=2)

    rows, columns = np.nonzero(changed)
    left, top = comb.page_box.min(axis=0) - 3
    right, bottom = comb.page_box.max(axis=0) + 3
    scale = changed.shape[1] / template.image.shape[1]
    assert len(np.unique(columns)) >= len(comb.cells.walls_px) - 2
    assert (rows >= top * scale - 3).all()
    assert (rows <= bottom * scale + 3).all()
    assert (columns >= left * scale - 3).all()
    assert (columns <= right * scale + 3).all()
