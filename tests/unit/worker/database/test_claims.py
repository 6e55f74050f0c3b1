from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from tests.database import register
from tests.factories import make_document_reading, make_identity
from tests.queue_rows import (
    claim,
    claimed,
    expire_leases,
    make_claimant,
    make_due,
    segment,
    shard,
    stand,
    submit,
    submit_segmented,
)
from worker.database.claims import (
    URGENT,
    ShardLimits,
    claim_scan,
    urgent_waiting,
    waiting_count,
)
from worker.database.documents import finish_document
from worker.database.leases import (
    Reaped,
    give_back_all,
    held_count,
    renew_leases,
    take_back_expired,
)
from worker.database.moves import cut_again, give_back, identify, settle
from worker.database.session import transaction
from worker.errors import FailureCode
from worker.retry import GiveBack, Stop, TryAgain
from worker.types import Stage


def test_what_was_submitted_is_not_added_again(sessions):
    assert submit(sessions, "1.jpg", "2.jpg") == 2
    assert submit(sessions, "1.jpg", "2.jpg", "3.jpg") == 1
    assert submit(sessions, "1.jpg", batch="winter") == 1
    assert submit(sessions, "1.jpg", identity=make_identity(model_id="ffffffffffff")) == 1


def test_a_scan_is_claimed_once_and_its_attempt_counted_before_the_work(sessions):
    submit(sessions, "1.jpg")

    first = claimed(sessions)

    assert claim(sessions) is None
    assert (first.document.attempt, first.tries) == (1, 1)
    row = stand(sessions)["1.jpg"]
    assert (row["status"], row["attempt"], row["lease_owner"]) == ("segmenting", 1, "node/1")


def test_the_urgent_come_first_then_the_first(sessions):
    submit(sessions, "1.jpg")
    submit(sessions, "2.jpg")
    submit(sessions, "3.jpg", batch="now", priority=URGENT)

    order = [claimed(sessions).source.name for _ in range(3)]

    assert order == ["3.jpg", "1.jpg", "2.jpg"]


def test_a_worker_kept_free_for_urgent_work_takes_nothing_else(sessions):
    submit(sessions, "1.jpg")
    with transaction(sessions) as session:
        assert not urgent_waiting(session, Stage.SEGMENT)

    assert claim(sessions, urgent_only=True) is None
    submit(sessions, "2.jpg", batch="now", priority=URGENT)
    with transaction(sessions) as session:
        assert urgent_waiting(session, Stage.SEGMENT)
    assert claimed(sessions, urgent_only=True).source.name == "2.jpg"


def test_templates_and_models_that_a_worker_does_not_hold_are_left_to_others(sessions):
    submit(sessions, "1.jpg", identity=make_identity(templates_version="cccccccccccc"))
    assert claim(sessions) is None
    submit_segmented(sessions, "2.jpg")

    assert shard(sessions, identity=make_identity(model_id="ffffffffffff")) == []
    assert [found.source.name for found in shard(sessions)] == ["2.jpg"]


def test_a_shard_holds_as_many_documents_as_their_crops_allow(sessions):
    submit_segmented(sessions, "1.jpg", "2.jpg", "3.jpg", crops=4)

    first = shard(sessions, limits=ShardLimits(crops=8, documents=9))
    second = shard(sessions, limits=ShardLimits(crops=1, documents=9))

    assert [len(first), len(second)] == [2, 1]
    assert shard(sessions) == []


def test_a_shard_is_of_one_model(sessions):
    other = make_identity(model_id="ffffffffffff")
    submit_segmented(sessions, "1.jpg", "3.jpg")
    submit_segmented(sessions, "2.jpg", identity=other)

    assert {found.identity.model_id for found in shard(sessions)} == {make_identity().model_id}
    assert [found.source.name for found in shard(sessions, identity=other)] == ["2.jpg"]


def test_what_waits_is_counted_as_far_as_asked(sessions):
    submit(sessions, "1.jpg", "2.jpg", "3.jpg")

    with transaction(sessions) as session:
        assert waiting_count(session, Stage.SEGMENT, at_most=2) == 2
        assert waiting_count(session, Stage.SEGMENT, at_most=9) == 3
        assert waiting_count(session, Stage.RECOGNIZE, at_most=9) == 0


def test_a_document_ends_with_its_reading_and_the_time_it_took(sessions):
    submit_segmented(sessions, "1.jpg")
    [found] = shard(sessions)

    with transaction(sessions) as session:
        read = replace(make_document_reading(), recognize_s=0.25)
        assert finish_document(session, found.document, read, crop_key="k", model_id="0123456789ab")

    row = stand(sessions)["1.jpg"]
    assert (row["status"], row["lease_owner"], row["recognize_s"]) == ("done", None, 0.25)
    assert row["segment_s"] == 0.5


def test_a_claim_that_was_taken_over_writes_nothing(sessions):
    submit(sessions, "1.jpg")
    late = claimed(sessions)
    expire_leases(sessions)
    with transaction(sessions) as session:
        assert take_back_expired(session, most_tries=3) == Reaped(again=1, failed=0)
    assert not segment(sessions, late)

    again = claimed(sessions, owner="node/2")

    assert not segment(sessions, late)
    with transaction(sessions) as session:
        assert not settle(session, late, Stop(code=FailureCode.INTERNAL_ERROR, detail=""))
        assert not finish_document(
            session, late.document, make_document_reading(), crop_key=None, model_id="x"
        )
    assert segment(sessions, again)


def test_a_lease_that_is_renewed_is_not_taken_back(sessions):
    submit(sessions, "1.jpg")
    claimed(sessions)
    expire_leases(sessions)

    with transaction(sessions) as session:
        assert renew_leases(session, owner="node/1", lease_s=20.0) == 1
        assert take_back_expired(session, most_tries=3) == Reaped(again=0, failed=0)
        assert held_count(session) == 1


def test_a_document_that_ends_its_process_again_and_again_fails(sessions):
    submit(sessions, "1.jpg")
    reaped = None
    for tries in (1, 2, 3):
        assert claimed(sessions).tries == tries
        expire_leases(sessions)
        with transaction(sessions) as session:
            reaped = take_back_expired(session, most_tries=3)

    assert reaped == Reaped(again=0, failed=1)
    row = stand(sessions)["1.jpg"]
    assert (row["status"], row["failure_code"]) == ("failed", "document_crashed")


def test_the_documents_of_a_crashed_shard_are_read_by_few_and_at_last_one_by_one(sessions):
    names = [f"{number:02}.jpg" for number in range(10)]
    submit_segmented(sessions, *names)
    assert len(shard(sessions)) == 10
    crash(sessions)

    assert shard(sessions, with_suspects=False) == []
    few = [shard(sessions) for _ in range(2)]
    assert [[found.source.name for found in one] for one in few] == [names[:8], names[8:]]
    assert all(found.alone for one in few for found in one)
    crash(sessions)

    alone = [shard(sessions) for _ in range(10)]
    assert [[found.source.name for found in one] for one in alone] == [[name] for name in names]


def test_a_suspect_on_its_last_try_shares_it_with_nobody(sessions):
    submit_segmented(sessions, "1.jpg", "2.jpg")
    for _ in range(2):
        shard(sessions, limits=ShardLimits(crops=100, documents=1))
        crash(sessions)
    submit_segmented(sessions, "3.jpg")
    shard(sessions, with_suspects=False)
    crash(sessions)

    shards = [[found.source.name for found in shard(sessions)] for _ in range(2)]
    assert shards == [["1.jpg"], ["2.jpg", "3.jpg"]]


def crash(sessions):
    """End whatever processes have something in hand."""
    expire_leases(sessions)
    with transaction(sessions) as session:
        take_back_expired(session, most_tries=3)


def test_a_worker_that_ends_in_order_gives_its_claims_back_and_no_try_counts(sessions):
    submit_segmented(sessions, "1.jpg")
    submit(sessions, "2.jpg")
    shard(sessions, owner="node/7")
    claimed(sessions, owner="node/8")
    with transaction(sessions) as session:
        assert give_back_all(session, node="nod") == 0
        assert give_back_all(session, node="node") == 2

    assert {name: (row["status"], row["tries"]) for name, row in stand(sessions).items()} == {
        "1.jpg": ("segmented", 0),
        "2.jpg": ("pending", 0),
    }


@pytest.mark.parametrize(
    ("decision", "tries", "outages"),
    [(GiveBack(wait_s=60), 0, 1), (TryAgain(wait_s=60), 1, 0)],
    ids=["an outage", "a try that failed"],
)
def test_what_is_put_off_waits_its_time(sessions, decision, tries, outages):
    submit(sessions, "1.jpg")
    with transaction(sessions) as session:
        settle(session, _claim_in(session), decision)

    assert claim(sessions) is None
    row = stand(sessions)["1.jpg"]
    assert (row["status"], row["tries"], row["outages"]) == ("pending", tries, outages)
    make_due(sessions)
    assert claimed(sessions).document.attempt == 2


def _claim_in(session):
    return claim_scan(
        session, make_claimant(), templates_versions=[make_identity().templates_version]
    )


def test_a_document_that_was_not_worked_on_is_there_for_the_next(sessions):
    submit(sessions, "1.jpg")
    found = claimed(sessions)

    with transaction(sessions) as session:
        assert give_back(session, found)

    assert claimed(sessions).tries == 1


def test_a_document_whose_crops_are_gone_is_cut_again_and_then_read_alone(sessions):
    submit_segmented(sessions, "1.jpg")
    [found] = shard(sessions)
    with transaction(sessions) as session:
        assert cut_again(session, found)

    assert segment(sessions, claimed(sessions))

    [again] = shard(sessions)
    assert again.alone


def read_bytes(sessions, found, sha256="a"):
    with transaction(sessions) as session:
        return identify(session, found, sha256=sha256, size_bytes=9)


def test_the_same_bytes_in_two_places_are_read_once(sessions):
    submit(sessions, "1.jpg", "2.jpg")
    first, second = claimed(sessions), claimed(sessions)

    assert read_bytes(sessions, first)
    assert not read_bytes(sessions, second)

    found = stand(sessions)
    assert (found["2.jpg"]["status"], found["2.jpg"]["sha256"]) == ("duplicate", None)
    assert found["2.jpg"]["duplicate_of"] == found["1.jpg"]["id"]
    assert found["2.jpg"]["lease_owner"] is None


def test_a_document_that_is_tried_again_keeps_its_bytes(sessions):
    submit(sessions, "1.jpg")
    first = claimed(sessions)
    read_bytes(sessions, first)
    with transaction(sessions) as session:
        give_back(session, first)

    assert read_bytes(sessions, claimed(sessions))


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_bytes_that_were_given_up_are_read_for_whoever_submits_them_again(sessions, status):
    submit(sessions, "1.jpg", "2.jpg", batch="old")
    read_bytes(sessions, claimed(sessions))
    assert not read_bytes(sessions, claimed(sessions))
    with transaction(sessions) as session:
        session.connection().exec_driver_sql(
            f"UPDATE documents SET status = '{status}' WHERE status = 'segmenting'"  # noqa: S608
        )
    submit(sessions, "3.jpg", batch="new")

    assert read_bytes(sessions, claimed(sessions))

    found = stand(sessions)
    assert found["3.jpg"]["sha256"] == "a"
    for name in ("1.jpg", "2.jpg"):
        assert (found[name]["status"], found[name]["sha256"]) == ("duplicate", None)
        assert found[name]["duplicate_of"] == found["3.jpg"]["id"]


def test_bytes_that_a_stopped_read_left_behind_are_read_by_the_queue(sessions):
    left = register(sessions, uri="file:///scans/1.jpg", data="the bytes")
    sha256 = stand(sessions)["1.jpg"]["sha256"]
    submit(sessions, "2.jpg")
    found = claimed(sessions)

    assert read_bytes(sessions, found, sha256)

    with transaction(sessions) as session:
        assert not finish_document(
            session, left, make_document_reading(), crop_key=None, model_id="0123456789ab"
        )
    assert stand(sessions)["1.jpg"]["status"] == "duplicate"


def test_penname_read_leaves_the_queue_its_documents_but_takes_what_it_gave_up(sessions):
    submit(sessions, "1.jpg")
    with transaction(sessions) as session:
        found = _claim_in(session)
    sha256 = hashlib.sha256(b"the bytes").hexdigest()
    read_bytes(sessions, found, sha256)
    assert register(sessions, uri="file:///scans/1.jpg", data="the bytes") is None

    with transaction(sessions) as session:
        settle(session, found, Stop(code=FailureCode.DAMAGED_DOCUMENT, detail="cut off"))

    taken = register(sessions, uri="file:///scans/2.jpg", data="the bytes")
    assert taken.attempt == 1
    assert stand(sessions)["1.jpg"]["status"] == "duplicate"
