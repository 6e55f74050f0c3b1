from __future__ import annotations

import numpy as np
import pytest

from segmentation import WritingStyle
from worker.samples.blank import Content
from worker.samples.filling import FillingParams, fill, shipped_fonts
from worker.samples.people import FAMILY_NAMES, GIVEN_NAMES

INK_PX = 400  # fewer dark pixels than the shortest name leaves; more than a stray tail


@pytest.fixture(scope="module")
def filled(blank):
    return [fill(blank, np.random.default_rng([9, i])) for i in range(4)]


def new_ink(blank, image, box):
    """Count the pixels of a place that are darker than on the blank."""
    rows, columns = (
        slice(box.y_px, box.y_px + box.height_px),
        slice(box.x_px, box.x_px + box.width_px),
    )
    return np.count_nonzero(blank.image[rows, columns] > image[rows, columns].astype(int) + 40)


def test_every_field_has_a_text_and_no_other_place_has(blank, filled):
    for form in filled:
        assert list(form.texts) == [field.name for field in blank.fields]


def test_where_the_truth_has_a_name_there_is_ink_and_elsewhere_none(blank, filled):
    for form in filled:
        for field in blank.fields:
            ink = new_ink(blank, form.image, field.box)
            assert (ink > INK_PX) == bool(form.texts[field.name])


def test_some_fields_are_left_blank_and_most_are_not(filled):
    texts = [text for form in filled for text in form.texts.values()]

    assert 0 < texts.count("") < len(texts) / 2


def test_equal_seeds_write_equal_forms_and_others_do_not(clinic):
    first, again, other = (fill(clinic, np.random.default_rng(seed)) for seed in (5, 5, 6))

    np.testing.assert_array_equal(first.image, again.image)
    assert first.texts == again.texts
    assert first.texts != other.texts


def test_names_come_from_the_lists_in_their_case_or_in_capitals(blank, filled):
    given = {name.upper() for name in GIVEN_NAMES}
    family = {name.upper() for name in FAMILY_NAMES}
    full = {f"{first} {last}" for first in given for last in family}
    known = {"first_name": given, "last_name": family, "full_name": full}

    for form in filled:
        for field in blank.fields:
            text = form.texts[field.name]
            assert not text or text.upper() in known[field.kind]


def test_combs_are_filled_in_capitals(school):
    forms = [fill(school, np.random.default_rng([2, i])) for i in range(3)]

    for form in forms:
        for field in school.fields:
            if field.style is WritingStyle.COMB:
                assert form.texts[field.name].isupper()


def test_relatives_share_the_family_name_as_often_as_asked(school):
    always = FillingParams(family_share=1.0, capitals_share=1.0)

    form = fill(school, np.random.default_rng(1), params=always)

    assert form.texts["guardian1_last_name"] == form.texts["pupil_last_name"]


def test_a_question_gets_one_answer_at_most(school):
    groups = {p.group for p in school.places if p.content is Content.TICK}
    form = fill(school, np.random.default_rng(4))

    for group in groups:
        boxes = [p.box for p in school.places if p.group == group]
        ticked = [box for box in boxes if new_ink(school, form.image, box) > 40]
        assert len(ticked) <= 1


def test_a_row_of_the_table_is_filled_whole_or_not_at_all(school):
    forms = [fill(school, np.random.default_rng([6, i])) for i in range(6)]

    rows = {
        (bool(form.texts["guardian2_last_name"]), bool(form.texts["guardian2_first_name"]))
        for form in forms
    }

    assert rows == {(True, True), (False, False)}


def test_one_font_alone_will_do_even_a_joined_one(school):
    joined = tuple(path for path in shipped_fonts() if path.stem == "la-belle-aurore")

    form = fill(school, np.random.default_rng(1), fonts=joined)

    assert any(form.texts.values())


def test_the_texts_are_not_shown_when_a_form_is_printed(filled):
    for form in filled:
        assert not any(text and text in repr(form) for text in form.texts.values())
