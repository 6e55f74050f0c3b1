from __future__ import annotations

from tests.queue_rows import (
    RecordingNudger,
    claimed,
    expire_leases,
    make_due,
    shard,
    stand,
    submit,
    submit_segmented,
)
from worker.database.claims import URGENT
from worker.database.session import transaction
from worker.database.workers import Worker, say_alive
from worker.errors import DatabaseUnavailableError
from worker.queue import sweep as sweeping
from worker.queue.sweep import SweepStation, sweep, sweep_once
from worker.types import Stage


def make_station(sessions, waker=None, **changes):
    times = changes.pop("times", [0.0, 100.0, 200.0, 300.0, 400.0])
    return SweepStation(
        sessions=sessions,
        waker=waker or RecordingNudger(),
        lease_s=20.0,
        most_tries=3,
        clock=iter(times * 9).__next__,
        **changes,
    )


def taken_back(station):
    """Sweep, and say how many documents were taken back."""
    swept = sweep(station)
    assert swept is not None
    return swept.reaped.again


def test_workers_are_woken_for_what_waits_as_many_as_there_are(sessions):
    submit(sessions, *(f"{n}.jpg" for n in range(9)))
    with transaction(sessions) as session:
        for pid in (1, 2):
            say_alive(session, Worker(worker_id=f"n/{pid}", kind="segment", host="h", pid=pid))
    fresh, busy = RecordingNudger(), RecordingNudger(backlog=3)

    sweep(make_station(sessions, fresh))
    sweep(make_station(sessions, busy))

    assert fresh.sent == [(Stage.SEGMENT, False, 4)]
    assert busy.sent == [(Stage.SEGMENT, False, 1)]


def test_crops_that_were_just_cut_are_left_to_the_message_that_is_on_its_way(sessions):
    submit_segmented(sessions, "1.jpg")
    waker = RecordingNudger()

    sweep(make_station(sessions, waker))
    assert waker.sent == []

    make_due(sessions)
    sweep(make_station(sessions, waker))
    assert waker.sent == [(Stage.RECOGNIZE, False, 1)]


def test_urgent_crops_are_not_left_to_it(sessions):
    submit_segmented(sessions, "1.jpg", priority=URGENT)
    waker = RecordingNudger()

    sweep(make_station(sessions, waker))

    assert (Stage.RECOGNIZE, True, 1) in waker.sent


def test_crops_that_a_worker_died_of_are_not_left_waiting(sessions):
    submit_segmented(sessions, "1.jpg")
    assert shard(sessions)
    expire_leases(sessions)
    waker = RecordingNudger()

    sweep(make_station(sessions, waker, there_since=-100.0))

    assert waker.sent == [(Stage.RECOGNIZE, False, 1)]


def test_urgent_work_wakes_those_who_are_kept_free_for_it(sessions):
    submit(sessions, "1.jpg", priority=URGENT)
    waker = RecordingNudger()

    sweep(make_station(sessions, waker))

    assert (Stage.SEGMENT, True, 1) in waker.sent


def test_a_broker_that_is_away_keeps_nothing_else_from_being_done(sessions):
    submit(sessions, "1.jpg")
    claimed(sessions)
    expire_leases(sessions)

    assert taken_back(make_station(sessions, RecordingNudger(away=True), there_since=-100.0)) == 1
    assert stand(sessions)["1.jpg"]["status"] == "pending"


def test_workers_have_time_to_renew_before_they_are_judged(sessions, monkeypatch):
    submit(sessions, "1.jpg")
    claimed(sessions)
    expire_leases(sessions)
    station = make_station(sessions, times=[0.0, 0.0, 1.0, 6.0])

    assert [taken_back(station) for _ in range(2)] == [0, 0]

    def away(_):
        raise DatabaseUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(sweeping, "transaction", away)
        assert sweep(station) is None
    assert station.there_since is None
    station.clock = iter([10.0, 16.0, 23.0]).__next__
    assert taken_back(station) == 0
    station.clock = iter([23.0]).__next__
    assert taken_back(station) == 1


def test_a_single_sweep_waits_for_the_living_to_renew_and_takes_back_the_rest(sessions):
    submit(sessions, "1.jpg")
    claimed(sessions)
    expire_leases(sessions)
    now = 1000.0
    station = make_station(sessions)
    station.clock = lambda: now

    def wait(seconds):
        nonlocal now
        now += seconds

    swept = sweep_once(station, wait)

    assert swept is not None
    assert swept.reaped.again == 1
    assert now - 1000.0 < 20.0


def test_a_single_sweep_without_a_database_says_so(sessions, monkeypatch):
    def away(_):
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(sweeping, "transaction", away)

    assert sweep_once(make_station(sessions), lambda _: None) is None
