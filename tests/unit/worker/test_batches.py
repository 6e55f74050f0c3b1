from __future__ import annotations

import pytest

from tests.database import opened
from tests.factories import make_document_reading, make_source
from tests.queue_rows import (
    RecordingNudger,
    claimed,
    make_offer,
    segment,
    shard,
    stand,
    submit_segmented,
)
from tests.queue_rows import submit as submit_rows
from worker.batches import (
    Submission,
    batch_failures,
    batch_status,
    cancel_batch,
    retry_batch,
    submit,
    workers_alive,
)
from worker.cli import batch as batch_command
from worker.database.documents import finish_document
from worker.database.moves import identify, settle
from worker.database.session import transaction
from worker.database.workers import Worker, forget_old_workers, say_alive
from worker.errors import FailureCode
from worker.retry import GiveBack, Stop
from worker.types import DocumentStatus, Stage

DAMAGED = Stop(code=FailureCode.DAMAGED_DOCUMENT, detail="cut off")


@pytest.fixture
def sessions(tmp_path):
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions:
        yield sessions


def make_submission(**changes):
    defaults = {
        "batch": "autumn",
        "offer": make_offer(),
        "model_sha256": "a" * 64,
        "model_config": {},
        "templates": [],
    }
    return Submission(**{**defaults, **changes})


def settled(sessions, decision):
    found = claimed(sessions)
    with transaction(sessions) as session:
        settle(session, found, decision)


def original_of_a_duplicate(sessions):
    """Give the claim of a scan of batch "old" whose bytes one of batch "new" has too."""
    submit_rows(sessions, "1.jpg", batch="old")
    submit_rows(sessions, "2.jpg", batch="new")
    first, second = claimed(sessions), claimed(sessions)
    with transaction(sessions) as session:
        assert identify(session, first, sha256="a", size_bytes=9)
        assert not identify(session, second, sha256="a", size_bytes=9)
    return first


def test_a_submit_wakes_workers_after_its_rows_and_the_same_again_adds_nothing(sessions):
    nudger, shown = RecordingNudger(), []
    listed = [make_source(uri=f"s3://inbox/{n}", version='"1"') for n in range(3)]

    first = submit(
        listed,
        make_submission(),
        sessions,
        nudger,
        on_progress=lambda done: shown.append(done.added),
    )
    again = submit(listed, make_submission(), sessions, nudger)

    assert (first.listed, first.added, first.nudged) == (3, 3, True)
    assert (again.listed, again.added) == (3, 0)
    assert shown == [3]
    assert [(stage, urgent) for stage, urgent, _ in nudger.sent] == [(Stage.SEGMENT, False)]
    assert not submit(
        [make_source(uri="s3://inbox/9")],
        make_submission(urgent=True),
        sessions,
        RecordingNudger(away=True),
    ).nudged


def test_a_status_counts_states_failures_and_what_waits_for_an_outage(sessions):
    submit_segmented(sessions, "1.jpg")
    [found] = shard(sessions)
    with transaction(sessions) as session:
        finish_document(
            session, found.document, make_document_reading(), crop_key="k", model_id="0123456789ab"
        )
    submit_rows(sessions, "2.jpg", "3.jpg", "4.jpg")
    settled(sessions, DAMAGED)
    settled(sessions, GiveBack(wait_s=60, why="there is no such bucket"))

    with transaction(sessions) as session:
        [progress] = batch_status(session)
        say_alive(session, Worker(worker_id="n/1", kind="sweep", host="h", pid=1))
        assert len(workers_alive(session)) == 1
        forget_old_workers(session)
        assert len(workers_alive(session)) == 1

    assert (progress.total, progress.finished, progress.finished_lately) == (4, 2, 2)
    assert progress.by_status[DocumentStatus.PENDING] == 2
    assert progress.by_failure == {"damaged_document": 1}
    assert (progress.waiting_for_outage, progress.outage) == (1, "there is no such bucket")
    assert progress.seconds_left == pytest.approx(2 / progress.per_second)


def test_what_failed_is_tried_again_and_its_duplicates_elsewhere_know(sessions):
    first = original_of_a_duplicate(sessions)
    with transaction(sessions) as session:
        settle(session, first, DAMAGED)
        assert [failure.code for failure in batch_failures(session, "new")] == ["damaged_document"]
        assert not list(batch_failures(session, "new", code="object_missing"))

    assert retry_batch(sessions, "new", RecordingNudger(), code="object_missing") == 0
    assert retry_batch(sessions, "new", RecordingNudger()) == 1

    assert segment(sessions, claimed(sessions))
    assert stand(sessions)["2.jpg"]["status"] == "segmented"


def test_a_batch_that_is_called_off_leaves_duplicates_elsewhere_to_be_read(sessions):
    submit_rows(sessions, "1.jpg", batch="old")
    submit_rows(sessions, "2.jpg", batch="new")
    for _ in range(2):
        found = claimed(sessions)
        with transaction(sessions) as session:
            identify(session, found, sha256="a", size_bytes=9)

    assert cancel_batch(sessions, "old") == 1

    assert claimed(sessions).source.name == "2.jpg"
    assert stand(sessions)["1.jpg"]["failure_code"] == "cancelled"
    assert retry_batch(sessions, "old", RecordingNudger()) == 0
    assert retry_batch(sessions, "old", RecordingNudger(), code="cancelled") == 1


def test_a_batch_that_is_called_off_is_not_read_through_the_originals_of_its_duplicates(sessions):
    submit_rows(sessions, "1.jpg", batch="old")
    submit_rows(sessions, "2.jpg", "3.jpg", batch="new")
    for _ in range(2):
        found = claimed(sessions)
        with transaction(sessions) as session:
            identify(session, found, sha256="a", size_bytes=9)

    assert cancel_batch(sessions, "new") == 2
    assert cancel_batch(sessions, "old") == 1

    assert {row["status"] for row in stand(sessions).values()} == {"cancelled"}
    assert retry_batch(sessions, "new", RecordingNudger(), code="cancelled") == 2


def test_duplicates_of_what_was_read_stay_when_their_batch_is_called_off(sessions):
    submit_rows(sessions, "1.jpg", batch="old")
    submit_rows(sessions, "2.jpg", batch="new")
    first, second = claimed(sessions), claimed(sessions)
    with transaction(sessions) as session:
        identify(session, first, sha256="a", size_bytes=9)
        identify(session, second, sha256="a", size_bytes=9)
        finish_document(
            session, first.document, make_document_reading(), crop_key="k", model_id="0123456789ab"
        )

    assert cancel_batch(sessions, "new") == 0


def test_a_duplicate_is_as_far_as_its_original(sessions):
    first = original_of_a_duplicate(sessions)

    with transaction(sessions) as session:
        [waits] = batch_status(session, "new")
        settle(session, first, DAMAGED)
        [failed] = batch_status(session, "new")

    assert (waits.finished, waits.waits_for, waits.by_failure) == (0, {"old": 1}, {})
    assert (failed.finished, failed.waits_for) == (1, {})
    assert failed.by_failure == {"damaged_document": 1}
    assert "new: 1 duplicates wait for their originals in batch old" in batch_command._notes(waits)  # noqa: SLF001, what the command prints
