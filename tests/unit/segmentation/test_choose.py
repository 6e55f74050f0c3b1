from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from segmentation import (
    AmbiguousTemplateError,
    NoTemplateMatchesError,
    Page,
    RegistrationError,
    Template,
    index_templates,
    segment_page,
)
from segmentation.errors import Misfit
from segmentation.matching import Features
from segmentation.register import register_near
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


@pytest.mark.parametrize("page_of", [OLD, NEW], ids=lambda t: t.template_id)
def test_a_page_that_is_more_like_a_form_it_narrowly_missed_is_given_to_neither(
    page_of, monkeypatch
):
    """The page fits the new edition, and the old one but for a little of its print."""
    catalog = index_templates([OLD, NEW], PARAMS)
    bare = Features(points=np.empty((0, 2)), descriptors=np.empty((0, 32), np.uint8))
    old, new = catalog.forms
    lame = dataclasses.replace(old, features=(bare, bare))
    limit = PARAMS.register.min_agreement
    tried = []

    def misses_narrowly(page, form, guess, sibling, params):
        tried.append((form.template.template_id, params.min_agreement))
        if params.min_agreement == limit:
            raise RegistrationError(Misfit.STRUCTURE_DISAGREES, found=0.5, limit=limit)
        return register_near(page, form, guess, sibling, params)

    monkeypatch.setattr("segmentation.choose.register_near", misses_narrowly)
    monkeypatch.setattr("segmentation.choose.guess", lambda *_: None)
    image, _ = scan(filled(page_of), Distortion(noise=5))
    page, known = Page(image=image), dataclasses.replace(catalog, forms=(lame, new))

    if page_of is NEW:
        assert segment_page(page, known, PARAMS).template_id == "new"
    else:
        with pytest.raises(NoTemplateMatchesError) as caught:
            segment_page(page, known, PARAMS)
        assert caught.value.closest is not None
        assert caught.value.closest.reason is Misfit.STRUCTURE_DISAGREES
    assert tried == [("old", limit), ("old", PARAMS.choose.narrow * limit)]


def test_two_forms_that_cannot_be_told_apart_do_not_stop_a_third_that_wins_against_both():
    twins = [dataclasses.replace(OLD, template_id=name) for name in ("one twin", "other twin")]
    catalog = index_templates([*twins, NEW], PARAMS)
    image, _ = scan(filled(NEW), Distortion(noise=5))

    assert segment_page(Page(image=image), catalog, PARAMS).template_id == "new"


def test_a_page_that_fits_three_forms_each_better_than_the_next_is_refused(monkeypatch):
    forms = [OLD, NEW, edition("newest", "Printed 2025 for the county, two copies")]
    catalog = index_templates(forms, PARAMS)
    beats = {("old", "new"), ("new", "newest"), ("newest", "old")}

    def in_a_ring(_, one, other, __):
        ids = one.form.template.template_id, other.form.template.template_id
        return one if ids in beats else other

    monkeypatch.setattr("segmentation.choose._decide", in_a_ring)
    image, _ = scan(filled(OLD), Distortion(noise=5))

    with pytest.raises(AmbiguousTemplateError):
        segment_page(Page(image=image), catalog, PARAMS)


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
