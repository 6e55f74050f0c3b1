from __future__ import annotations

from tests.factories import (
    make_document_reading,
    make_field_reading,
    make_page_reading,
    make_source,
)
from worker.local import FailedDocument, Tally
from worker.types import DocumentStatus, FieldStatus


def test_documents_and_fields_are_counted_by_what_became_of_them():
    statuses = (FieldStatus.READ, FieldStatus.BLANK, FieldStatus.LOW_CONFIDENCE)
    fields = tuple(make_field_reading(status=status) for status in statuses)
    page = make_page_reading(fields=fields)
    tally = Tally()

    tally.add_reading(make_source(), make_document_reading(pages=(page, page)))
    tally.add_reading(
        make_source(), make_document_reading(status=DocumentStatus.NEEDS_REVIEW, pages=(page,))
    )
    tally.add_known("spring")

    assert (tally.documents, tally.already_read) == (3, {"spring": 1})
    assert tally.fields == dict.fromkeys(statuses, 3)
    assert tally.fields_for_review == 3


def test_misplaced_fields_are_for_a_person_too():
    page = make_page_reading(fields=(make_field_reading(status=FieldStatus.MISPLACED),))
    tally = Tally()

    tally.add_reading(make_source(), make_document_reading(pages=(page,)))

    assert tally.fields_for_review == 1


def test_a_failed_document_is_remembered_with_its_code():
    failed = make_document_reading(
        status=DocumentStatus.FAILED,
        failure_code="blank_page",
        failure_detail="page 1: the page is blank",
        pages=(),
    )
    tally = Tally()

    tally.add_reading(make_source(uri="file:///a.jpg"), failed)

    assert tally.failed == [
        FailedDocument(uri="file:///a.jpg", code="blank_page", detail="page 1: the page is blank")
    ]
    assert tally.documents == 1
