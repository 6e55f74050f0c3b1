from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import false

from recognition.errors import DeviceMemoryError, FramesNotFiniteError
from segmentation import SegmentationParams
from tests.database import prepare, rows
from tests.factories import make_identity, make_source
from tests.fakes.memory_store import MemoryStore
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from tests.queue_rows import RecordingNudger, claimed, expire_leases, make_due, make_offer, stand
from tests.scans import encode
from worker.batches import batch_status
from worker.database import documents
from worker.database.claims import NORMAL, URGENT, ShardLimits
from worker.database.moves import settle
from worker.database.progress import put_off_count
from worker.database.releases import register_template
from worker.database.session import transaction
from worker.database.submissions import add_documents, register_offer
from worker.database.workers import Worker, say_alive, workers_seen
from worker.document_images import DecodeLimits
from worker.errors import (
    ConfigError,
    DatabaseUnavailableError,
    FailureCode,
    ObjectForbiddenError,
    ObjectMissingError,
    StorageUnavailableError,
)
from worker.queue import persist as persisting
from worker.queue.breather import Breather
from worker.queue.forms import Forms, template_key
from worker.queue.hand import Hand
from worker.queue.persist import persist
from worker.queue.readers import Readers
from worker.queue.recognize import RecognizeStation, ShardSize, recognize_waiting
from worker.queue.segment import SegmentStation, segment_waiting
from worker.retry import Stop
from worker.segment_archive import pack_document, unpack_document
from worker.thresholds import NO_THRESHOLDS
from worker.types import Stage


class Line:
    """A queue of one machine without processes: scans, stations and what was sent."""

    def __init__(self, sessions, forms):
        self.sessions = sessions
        self.scans = {}
        self._templates = forms.templates
        self.store = MemoryStore()
        self.nudger = RecordingNudger()
        self.recognizer = ScriptedRecognizer()
        self.hand = Hand(
            sessions, Worker(worker_id="n/1", kind="segment", host="h", pid=1), lease_s=20.0
        )
        self.offer = make_offer(templates=tuple(map(template_key, forms.templates)))
        self.segmenter = SegmentStation(
            sessions=sessions,
            hand=self.hand,
            fetch=self.fetch,
            store=self.store,
            forms=Forms(lambda: forms.templates, SegmentationParams()),
            params=SegmentationParams(),
            limits=DecodeLimits(),
            nudger=self.nudger,
            out_of_time=(TimeoutError,),
        )
        self.size = ShardSize(ShardLimits(crops=100, documents=100))
        self.reader = RecognizeStation(
            sessions=sessions,
            hand=self.hand,
            store=self.store,
            readers=Readers(
                lambda _: "greedy",
                lambda _: self.recognizer,
                models=lambda: [make_identity().model_id],
                thresholds=NO_THRESHOLDS,
            ),
            size=self.size,
            review_below=0.85,
            thresholds=NO_THRESHOLDS,
            nudger=self.nudger,
            out_of_time=(TimeoutError,),
        )

    def fetch(self, source):
        found = self.scans[source.name]
        if isinstance(found, BaseException):
            raise found
        return found

    def submit(self, *, priority=NORMAL, **scans):
        self.scans |= scans
        batch_id = prepare(self.sessions)
        sources = [make_source(uri=f"s3://inbox/{name}", version='"1"') for name in scans]
        with transaction(self.sessions) as session:
            for template in self._templates:
                register_template(session, template)
            register_offer(session, self.offer)
            add_documents(
                session,
                sources,
                batch_id=batch_id,
                identity=make_identity(),
                priority=priority,
            )

    def cut(self, **options):
        return segment_waiting(self.segmenter, urgent_only=False, **{"budget_s": 60.0, **options})

    def read(self, **options):
        return recognize_waiting(self.reader, urgent_only=False, **{"budget_s": 60.0, **options})

    def status(self, name):
        row = stand(self.sessions)[name]
        return row["status"], row["failure_code"]


@pytest.fixture
def line(sessions, forms):
    return Line(sessions, forms)


def sheet(forms, number=0, **options):
    return encode(forms.filled(number, **options), "JPEG")


def blackened(archive):
    """Have every crop of an archive all black."""
    pages = unpack_document(archive)
    for page in pages:
        for crop in page.segmentation.crops if page.segmentation else ():
            crop.image[:] = 0
    return pack_document(pages)


def test_scans_are_cut_and_read_as_in_one_process(line, forms):
    line.submit(a=sheet(forms), b=b"no picture", c=sheet(forms))

    cut, read = line.cut(), line.read()

    assert (cut.segmented, cut.settled, cut.left) == (1, 1, 1)
    assert (read.finished, read.shards) == (1, [1])
    assert line.status("a") == ("done", None)
    assert line.status("b") == ("failed", "unsupported_document")
    assert line.status("c") == ("duplicate", None)
    found = rows(line.sessions, "SELECT field, text FROM current_readings")
    assert {row["field"] for row in found} == set(forms.fields(0))
    assert {row["text"] for row in found} == {"Ada Lovelace"}
    explained = stand(line.sessions)["a"]
    assert explained["segment_s"] > 0
    assert explained["recognize_s"] > 0
    assert (Stage.RECOGNIZE, False, 1) in line.nudger.sent
    assert line.cut().segmented == line.read().finished == 0


def test_a_page_with_nothing_written_on_it_needs_no_reading(line, forms):
    line.submit(a=sheet(forms, blank_fields=len(forms.fields(0))))

    assert line.cut().finished == 1

    assert line.status("a")[0] in {"done", "needs_review"}
    assert {row["status"] for row in rows(line.sessions, "SELECT status FROM readings")} == {
        "blank"
    }


def test_a_message_works_while_its_time_lasts_and_calls_for_another(line, forms):
    line.submit(a=sheet(forms, 0), b=sheet(forms, 1))
    ticks = count()

    assert line.cut(budget_s=1.5, clock=lambda: next(ticks)).segmented == 1

    assert line.nudger.sent[-2:] == [(Stage.SEGMENT, False, 1), (Stage.RECOGNIZE, False, 1)]


def test_an_outage_of_the_store_charges_no_document(line, forms):
    line.submit(a=StorageUnavailableError("away"))
    for _ in range(5):
        line.cut()
        make_due(line.sessions)
        line.segmenter.breather.went_well()
    assert stand(line.sessions)["a"]["outages"] == 5
    line.scans["a"] = sheet(forms)

    assert line.cut().segmented == 1
    assert stand(line.sessions)["a"]["tries"] == 0


@pytest.mark.parametrize(
    ("error", "tries", "code"),
    [
        (ObjectMissingError("gone"), 2, "object_missing"),
        (MemoryError(), 3, "document_out_of_memory"),
        (ValueError("a bug"), 3, "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_document_at_fault_fails_after_its_tries(line, error, tries, code):
    line.submit(a=error)
    for _ in range(tries):
        assert line.status("a") == ("pending", None)
        line.cut()
        make_due(line.sessions)

    assert line.status("a") == ("failed", code)


def test_a_document_that_takes_too_long_to_cut_fails(line, monkeypatch):
    def endless(*_):
        raise TimeoutError

    monkeypatch.setattr("worker.queue.segment.segment_document", endless)
    line.submit(a=b"the bytes")
    line.cut()

    assert line.status("a") == ("failed", "document_crashed")


@pytest.mark.parametrize("what", ["fetch", "identify_new", "put", "mark_segmented"])
def test_a_store_or_database_that_takes_too_long_charges_no_document(
    line, forms, monkeypatch, what
):
    def endless(*_, **__):
        raise TimeoutError

    line.submit(a=sheet(forms))
    if what == "fetch":
        line.scans["a"] = TimeoutError()
    elif what == "put":
        monkeypatch.setattr(line.store, "put", endless)
    else:
        monkeypatch.setattr(f"worker.queue.segment.{what}", endless)
    line.cut()

    row = stand(line.sessions)["a"]
    assert (row["status"], row["tries"], row["outages"]) == ("pending", 0, 1)


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_in_hand(line):
    line.submit(a=SystemExit())

    with pytest.raises(SystemExit):
        line.cut()

    row = stand(line.sessions)["a"]
    assert (row["status"], row["tries"], row["lease_owner"]) == ("pending", 0, None)


def test_a_queue_that_is_away_costs_no_more_than_a_nudge(line, forms):
    line.nudger.away = True
    line.submit(a=sheet(forms))

    assert line.cut().segmented == 1


def test_documents_of_templates_that_are_not_here_wait(line, forms):
    line.offer = make_offer(templates=("other/0:eeeeeeeeeeee",))
    line.submit(a=sheet(forms))

    assert line.cut().segmented == 0
    assert line.status("a") == ("pending", None)


def test_crops_that_are_gone_are_cut_again_once(line, forms):
    line.submit(a=sheet(forms))
    line.cut()
    for key in [found.uri.removeprefix("memory:///") for found in line.store.list()]:
        line.store.delete(key)

    assert line.read().errors == 1
    assert line.nudger.sent[-1] == (Stage.SEGMENT, False, 1)
    assert line.cut().segmented == 1
    assert line.read().finished == 1


def test_a_document_that_the_network_cannot_read_fails_alone(line, forms):
    line.recognizer = ScriptedRecognizer(refuses=lambda crop: crop.mean() < 100)
    dark = forms.filled(1).copy()
    box = forms.templates[1].fields[0].box
    dark[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px] = 0
    line.submit(a=sheet(forms), b=encode(dark, "JPEG"))
    line.cut()

    for _ in range(3):
        line.read()
        make_due(line.sessions)

    assert line.status("a") == ("done", None)
    assert line.status("b")[0] in {"failed", "done", "needs_review"}


class Small(ScriptedRecognizer):
    """Has memory for so many crops at once, and for none that is black."""

    def __init__(self, most, error):
        super().__init__()
        self._most = most
        self._error = error

    def read(self, crops, hints=None):
        if len(crops) > self._most or any(crop.mean() < 100 for crop in crops):
            raise self._error
        return super().read(crops, hints)


def test_memory_that_is_short_makes_shards_as_small_as_fits(line, forms):
    each = len(forms.fields(0))
    line.recognizer = Small(2 * each, MemoryError())
    line.submit(a=sheet(forms, 0), b=sheet(forms, 2), c=sheet(forms, 4), d=sheet(forms, 6))
    line.cut()

    assert line.read().finished == 4
    assert line.size.limits.crops == 2 * each


@pytest.mark.parametrize(
    "error",
    [MemoryError(), DeviceMemoryError(line=0, width_px=9000, device="cuda:0")],
    ids=["memory", "device memory"],
)
def test_one_document_too_large_leaves_shards_as_they_are(line, forms, error):
    line.recognizer = Small(100, error)
    line.submit(a=sheet(forms, 0), b=sheet(forms, 2), c=sheet(forms, 4))
    line.cut()
    key = stand(line.sessions)["c"]["crop_key"]
    line.store.put(key, blackened(line.store.get(key)))

    assert line.read().finished == 2
    assert line.size.limits.crops == 100


@pytest.mark.parametrize("error", [ConfigError("renew them"), ObjectForbiddenError("no right")])
def test_a_store_of_crops_that_refuses_its_own_worker_charges_no_document(line, forms, error):
    line.submit(a=sheet(forms))
    works = line.store.put, line.store.get

    def refuses(*_):
        raise error

    line.store.put = refuses
    for _ in range(4):
        line.cut()
        make_due(line.sessions)
    assert stand(line.sessions)["a"]["outages"] == 4
    line.store.put, line.store.get = works[0], refuses
    line.cut()
    for _ in range(4):
        line.read()
        make_due(line.sessions)
    assert stand(line.sessions)["a"]["outages"] == 4
    line.store.get = works[1]

    assert line.read().finished == 1


def test_a_device_that_fails_from_the_first_charges_no_document_and_ends_its_process(line, forms):
    line.recognizer = ScriptedRecognizer(refuses=lambda _: True)
    line.submit(a=sheet(forms))
    line.cut()

    tally = line.read()

    assert not tally.device_works
    row = stand(line.sessions)["a"]
    assert (row["status"], row["tries"], row["outages"]) == ("segmented", 0, 1)


def test_crops_that_break_the_device_again_and_again_cost_one_document(line, forms):
    class Breakable(ScriptedRecognizer):
        def read(self, crops, hints=None):
            if any(crop.mean() < 100 for crop in crops):
                self._refuses = lambda _: True
            return super().read(crops, hints)

    def restart():
        """Load the network anew, as the next process does."""
        line.recognizer = Breakable()
        line.reader.readers._loaded = None  # noqa: SLF001, it ends with its process

    line.submit(a=sheet(forms), b=sheet(forms, 2))
    line.cut()
    key = stand(line.sessions)["b"]["crop_key"]
    line.store.put(key, blackened(line.store.get(key)))
    broken = 0
    for _ in range(6):
        restart()
        broken += not line.read().device_works
        make_due(line.sessions)

    assert broken == 3
    assert line.status("a") == ("done", None)
    assert line.status("b") == ("failed", "document_crashed")


def test_what_the_database_does_not_take_now_is_settled_when_it_is_back(line, monkeypatch):
    line.submit(a=StorageUnavailableError("away"))
    away = True

    def refused(sessions):
        if away:
            raise DatabaseUnavailableError("away")
        return transaction(sessions)

    monkeypatch.setattr("worker.queue.hand.transaction", refused)
    line.cut()
    assert line.status("a") == ("segmenting", None)
    with pytest.raises(DatabaseUnavailableError):
        line.hand.beat()
    away = False

    line.hand.beat()

    assert line.status("a") == ("pending", None)
    with transaction(line.sessions) as session:
        assert [seen.worker.pid for seen in workers_seen(session, within_s=30)] == [1]


@pytest.mark.parametrize("away", [False, True], ids=["the database is there", "it is away"])
def test_a_claim_that_was_dropped_is_given_back_and_not_renewed_for_ever(line, monkeypatch, away):
    line.submit(a=b"the bytes")

    def cut_off(*_, **__):
        if away:
            line.hand._sessions = None  # noqa: SLF001, see refused
        return False

    def refused(sessions):
        if sessions is None:
            raise DatabaseUnavailableError("away")
        return transaction(sessions)

    monkeypatch.setattr("worker.queue.hand.transaction", refused)
    monkeypatch.setattr("worker.queue.segment.identify_new", cut_off)
    monkeypatch.setattr("worker.queue.segment.identify", cut_off)
    line.cut()
    if away:
        assert line.status("a") == ("segmenting", None)
        line.hand._sessions = line.sessions  # noqa: SLF001, it is back
        line.hand.beat()

    row = stand(line.sessions)["a"]
    assert (row["status"], row["tries"], row["lease_owner"]) == ("pending", 0, None)


@pytest.mark.parametrize("away", [False, True], ids=["at once", "once it is back"])
def test_a_decision_that_the_database_cannot_take_fails_the_document(line, monkeypatch, away):
    line.submit(a=b"the bytes")
    refused = Stop(code=FailureCode.DAMAGED_DOCUMENT, detail="\udce9")
    monkeypatch.setattr("worker.queue.deciding.decide", lambda *_, **__: refused)
    if away:
        left = iter([DatabaseUnavailableError("away")])

        def flaky(*arguments):
            for error in left:
                raise error
            return settle(*arguments)

        monkeypatch.setattr("worker.queue.hand.settle", flaky)

    assert line.cut().settled == 1

    assert line.status("a") == ("failed", "internal_error")


def test_leases_are_renewed_while_the_work_goes_on(line):
    line.submit(a=b"the bytes")

    def fetch(_):
        expire_leases(line.sessions)
        line.hand.beat()
        assert stand(line.sessions)["a"]["lease_until"] > "2021"
        raise StorageUnavailableError("away")

    line.segmenter = replace(line.segmenter, fetch=fetch)

    assert line.cut().settled == 1
    assert stand(line.sessions)["a"]["outages"] == 1


def test_the_next_shard_is_given_back_where_the_work_on_this_one_is_broken_off(line, forms):
    class Ending(ScriptedRecognizer):
        def read(self, crops, hints=None):
            if len(crops) > 1:
                raise SystemExit
            return super().read(crops, hints)

    line.submit(a=sheet(forms, 0), b=sheet(forms, 2), c=sheet(forms, 4))
    line.cut()
    line.recognizer = Ending()
    line.size.limits = ShardLimits(crops=1, documents=1)

    with pytest.raises(SystemExit):
        line.read()

    assert {(row["status"], row["tries"]) for row in stand(line.sessions).values()} == {
        ("segmented", 0)
    }


def test_a_hand_says_that_it_lives_and_says_goodbye(line):
    line.hand.start()
    line.hand.stop()

    with transaction(line.sessions) as session:
        assert workers_seen(session, within_s=30) == []


def test_a_hand_that_stops_leaves_its_siblings_what_they_hold(line):
    sibling = Worker(worker_id="n/12", kind="segment", host="h", pid=12)
    line.submit(a=b"the bytes")
    claimed(line.sessions, owner="n/12")
    with transaction(line.sessions) as session:
        say_alive(session, sibling)

    line.hand.start()
    line.hand.stop()

    assert stand(line.sessions)["a"]["lease_owner"] == "n/12"
    with transaction(line.sessions) as session:
        assert [seen.worker for seen in workers_seen(session, within_s=30)] == [sibling]


def test_a_result_is_written_although_the_database_is_away_for_a_while(sessions, monkeypatch):
    tries = iter([DatabaseUnavailableError("away"), DatabaseUnavailableError("away"), None])

    def flaky(opened_sessions):
        error = next(tries)
        if error is not None:
            raise error
        return transaction(opened_sessions)

    monkeypatch.setattr(persisting, "transaction", flaky)

    assert persist(sessions, lambda _: "written", sleep=lambda _: None) == "written"


def test_patience_ends(sessions, monkeypatch):
    def away(_):
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(persisting, "transaction", away)
    times = iter([0.0, 30.0, 90.0])

    with pytest.raises(DatabaseUnavailableError):
        persist(sessions, lambda _: None, clock=lambda: next(times), sleep=lambda _: None)


def test_a_bucket_that_is_not_there_is_told_and_loses_no_document(line, forms):
    line.submit(a=ConfigError("s3://mistyped/a: there is no such bucket"))
    line.cut()

    with transaction(line.sessions) as session:
        [progress] = batch_status(session)
        assert put_off_count(session) == 0  # it may come back at once
    assert progress.waiting_for_outage == 1
    assert "no such bucket" in progress.outage

    for _ in range(3):
        make_due(line.sessions)
        line.cut()
    with transaction(line.sessions) as session:
        assert put_off_count(session) == 1

    line.scans["a"] = sheet(forms)
    make_due(line.sessions)
    assert line.cut().segmented == 1
    with transaction(line.sessions) as session:
        [progress] = batch_status(session)
        assert put_off_count(session) == 0
    assert (progress.waiting_for_outage, progress.outage) == (0, "")


def test_the_same_bytes_at_the_same_moment_are_read_once(line, forms, monkeypatch):
    """Two workers may each find that nobody has the bytes, and both write them down."""
    line.submit(a=sheet(forms))
    line.cut()
    line.submit(b=sheet(forms))
    looks, of_bytes = count(), documents.of_bytes
    monkeypatch.setattr(
        "worker.database.moves.of_bytes",
        lambda *which: of_bytes(*which) if next(looks) else false(),
    )
    line.cut()

    assert {name: row["status"] for name, row in stand(line.sessions).items()} == {
        "a": "segmented",
        "b": "duplicate",
    }


def test_a_worker_that_meets_one_outage_after_the_other_leaves_the_line_alone(line):
    away = {name: StorageUnavailableError("away") for name in "abcdef"}
    line.submit(**away)
    line.cut()
    line.cut()

    outages = [row["outages"] for row in stand(line.sessions).values()]
    assert sorted(outages) == [0, 0, 0, 0, 1, 1]


def test_a_rest_ends_by_itself_and_grows_no_longer_than_a_few_seconds():
    now = [0.0]
    breather = Breather(lambda: now[0])
    breather.met_outage()
    rested = [breather.resting]  # the first may be the one object's own

    for expected_s in (2.0, 4.0, 8.0, 8.0):
        breather.met_outage()
        now[0] += expected_s - 0.1
        rested.append(breather.resting)
        now[0] += 0.2
        rested.append(breather.resting)
    breather.went_well()
    breather.met_outage()

    assert rested == [False, *[True, False] * 4]
    assert not breather.resting


@pytest.mark.parametrize(("priority", "calls"), [(URGENT, 3), (NORMAL, 1)])
def test_crops_wait_for_company_unless_they_are_urgent(line, forms, priority, calls):
    line.submit(priority=priority, a=sheet(forms, 0), b=sheet(forms, 2))
    ticks = count(step=2)
    line.cut(clock=lambda: next(ticks))

    assert line.nudger.sent == [(Stage.RECOGNIZE, False, 1)] * calls


def test_a_crop_that_the_network_answers_with_nan_fails_its_document_alone(line, forms):
    line.recognizer = Small(100, FramesNotFiniteError(line=0, device="cuda:0"))
    line.submit(a=sheet(forms, 0), b=sheet(forms, 2))
    line.cut()
    key = stand(line.sessions)["b"]["crop_key"]
    line.store.put(key, blackened(line.store.get(key)))

    assert line.read().finished == 1

    assert line.status("a") == ("done", None)
    assert line.status("b") == ("failed", "reading_not_finite")
