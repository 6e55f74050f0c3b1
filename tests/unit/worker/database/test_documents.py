from __future__ import annotations

from datetime import UTC

import numpy as np
import pytest
from sqlalchemy import select

from recognition.types import CharReading
from tests.database import make_field, prepare, read, register, rows
from tests.factories import (
    make_document_reading,
    make_field_reading,
    make_identity,
    make_page_reading,
    make_segmentation,
    make_source,
)
from worker.database.documents import fail_unregistered, finish_document
from worker.database.models import DocumentRow, PageRow, ReadingRow
from worker.database.session import transaction
from worker.errors import DocumentTooLargeError, ObjectMissingError
from worker.types import DocumentStatus

MODEL = make_identity().model_id


def finish(sessions, claim, reading):
    with transaction(sessions) as session:
        return finish_document(session, claim, reading, crop_key="crops/1.zip", model_id=MODEL)


def fail(sessions, batch_id, error, uri="file:///scans/1.jpg"):
    with transaction(sessions) as session:
        fail_unregistered(
            session,
            batch_id=batch_id,
            source=make_source(uri=uri),
            identity=make_identity(),
            error=error,
        )


def test_a_new_document_is_pending_and_its_first_attempt_is_counted(sessions):
    claim = register(sessions)

    [row] = rows(sessions, "SELECT status, attempt, finished_at FROM documents")
    assert row == {"status": "pending", "attempt": 1, "finished_at": None}
    assert claim.attempt == 1


def test_a_document_that_was_left_unfinished_is_taken_again_under_the_same_id(sessions):
    first = register(sessions)

    second = register(sessions, batch="winter", uri="file:///elsewhere/1.jpg")

    assert second.document_id == first.document_id
    assert second.attempt == 2
    [row] = rows(
        sessions,
        "SELECT batches.name, uri FROM documents JOIN batches ON batches.id = batch_id",
    )
    assert row == {"name": "winter", "uri": "file:///elsewhere/1.jpg"}


def test_a_document_that_was_read_is_not_taken_again(sessions):
    read(sessions, make_field_reading())

    again = register(sessions, data="file:///scans/1.jpg")

    assert again is None
    assert rows(sessions, "SELECT attempt, status FROM documents") == [
        {"attempt": 1, "status": "done"}
    ]


def test_a_failed_document_is_taken_again_and_its_failure_forgotten(sessions):
    claim = register(sessions)
    failed = make_document_reading(
        status=DocumentStatus.FAILED, failure_code="document_crashed", failure_detail="x", pages=()
    )
    finish(sessions, claim, failed)

    again = register(sessions)

    assert again.attempt == 2
    [row] = rows(
        sessions, "SELECT status, failure_code, failure_detail, finished_at FROM documents"
    )
    assert row == {
        "status": "pending",
        "failure_code": None,
        "failure_detail": "",
        "finished_at": None,
    }


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"templates_version": "cccccccccccc"}, id="templates"),
        pytest.param({"model_id": "ba9876543210"}, id="model"),
        pytest.param({"decoder_version": "dddddddddddd"}, id="names"),
    ],
)
def test_other_templates_another_model_or_other_names_read_the_same_bytes_anew(sessions, change):
    first = read(sessions, make_field_reading())

    other = register(sessions, data="file:///scans/1.jpg", identity=make_identity(**change))

    assert other.attempt == 1
    assert other.document_id != first.document_id


def test_all_evidence_of_a_page_and_a_field_is_stored(sessions):
    claim = register(sessions)
    h = np.array([[1.0, 0.02, 5.0], [-0.02, 1.0, 7.0], [0.0, 1e-6, 1.0]])
    segmentation = make_segmentation(page_to_template=h, turn_deg=180, rms_px=0.7)
    chars = (CharReading(char="É", probability=0.8, start_frame=3, end_frame=5),)
    rivals = (("Emil", 0.2), ("Émilie", 0.1))
    field = make_field(
        "full_name", "Émile", raw_text="EMILE", confidence=0.6, chars=chars, alternatives=rivals
    )
    page = make_page_reading(segmentation=segmentation, fields=(field,))

    finish(sessions, claim, make_document_reading(pages=(page,)))

    with transaction(sessions) as session:
        document = session.scalars(select(DocumentRow)).one()
        stored_page = session.scalars(select(PageRow)).one()
        reading = session.scalars(select(ReadingRow)).one()
    assert (document.status, document.page_count) == (DocumentStatus.DONE, 1)
    assert document.started_at is not None
    assert document.finished_at is not None
    assert document.registered_at <= document.started_at <= document.finished_at
    assert document.finished_at.tzinfo is UTC
    assert stored_page.page_to_template == h.ravel().tolist()
    assert (stored_page.turn_deg, stored_page.rms_px, stored_page.inlier_count) == (180, 0.7, 120)
    assert (stored_page.template_id, stored_page.template_version) == ("clinic", "aaaaaaaaaaaa")
    assert (reading.text, reading.raw_text, reading.confidence) == ("Émile", "EMILE", 0.6)
    assert reading.chars == [["É", 0.8, 3, 5]]
    assert reading.alternatives == [["Emil", 0.2], ["Émilie", 0.1]]
    assert document.decoder_version == "greedy"
    assert reading.page_quad == field.crop.page_box.tolist()
    assert (reading.crop_key, reading.model_id, reading.attempt) == ("crops/1.zip", MODEL, 1)


def test_a_refused_page_keeps_its_reason_beside_the_pages_that_were_read(sessions):
    claim = register(sessions)
    refused = make_page_reading(
        page_index=1,
        segmentation=None,
        fields=(),
        failure_code="no_template_matches",
        failure_detail="none of 2",
    )

    finish(sessions, claim, make_document_reading(pages=(make_page_reading(), refused)))

    assert rows(
        sessions,
        "SELECT page_index, failure_code, template_id FROM pages ORDER BY page_index",
    ) == [
        {"page_index": 0, "failure_code": None, "template_id": "clinic"},
        {"page_index": 1, "failure_code": "no_template_matches", "template_id": None},
    ]


def test_finishing_twice_leaves_the_same_rows_with_the_same_ids(sessions):
    claim = register(sessions)
    everything = "SELECT id, page_id, field_name, text FROM readings ORDER BY field_name"
    fields = (make_field("first", "Ada"), make_field("last", "Byron"))
    reading = make_document_reading(pages=(make_page_reading(fields=fields),))
    finish(sessions, claim, reading)
    before = rows(sessions, everything)

    finished = finish(sessions, claim, reading)

    assert finished
    assert len(before) == 2
    assert rows(sessions, everything) == before


def test_a_late_duplicate_never_overwrites_a_newer_attempt(sessions):
    late, newer = register(sessions), register(sessions)
    new = make_page_reading(fields=(make_field("full_name", "Grace"),))
    finish(sessions, newer, make_document_reading(pages=(new,)))

    finished = finish(sessions, late, make_document_reading())

    assert not finished
    assert rows(sessions, "SELECT text, attempt FROM readings") == [{"text": "Grace", "attempt": 2}]


def test_pages_of_a_failed_attempt_go_when_the_next_one_finds_fewer(sessions):
    refused = [
        make_page_reading(page_index=i, segmentation=None, fields=(), failure_code="blank_page")
        for i in range(3)
    ]
    failed = make_document_reading(status=DocumentStatus.FAILED, pages=tuple(refused))
    finish(sessions, register(sessions), failed)

    finish(sessions, register(sessions), make_document_reading())

    assert rows(sessions, "SELECT page_index, failure_code FROM pages") == [
        {"page_index": 0, "failure_code": None}
    ]


def test_a_document_of_hundreds_of_fields_is_written_whole(sessions):
    claim = register(sessions)
    pages = tuple(
        make_page_reading(
            page_index=page, fields=tuple(make_field(f"field {n}", "Ada") for n in range(40))
        )
        for page in range(50)
    )

    finish(sessions, claim, make_document_reading(pages=pages))

    assert rows(sessions, "SELECT count(*) AS n FROM current_readings") == [{"n": 2000}]


def test_a_file_that_cannot_be_read_is_failed_once_however_often_it_is_met(sessions):
    batch_id = prepare(sessions)

    fail(sessions, batch_id, ObjectMissingError("no file 1.jpg"))
    fail(sessions, batch_id, DocumentTooLargeError("1.jpg has 90 MiB"))

    [row] = rows(sessions, "SELECT status, sha256, failure_code, attempt FROM documents")
    assert row == {
        "status": "failed",
        "sha256": None,
        "failure_code": "document_too_large",
        "attempt": 2,
    }


def test_files_that_cannot_be_read_are_told_apart_by_their_place(sessions):
    batch_id = prepare(sessions)

    fail(sessions, batch_id, ObjectMissingError("gone"), uri="s3://forms/1.jpg")
    fail(sessions, batch_id, ObjectMissingError("gone"), uri="s3://forms/2.jpg")

    assert len(rows(sessions, "SELECT id FROM documents")) == 2


def test_a_file_that_can_be_read_at_last_leaves_no_failure_behind(sessions):
    fail(sessions, prepare(sessions), ObjectMissingError("gone"))

    read(sessions, make_field_reading())

    assert rows(sessions, "SELECT status, failure_code FROM documents") == [
        {"status": "done", "failure_code": None}
    ]


def test_an_error_inside_a_transaction_leaves_nothing_behind(sessions):
    claim = register(sessions)

    with pytest.raises(RuntimeError, match="lights out"), transaction(sessions) as session:  # noqa: PT012, the error comes after the writing
        finish_document(session, claim, make_document_reading(), crop_key=None, model_id=MODEL)
        raise RuntimeError("lights out")

    assert rows(sessions, "SELECT status FROM documents") == [{"status": "pending"}]
    assert rows(sessions, "SELECT id FROM pages") == []
