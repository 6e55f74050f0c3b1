from __future__ import annotations

import numpy as np
import pytest

from recognition.types import Hint
from segmentation import BlankPageError, CombCells, Doubt, FieldState, Letters
from tests.factories import (
    make_crop,
    make_image,
    make_refused_page,
    make_segmentation,
    make_segmented_page,
)
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from worker.recognizing import failed_document, read_pages
from worker.thresholds import REVIEW_ALL, Thresholds
from worker.types import DocumentStatus, FieldStatus

WRITTEN = make_crop()
BLANK = make_crop(state=FieldState.BLANK, ink_fraction=0.0)
STRUCK_OUT = make_crop(state=FieldState.STRUCK_OUT)
MISPLACED = make_crop(state=FieldState.MISPLACED, doubt=Doubt.SURROUNDINGS_DISAGREE)
REFUSED = make_refused_page()
EMPTY = make_refused_page(failure_code=BlankPageError.code, failure_detail="the page is blank")


def page_of(*crops, **changes):
    return make_segmented_page(segmentation=make_segmentation(crops=crops), **changes)


def read(*documents, texts=("Ada Lovelace",), confidence=0.97):
    recognizer = ScriptedRecognizer(texts, confidence=confidence)
    return read_pages(documents, recognizer, review_below=0.85)


@pytest.mark.parametrize(
    ("crop", "text", "confidence", "status"),
    [
        pytest.param(WRITTEN, "Ada", 0.97, FieldStatus.READ, id="sure"),
        pytest.param(WRITTEN, "Ada", 0.85, FieldStatus.READ, id="just-sure-enough"),
        pytest.param(WRITTEN, "Ada", 0.84, FieldStatus.LOW_CONFIDENCE, id="unsure"),
        pytest.param(WRITTEN, "", 0.99, FieldStatus.LOW_CONFIDENCE, id="ink-without-text"),
        pytest.param(MISPLACED, "Ada", 0.99, FieldStatus.MISPLACED, id="misplaced"),
        pytest.param(STRUCK_OUT, "Ada", 0.99, FieldStatus.STRUCK_OUT, id="struck-out"),
        pytest.param(BLANK, "Ada", 0.99, FieldStatus.BLANK, id="blank"),
    ],
)
def test_a_field_is_read_only_when_it_is_in_its_place_and_the_network_is_sure(
    crop, text, confidence, status
):
    (document,) = read([page_of(crop)], texts=(text,), confidence=confidence)

    assert document.pages[0].fields[0].status is status


def test_a_document_that_lacks_a_page_of_its_form_is_for_a_person():
    second = make_segmentation(crops=(WRITTEN,), page_index=1, form_pages=(0, 1))

    (document,) = read([make_segmented_page(segmentation=second)])

    assert document.status is DocumentStatus.NEEDS_REVIEW
    assert document.failure_code == "pages_missing"
    assert "page 1 is missing" in document.failure_detail
    assert document.pages[0].fields[0].status is FieldStatus.READ


def test_a_page_that_failed_is_blamed_before_the_page_that_is_missing():
    second = make_segmentation(crops=(WRITTEN,), page_index=1, form_pages=(0, 1))

    (document,) = read([REFUSED, make_segmented_page(segmentation=second, page_index=1)])

    assert document.failure_code == REFUSED.failure_code


@pytest.mark.parametrize(
    ("threshold", "status"),
    [
        pytest.param(0.6, FieldStatus.READ, id="lower"),
        pytest.param(0.75, FieldStatus.LOW_CONFIDENCE, id="higher"),
        pytest.param(REVIEW_ALL, FieldStatus.LOW_CONFIDENCE, id="all-to-review"),
    ],
)
def test_a_field_with_a_threshold_of_its_own_is_judged_by_that(threshold, status):
    thresholds = Thresholds(fields={("clinic", "full_name"): threshold})
    other = make_crop(field_name="guardian")

    (document,) = read_pages(
        [[page_of(WRITTEN, other)]],
        ScriptedRecognizer(confidence=0.7),
        review_below=0.7,
        thresholds=thresholds,
    )

    own, by_default = document.pages[0].fields
    assert own.status is status
    assert by_default.status is FieldStatus.READ


def test_a_reading_keeps_its_text_its_confidence_and_its_characters():
    (document,) = read([page_of(WRITTEN)], texts=("Ada",), confidence=0.9)

    (field,) = document.pages[0].fields
    assert (field.raw_text, field.text) == ("Ada", "Ada")
    assert (field.raw_confidence, field.confidence) == (0.9, 0.9)
    assert [char.char for char in field.chars] == ["A", "d", "a"]
    assert field.crop is WRITTEN


def test_what_the_ink_says_and_the_next_best_texts_are_kept_beside_a_rewritten_text():
    recognizer = ScriptedRecognizer(["Ada"], raw_texts={"Ada": "Adc"})

    (document,) = read_pages([[page_of(WRITTEN)]], recognizer, review_below=0.85)

    (field,) = document.pages[0].fields
    assert (field.raw_text, field.text) == ("Adc", "Ada")
    assert field.alternatives == (("Adc", 0.25),)


def test_the_network_is_told_what_the_template_knows_of_each_field():
    capitals = make_crop(letters=Letters.UPPER)
    listed = make_crop(lexicon="surnames")
    recognizer = ScriptedRecognizer()

    read_pages([[page_of(WRITTEN, BLANK, capitals, listed)]], recognizer, review_below=0.85)

    assert recognizer.hints == [Hint(), Hint(letters="upper"), Hint(lexicon="surnames")]


def test_a_misplaced_field_claims_no_confidence_however_clear_its_writing():
    (document,) = read([page_of(MISPLACED)], confidence=0.99)

    (field,) = document.pages[0].fields
    assert field.confidence == 0.0
    assert field.raw_confidence == 0.99


def test_a_blank_field_is_not_sent_to_the_network_and_has_no_text():
    recognizer = ScriptedRecognizer()

    (document,) = read_pages([[page_of(BLANK, WRITTEN)]], recognizer, review_below=0.85)

    blank, written = document.pages[0].fields
    assert recognizer.batches == [1]
    assert (blank.text, written.text) == ("", "Ada Lovelace")


def test_a_network_is_not_asked_about_nothing():
    recognizer = ScriptedRecognizer()

    read_pages([[page_of(BLANK)], [REFUSED]], recognizer, review_below=0.85)

    assert recognizer.batches == []


def test_all_documents_go_into_one_batch_and_each_gets_its_own_texts_back():
    names = ["Ada", "Grace", "Emmy", "Sofia", "Marie"]
    recognizer = ScriptedRecognizer(names)
    documents = [
        [page_of(WRITTEN, BLANK), page_of(WRITTEN, page_index=1)],
        [REFUSED],
        [page_of(WRITTEN, MISPLACED, WRITTEN)],
    ]

    readings = read_pages(documents, recognizer, review_below=0.85)

    texts = [
        [[field.text for field in page.fields] for page in document.pages] for document in readings
    ]
    assert recognizer.batches == [5]
    assert texts == [[["Ada", ""], ["Grace"]], [[]], [["Emmy", "Sofia", "Marie"]]]


def test_crops_are_not_written_to():
    crop = make_crop(image=make_image(seed=3))
    before = crop.image.copy()

    read([page_of(crop)])

    np.testing.assert_array_equal(crop.image, before)


@pytest.mark.parametrize(
    ("pages", "status", "code"),
    [
        pytest.param([page_of(WRITTEN)], DocumentStatus.DONE, None, id="read"),
        pytest.param([page_of(BLANK)], DocumentStatus.DONE, None, id="nothing-written"),
        pytest.param([page_of(MISPLACED)], DocumentStatus.NEEDS_REVIEW, None, id="misplaced"),
        pytest.param([REFUSED], DocumentStatus.FAILED, "no_template_matches", id="refused"),
        pytest.param([EMPTY], DocumentStatus.FAILED, "blank_page", id="empty"),
        pytest.param(
            [page_of(WRITTEN), REFUSED],
            DocumentStatus.NEEDS_REVIEW,
            "no_template_matches",
            id="one-refused",
        ),
        pytest.param([page_of(WRITTEN), EMPTY], DocumentStatus.DONE, None, id="empty-back"),
        pytest.param(
            [EMPTY, REFUSED], DocumentStatus.FAILED, "no_template_matches", id="empty-front"
        ),
        pytest.param(
            [page_of(WRITTEN), EMPTY, REFUSED],
            DocumentStatus.NEEDS_REVIEW,
            "no_template_matches",
            id="empty-and-refused",
        ),
    ],
)
def test_a_document_is_done_only_when_nothing_on_it_is_left_for_a_person(pages, status, code):
    (document,) = read(pages)

    assert document.status is status
    assert document.failure_code == code


def test_a_doubtful_field_sends_its_document_to_review():
    (document,) = read([page_of(WRITTEN)], confidence=0.5)

    assert document.status is DocumentStatus.NEEDS_REVIEW


def test_the_page_at_fault_is_named_as_people_count():
    (document,) = read([page_of(WRITTEN), make_refused_page(page_index=1)])

    assert document.failure_detail == "page 2: the page is none of 2 known forms"
    assert document.pages[1].failure_code == "no_template_matches"
    assert document.pages[1].fields == ()


def test_a_failed_document_has_no_pages():
    document = failed_document("damaged_document", "the PNG is damaged")

    assert document.status is DocumentStatus.FAILED
    assert document.failure_code == "damaged_document"
    assert document.pages == ()


def test_a_comb_is_read_with_an_empty_cell_as_wide_as_a_space():
    widths = []

    def refuses(crop):
        widths.append(crop.shape[1])
        return False

    recognizer = ScriptedRecognizer(refuses=refuses)
    paper = np.full((30, 100), 255, np.uint8)
    cells = CombCells(walls_px=(10, 30, 50, 70), written=(True, False, True), letter_each=True)
    crops = [make_crop(image=paper, cells=cells), make_crop(image=paper)]

    read_pages([[page_of(*crops)]], recognizer, review_below=0.85)

    assert widths == [120, 100]
