from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from tests.database import correct, make_field, read, register, rows
from tests.fakes.memory_store import MemoryStore
from worker.auditing import report_audit
from worker.database.models import Base, DocumentRow
from worker.database.purges import Expired, PurgeCounts
from worker.database.session import transaction
from worker.database.web_models import ReviewSkipRow, UserRow
from worker.errors import ConfigError, StorageUnavailableError
from worker.purging import Purge, parse_age, plan_purge, run_purge
from worker.roles import Role
from worker.storage.keys import draft_key, new_draft_id
from worker.types import DocumentStatus, FieldStatus

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=100)
SAID = {"status": FieldStatus.READ, "corrected_by": "nurse 7", "corrected_at": NOW}


@pytest.fixture
def store():
    return MemoryStore()


def finished(sessions, claim, when):
    with transaction(sessions) as session:
        of_claim = DocumentRow.id == claim.document_id
        session.execute(update(DocumentRow).where(of_claim).values(finished_at=when))


def read_one(  # noqa: PLR0913, what a scan is
    sessions, store, name, *, when, uri, batch="autumn"
):
    """Read one scan at a time of the past, with its crops in the store."""
    claim = read(sessions, make_field("full_name", name), uri=uri, batch=batch)
    for attempt in (1, 2):
        store.put(f"crops/{claim.document_id}/{attempt}.zip", b"crops")
    finished(sessions, claim, when)
    return claim


def purged(sessions, store, *, days=90, batch=None):
    expired = Expired(before=NOW - timedelta(days=days), batch=batch)
    wanted = Purge(
        expired=expired, sessions=sessions, store=store, asked_by="the clerk", audit_share=1.0
    )
    plan = plan_purge(wanted)
    seen: list[PurgeCounts] = []
    done = run_purge(wanted, on_progress=seen.append)
    assert (plan.documents, plan.readings, plan.corrections) == (
        done.documents,
        done.readings,
        done.corrections,
    )
    return done


def everything(sessions):
    """All that the database holds, in one text."""
    return "\n".join(
        str(rows(sessions, f"SELECT * FROM {name}"))  # noqa: S608, tables of our own
        for name in Base.metadata.tables
    )


def test_names_crops_and_uploads_of_old_documents_go_and_those_of_new_ones_stay(sessions, store):
    upload = "uploads/2026-08-16/abc.jpg"
    store.put(upload, b"scan")
    old = read_one(sessions, store, "Ada Lovelace", when=OLD, uri=store.uri(upload))
    new = read_one(sessions, store, "Grace Hopper", when=NOW, uri="file:///scans/hopper.jpg")
    [reading] = rows(sessions, "SELECT id FROM readings WHERE text = 'Ada Lovelace'")

    done = purged(sessions, store)

    assert (done.documents, done.readings, done.objects) == (1, 1, 3)
    assert "Ada" not in everything(sessions)
    assert str(reading["id"]) not in everything(sessions)
    assert [s.uri for s in store.list()] == [
        store.uri(f"crops/{new.document_id}/{attempt}.zip") for attempt in (1, 2)
    ]
    assert [row["text"] for row in rows(sessions, "SELECT text FROM current_readings")] == [
        "Grace Hopper"
    ]
    [row] = rows(sessions, "SELECT uri, status, page_count FROM documents WHERE status = 'purged'")
    assert row["uri"].replace("-", "") == f"purged:{old.document_id.hex}"
    assert (row["status"], row["page_count"]) == ("purged", 1)


def test_how_many_there_were_and_how_many_were_right_is_kept(sessions, store):
    for number, name in enumerate(["Ada", "Ado", "Ida"]):
        read_one(sessions, store, name, when=OLD, uri=f"file:///{number}.jpg")
    ids = {row["text"]: row["id"] for row in rows(sessions, "SELECT id, text FROM readings")}
    correct(sessions, UUID(str(ids["Ado"])), text="Adi", **SAID)
    correct(sessions, UUID(str(ids["Ado"])), text="Ada", **SAID)
    correct(sessions, UUID(str(ids["Ida"])), text="Ida", **SAID)

    done = purged(sessions, store)

    assert done.corrections == 3
    kept = rows(sessions, "SELECT field_name, status, outcome, readings FROM purged_counts")
    assert sorted(kept, key=str) == [
        {"field_name": "full_name", "status": "read", "outcome": "", "readings": 1},
        {"field_name": "full_name", "status": "read", "outcome": "right", "readings": 1},
        {"field_name": "full_name", "status": "read", "outcome": "wrong", "readings": 1},
    ]
    assert not {"Ada", "Ado", "Adi", "Ida"} & set(everything(sessions).split("'"))


def test_the_audit_measures_on_over_what_was_purged(sessions, store):
    for number, name in enumerate(["Ada", "Ado", "Ida", "Eva"]):
        when = NOW if name == "Eva" else OLD
        read_one(sessions, store, name, when=when, uri=f"file:///{number}.jpg")
    ids = {row["text"]: row["id"] for row in rows(sessions, "SELECT id, text FROM readings")}
    correct(sessions, UUID(str(ids["Ado"])), text="Adi", **SAID)
    correct(sessions, UUID(str(ids["Ida"])), text="Ida", **SAID)
    before = report_audit(sessions, share=1.0)

    purged(sessions, store)

    assert before is not None
    assert (before.all_fields.counts.checked, before.all_fields.counts.wrong) == (2, 1)
    assert report_audit(sessions, share=1.0) == before


def test_counts_of_later_purges_are_added(sessions, store):
    read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    purged(sessions, store)
    read_one(sessions, store, "Ida", when=OLD, uri="file:///2.jpg")
    purged(sessions, store)

    assert rows(sessions, "SELECT readings FROM purged_counts") == [{"readings": 2}]
    audit = rows(sessions, "SELECT asked_by, documents, readings, finished_at FROM purges")
    assert [(row["asked_by"], row["documents"], row["readings"]) for row in audit] == [
        ("the clerk", 1, 1),
        ("the clerk", 1, 1),
    ]
    assert all(row["finished_at"] for row in audit)


def test_a_scan_that_was_purged_is_not_read_again(sessions, store):
    read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    purged(sessions, store)

    assert register(sessions, uri="file:///1.jpg", data="file:///1.jpg") is None


def test_old_uploads_that_became_no_document_go_and_new_or_waiting_ones_stay(sessions, store):
    waiting, lost, new = (
        f"uploads/{name}.jpg" for name in ("2026-01-02/a", "2026-01-02/b", "2026-11-20/c")
    )
    for key in (waiting, lost, new):
        store.put(key, b"scan")
    register(sessions, uri=store.uri(waiting))

    assert purged(sessions, store, batch="autumn").objects == 0
    assert purged(sessions, store).objects == 1

    assert [source.uri for source in store.list()] == [store.uri(waiting), store.uri(new)]
    kept = rows(sessions, "SELECT objects FROM purges ORDER BY id")
    assert kept == [{"objects": 0}, {"objects": 1}]


def test_forms_that_never_became_a_template_go_by_their_age(sessions, store):
    old, new = (new_draft_id(when) for when in (OLD, NOW))
    for draft_id in (old, new):
        for kind in ("png", "json"):
            store.put(draft_key(draft_id, kind), b"draft")
    store.put(draft_key(uuid4(), "png"), b"of a version before")

    assert purged(sessions, store, batch="autumn").objects == 0
    assert purged(sessions, store).objects == 3

    left = {source.uri for source in store.list()}
    assert left == {store.uri(draft_key(new, kind)) for kind in ("png", "json")}


def test_a_scan_that_waits_to_be_read_stays_however_old_it_is(sessions, store):
    claim = register(sessions, uri="file:///1.jpg")
    with transaction(sessions) as session:
        of_claim = DocumentRow.id == claim.document_id
        session.execute(update(DocumentRow).where(of_claim).values(started_at=OLD))

    assert purged(sessions, store).documents == 0

    assert rows(sessions, "SELECT uri, status FROM documents") == [
        {"uri": "file:///1.jpg", "status": "pending"}
    ]


def test_a_scan_that_failed_can_be_read_again_after_a_purge(sessions, store):
    claim = read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    with transaction(sessions) as session:
        of_claim = DocumentRow.id == claim.document_id
        session.execute(update(DocumentRow).where(of_claim).values(status=DocumentStatus.FAILED))

    assert purged(sessions, store).documents == 1

    assert register(sessions, uri="file:///1.jpg", data="file:///1.jpg") is not None


def test_whatever_refers_to_a_reading_goes_with_it(sessions, store):
    read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    [reading] = rows(sessions, "SELECT id FROM readings")
    with transaction(sessions) as session:
        user = UserRow(name="rita", role=Role.REVIEWER, created_at=NOW)
        session.add(user)
        session.flush()
        reading_id = UUID(str(reading["id"]))
        session.add(ReviewSkipRow(reading_id=reading_id, user_id=user.id, skipped_at=NOW))

    assert purged(sessions, store).readings == 1
    assert rows(sessions, "SELECT * FROM review_skips") == []
    assert len(rows(sessions, "SELECT * FROM users")) == 1


def test_only_the_batch_that_is_named_is_purged(sessions, store):
    read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    read_one(sessions, store, "Ida", when=OLD, uri="file:///2.jpg", batch="spring")

    assert purged(sessions, store, batch="spring").documents == 1
    assert [row["text"] for row in rows(sessions, "SELECT text FROM current_readings")] == ["Ada"]


def test_a_purge_that_was_stopped_is_gone_on_with(sessions, store):
    for number in range(3):
        read_one(sessions, store, "Ada", when=OLD, uri=f"file:///{number}.jpg")
    failing = FailingStore(store, after=2)

    with pytest.raises(StorageUnavailableError):
        purged(sessions, failing)
    assert purged(sessions, store).documents == 3

    assert list(store.list()) == []
    assert "Ada" not in everything(sessions)
    [stopped, whole] = rows(sessions, "SELECT finished_at, documents FROM purges ORDER BY id")
    assert (stopped["finished_at"], stopped["documents"]) == (None, 0)
    assert (whole["finished_at"] is not None, whole["documents"]) == (True, 3)


def test_purging_twice_removes_nothing_more(sessions, store):
    read_one(sessions, store, "Ada", when=OLD, uri="file:///1.jpg")
    purged(sessions, store)

    assert purged(sessions, store).documents == 0


@pytest.mark.parametrize(
    ("said", "days"),
    [pytest.param("90d", 90, id="days"), pytest.param(" 2w ", 14, id="weeks")],
)
def test_an_age_is_days_or_weeks(said, days):
    assert parse_age(said) == timedelta(days=days)


@pytest.mark.parametrize("said", ["", "0d", "-1d", "90", "1y", "1.5d", "999999d", "d", "\uff19d"])
def test_an_age_that_makes_no_sense_is_refused(said):
    with pytest.raises(ConfigError, match="90d"):
        parse_age(said)


class FailingStore:
    """A store that goes away after some deletes."""

    def __init__(self, store, *, after):
        self._store, self._left = store, after

    def __getattr__(self, name):
        return getattr(self._store, name)

    def delete(self, key):
        self._left -= 1
        if self._left < 0:
            raise StorageUnavailableError("the store went away")
        self._store.delete(key)
