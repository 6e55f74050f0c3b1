from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from segmentation import AmbiguousTemplateError, Page, Template, index_templates, segment_page
from segmentation.matching import Features
from tests.drawing import Distortion, draw_form, scan, write_in
from tests.unit.segmentation.conftest import PARAMS

FORM = draw_form(12, dpi=150.0)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def edition(template_id: str, line: str) -> Template:
    """Print one line more at the foot of the form."""
    image = FORM.image.copy()
    cv2.putText(image, line, (110, 1560), FONT, 0.9, 20, 2, cv2.LINE_AA)
    return dataclasses.replace(FORM, template_id=template_id, version=template_id, image=image)


OLD = edition("old", "Edition 2019, return by post to the office")
NEW = edition("new", "Revised 2024 - hand in at the front desk")


def filled(template):
    sheet = template.image
    for at, spec in enumerate(template.fields):
        sheet = write_in(sheet, spec.box, seed=at, dpi=template.dpi)
    return sheet


@pytest.mark.parametrize("template", [OLD, NEW], ids=lambda t: t.template_id)
@pytest.mark.parametrize("distortion", [Distortion(noise=5), Distortion(turn_deg=90, skew_deg=3)])
def test_two_editions_that_differ_in_one_line_are_told_apart(template, distortion):
    image, _ = scan(filled(template), distortion)

    found = segment_page(Page(image=image), index_templates([OLD, NEW], PARAMS), PARAMS)

    assert found.template_id == template.template_id


def test_an_edition_that_narrowly_missed_its_page_is_weighed_all_the_same():
    """Where only the wrong edition was laid on by its own keypoints, the right one still wins."""
    catalog = index_templates([OLD, NEW], PARAMS)
    bare = Features(points=np.empty((0, 2)), descriptors=np.empty((0, 32), np.uint8))
    old, new = catalog.forms
    lame = dataclasses.replace(old, features=(bare, *old.features[1:]))
    image, _ = scan(filled(OLD), Distortion(noise=5))

    found = segment_page(Page(image=image), dataclasses.replace(catalog, forms=(lame, new)), PARAMS)

    assert found.template_id == "old"


def test_only_forms_that_share_print_are_siblings():
    stranger = draw_form(5, dpi=150.0)

    catalog = index_templates([OLD, stranger, NEW], PARAMS)

    assert [[s.number for s in siblings] for siblings in catalog.siblings] == [[2], [], [0]]
    assert np.abs(catalog.siblings[0][0].to_sibling - np.eye(3)).max() < 0.5


def test_a_page_with_the_telling_line_covered_is_refused():
    sheet = filled(OLD).copy()
    sheet[1500:] = 225

    with pytest.raises(AmbiguousTemplateError) as caught:
        segment_page(Page(image=sheet), index_templates([OLD, NEW], PARAMS), PARAMS)

    assert set(caught.value.template_ids) == {"old", "new"}
    assert caught.value.code == "ambiguous_template"


@pytest.mark.parametrize(("seed", "skew_deg"), [(11, -8.914), (12, -5.98)])
def test_grain_where_the_telling_line_was_torn_off_is_no_evidence_for_either(seed, skew_deg):
    """One such page in twenty is by chance a little more like one of the two lines."""
    sheet = filled(OLD).copy()
    torn = np.array([[0, 1300], [0, 1650], [1275, 1650], [1275, 1540]])
    cv2.fillConvexPoly(sheet, torn, 200)
    bed = Distortion(margin=0.05, bed=200, scale=0.72, perspective=0.03, skew_deg=skew_deg)
    image, _ = scan(sheet, dataclasses.replace(bed, shadow=0.6, noise=11, jpeg=70, seed=seed))

    with pytest.raises(AmbiguousTemplateError) as caught:
        segment_page(Page(image=image), index_templates([OLD, NEW], PARAMS), PARAMS)

    assert caught.value.margin < caught.value.limit


@pytest.mark.parametrize("hidden", [False, True])
def test_a_single_word_tells_two_editions_apart_only_where_it_is_plain(hidden):
    """Over fewer pixels chance is likened to print more often, so the limit is higher."""
    spring, autumn = (edition(word, f"Course list {word}") for word in ("SPRING", "AUTUMN"))
    catalog = index_templates([spring, autumn], PARAMS)
    sheet = filled(spring).copy()
    if hidden:
        sheet[1520:1590, 110 + cv2.getTextSize("Course list", FONT, 0.9, 2)[0][0] :] = 225
    image, _ = scan(sheet, Distortion(noise=5))

    if not hidden:
        assert segment_page(Page(image=image), catalog, PARAMS).template_id == "SPRING"
        return
    with pytest.raises(AmbiguousTemplateError) as caught:
        segment_page(Page(image=image), catalog, PARAMS)
    assert caught.value.limit > PARAMS.choose.min_likeness


def test_two_forms_with_the_same_print_cannot_be_told_apart():
    twin = dataclasses.replace(OLD, template_id="twin")

    with pytest.raises(AmbiguousTemplateError) as caught:
        segment_page(Page(image=OLD.image), index_templates([OLD, twin], PARAMS), PARAMS)

    assert caught.value.margin == 0


def test_the_page_is_not_written_into():
    image, _ = scan(filled(OLD), Distortion(noise=5))
    before = image.copy()

    segment_page(Page(image=image), index_templates([OLD, NEW], PARAMS), PARAMS)

    np.testing.assert_array_equal(image, before)
