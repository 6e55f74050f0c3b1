"""What the database says of the work in it; ``tests/integration`` asks PostgreSQL the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.database import prepare
from tests.factories import make_identity
from worker.database.models import DocumentRow, WorkerRow
from worker.database.session import transaction
from worker.database.workload import Workload, WorkloadLimits, read_workload, unfinished
from worker.types import DocumentStatus

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2226, 1, 1, tzinfo=UTC)
IDENTITY = make_identity()


def add(sessions, *rows: dict[str, Any]) -> None:
    """Put documents into a batch, each as the queue would have left it."""
    batch_id = prepare(sessions)
    with transaction(sessions) as session:
        for number, row in enumerate(rows):
            document = {
                "batch_id": batch_id,
                "uri": f"s3://forms/{number}.jpg",
                "version": "1",
                "sha256": None,
                "size_bytes": 1,
                "templates_version": IDENTITY.templates_version,
                "model_id": IDENTITY.model_id,
                "decoder_version": IDENTITY.decoder_version,
                "status": DocumentStatus.PENDING,
                "failure_detail": "",
                "attempt": 0,
                "registered_at": LONG_AGO + timedelta(hours=number),
                "submitted": True,
                "next_attempt_at": LONG_AGO,
            }
            session.add(DocumentRow(**{**document, **row}))


def look(sessions, **limits: float) -> Workload:
    with transaction(sessions) as session:
        return read_workload(session, WorkloadLimits(**limits))


def test_an_empty_database_has_no_work(sessions):
    found = look(sessions)

    assert found.groups == ()
    assert (found.documents, found.failures, found.workers) == ({}, {}, {})
    assert (found.oldest, found.put_off, found.overdue) == (None, 0, 0)
    assert found.at.tzinfo is not None


def test_documents_are_summed_up_by_what_they_are_read_with_and_where_they_stand(sessions):
    read = {"status": DocumentStatus.DONE, "next_attempt_at": None, "segment_s": 0.5}
    add(
        sessions,
        {},
        {"status": DocumentStatus.SEGMENTING, "next_attempt_at": None},
        {"status": DocumentStatus.SEGMENTED, "crop_count": 3, "segment_s": 0.25},
        {**read, "crop_count": 4, "recognize_s": 0.5},
        {**read, "crop_count": 2, "recognize_s": 0.25},
        {**read, "crop_count": 0},
    )

    groups = {group.status: group for group in look(sessions).groups}

    assert set(groups) == {
        DocumentStatus.PENDING,
        DocumentStatus.SEGMENTING,
        DocumentStatus.SEGMENTED,
        DocumentStatus.DONE,
    }
    done = groups[DocumentStatus.DONE]
    assert done.identity == (
        IDENTITY.templates_version,
        IDENTITY.model_id,
        IDENTITY.decoder_version,
    )
    assert (done.count, done.crops, done.cut) == (3, 6, 3)
    assert done.segment_s == pytest.approx(1.5)
    assert done.recognize_s == pytest.approx(0.75)
    assert (done.segment_timed, done.crops_timed) == (3, 6)
    assert groups[DocumentStatus.SEGMENTED].crops == 3
    assert [group.status for group in unfinished(groups.values())] == [
        status for status in groups if status is not DocumentStatus.DONE
    ]


def test_what_one_machine_reads_by_itself_is_no_work_of_the_queue(sessions):
    add(sessions, {"submitted": False, "next_attempt_at": None})

    found = look(sessions)

    assert found.groups == ()
    assert found.oldest is None
    assert found.documents == {DocumentStatus.PENDING: 1}


def test_the_oldest_is_of_those_that_wait_or_are_in_hand(sessions):
    add(
        sessions,
        {"status": DocumentStatus.DONE, "next_attempt_at": None},
        {"status": DocumentStatus.PENDING, "next_attempt_at": None},  # nobody may take it up
        {"status": DocumentStatus.RECOGNIZING, "next_attempt_at": None},
        {},
    )

    assert look(sessions).oldest == LONG_AGO + timedelta(hours=2)


def test_what_waits_for_a_later_attempt_is_put_off(sessions):
    add(sessions, {}, {"next_attempt_at": FAR_AHEAD}, {"next_attempt_at": FAR_AHEAD})

    assert look(sessions).put_off == 2


def test_a_lease_is_overdue_when_it_has_run_out(sessions):
    in_hand = {"status": DocumentStatus.SEGMENTING, "next_attempt_at": None, "lease_owner": "one"}
    add(
        sessions,
        {**in_hand, "lease_until": LONG_AGO},
        {**in_hand, "lease_until": FAR_AHEAD},
        {"lease_until": LONG_AGO},
    )

    assert look(sessions).overdue == 1


def test_failures_are_counted_by_code(sessions):
    failed = {"status": DocumentStatus.FAILED, "next_attempt_at": None}
    add(
        sessions,
        {**failed, "failure_code": "damaged_document"},
        {**failed, "failure_code": "damaged_document"},
        {**failed, "failure_code": "object_missing"},
        {"status": DocumentStatus.NEEDS_REVIEW, "failure_code": "no_fit", "next_attempt_at": None},
    )

    assert look(sessions).failures == {"damaged_document": 2, "object_missing": 1}


def test_workers_count_while_they_are_heard_of(sessions):
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        for number, (kind, silent_s) in enumerate([("segment", 1), ("segment", 1), ("sweep", 900)]):
            seen = now - timedelta(seconds=silent_s)
            session.add(
                WorkerRow(
                    worker_id=f"{kind}-{number}",
                    kind=kind,
                    host="node",
                    pid=number,
                    started_at=LONG_AGO,
                    seen_at=seen,
                    facts={},
                )
            )

    assert look(sessions).workers == {"segment": 2}
    assert look(sessions, worker_silent_s=3600).workers == {"segment": 2, "sweep": 1}
