from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation import (
    Doubt,
    FieldState,
    Letters,
    Page,
    WritingStyle,
    index_templates,
    segment_page,
)
from tests.drawing import write_in
from tests.unit.segmentation.conftest import PARAMS


def crop_of(form_and_catalog, sheet):
    """Segment a sheet and give the crop of its first field."""
    _, catalog = form_and_catalog
    return segment_page(Page(image=sheet), catalog, PARAMS).crops[0]


def written(form_and_catalog):
    template, _ = form_and_catalog
    return write_in(template.image, template.fields[0].box, seed=4, dpi=template.dpi)


def test_print_is_gone_from_the_crop_and_the_writing_is_not(form_and_catalog):
    template, _ = form_and_catalog
    blank = crop_of(form_and_catalog, template.image)
    crop = crop_of(form_and_catalog, written(form_and_catalog))

    assert blank.state is FieldState.BLANK
    assert blank.image.min() > 200
    assert crop.state is FieldState.WRITTEN
    assert (crop.image < 120).mean() > 0.01
    assert float(np.median(crop.image)) > 250


def test_letters_in_a_comb_come_out_whole_as_one_line_without_its_ticks(form_and_catalog):
    template, catalog = form_and_catalog
    comb, printed = template.fields[0], catalog.forms[0].fields[0].printed
    ticks = sorted(ruling.at_px for ruling in printed.rulings if ruling.upright)
    assert comb.style is WritingStyle.COMB
    assert len(ticks) == 14
    pen = np.full_like(template.image, 255)
    step = comb.box.width_px / (len(ticks) - 1)
    for i in range(len(ticks) - 2):
        left = (round(comb.box.x_px + (i + 0.3) * step), comb.box.y_px + 10)
        right = (round(comb.box.x_px + (i + 0.7) * step), comb.box.y_px + comb.box.height_px - 10)
        cv2.rectangle(pen, left, right, 30, 3)

    crop = crop_of(form_and_catalog, np.minimum(template.image, pen))

    scale = PARAMS.catalog.printed.crop_dpi / template.dpi
    alone = cv2.resize(pen, None, fx=scale, fy=scale)
    assert (crop.image < 128).sum() == pytest.approx((alone < 128).sum(), rel=0.05)
    assert all((crop.image[:, at - 3 : at + 4] > 200).all() for at in ticks)


def test_a_crop_says_what_its_template_knows_of_the_field(two_forms):
    plain, *others = two_forms[0].fields
    listed = replace(plain, letters=Letters.UPPER, lexicon="surnames")
    template = replace(two_forms[0], fields=(listed, *others))

    first, *rest = segment_page(
        Page(image=template.image), index_templates([template], PARAMS), PARAMS
    ).crops

    assert (first.letters, first.lexicon) == (Letters.UPPER, "surnames")
    assert {(crop.letters, crop.lexicon) for crop in rest} == {(Letters.ANY, None)}


def test_a_streak_down_the_page_is_no_writing(form_and_catalog):
    template, _ = form_and_catalog
    box = template.fields[0].box
    sheet = template.image.copy()
    sheet[:, box.x_px + box.width_px // 2] = 60

    assert crop_of(form_and_catalog, sheet).state is FieldState.BLANK


def test_dust_is_no_writing_and_a_short_dash_is(form_and_catalog):
    template, _ = form_and_catalog
    box = template.fields[0].box
    middle = (box.x_px + box.width_px // 2, box.y_px + box.height_px // 2)
    dusty, dashed = template.image.copy(), template.image.copy()
    cv2.circle(dusty, middle, 1, 40, cv2.FILLED)
    cv2.line(dashed, middle, (middle[0] + 18, middle[1]), 40, 3)

    assert crop_of(form_and_catalog, dusty).state is FieldState.BLANK
    assert crop_of(form_and_catalog, dashed).state is FieldState.WRITTEN


@pytest.mark.parametrize("step", [18, 24, 40])
def test_faint_pencil_is_writing_and_stays_in_its_crop(form_and_catalog, step):
    template, _ = form_and_catalog
    box = template.fields[0].box
    pen = write_in(np.full_like(template.image, 255), box, seed=4, dpi=template.dpi, ink=0)
    faint = 255 - np.round((255.0 - pen) * step / 255).astype(np.uint8)

    crop = crop_of(form_and_catalog, np.minimum(template.image, faint))

    assert crop.state is FieldState.WRITTEN
    assert (crop.image < 255 - step // 2).mean() > 0.01


def test_a_shadow_and_a_stain_are_no_faint_writing(form_and_catalog):
    template, _ = form_and_catalog
    box = template.fields[0].box
    stained = np.full_like(template.image, 255)
    middle = (box.x_px + box.width_px // 2, box.y_px + box.height_px // 2)
    cv2.ellipse(stained, middle, (box.height_px // 3, box.height_px // 4), 0, 0, 360, 230, -1)
    light = np.linspace(0.7, 1, template.image.shape[1])
    shaded = np.round(template.image * light).astype(np.uint8)

    for sheet in (np.minimum(template.image, stained), shaded):
        assert crop_of(form_and_catalog, sheet).state is FieldState.BLANK


def test_a_stroke_through_the_writing_is_told_from_writing(form_and_catalog):
    template, _ = form_and_catalog
    box = template.fields[0].box
    sheet = written(form_and_catalog).copy()
    pen = sheet[box.y_px : box.y_px + box.height_px - 8, box.x_px : box.x_px + box.width_px] < 120
    rows, columns = np.nonzero(pen)
    at = box.y_px + int(np.median(rows))
    ends = [(box.x_px + int(columns.min()), at - 1), (box.x_px + int(columns.max()), at + 2)]
    cv2.line(sheet, ends[0], ends[1], 40, 2)

    crop = crop_of(form_and_catalog, sheet)

    assert (crop.state, crop.doubt) == (FieldState.STRUCK_OUT, Doubt.NONE)


@pytest.mark.parametrize("share", [0.45, 1.0], ids=["in-part", "whole"])
def test_a_slip_of_paper_over_the_field_alone_is_noticed(form_and_catalog, share):
    template, _ = form_and_catalog
    box = template.fields[0].box
    sheet = written(form_and_catalog).copy()
    reach = round(box.width_px * share)
    sheet[box.y_px - 2 : box.y_px + box.height_px + 8, box.x_px : box.x_px + reach] = 255

    crop = crop_of(form_and_catalog, sheet)

    assert (crop.state, crop.doubt) == (FieldState.MISPLACED, Doubt.RULINGS_HIDDEN)
