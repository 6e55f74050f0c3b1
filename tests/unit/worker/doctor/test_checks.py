"""Each trap is found where it is, and nothing is found in a deployment in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.worker.doctor.deployments import (
    TEMPLATES,
    broker,
    database,
    deployment,
    store,
    worker,
)
from worker.doctor import DoctorCode, Level, check_all
from worker.doctor.facts import QueueTimes, Unreachable, WaitingWork

ROOT = Path(__file__).parents[4]
SEGMENT, RECOGNIZE, SWEEP = worker("segment"), worker("recognize"), worker("sweep")


def times(**changes):
    return QueueTimes(
        **{
            "lease_s": 20.0,
            "soft_limit_s": 240.0,
            "hard_limit_s": 300.0,
            "visibility_s": 900.0,
            **changes,
        }
    )


def bad(facts):
    return {
        (finding.code, finding.level)
        for finding in check_all(facts)
        if finding.level is not Level.OK
    }


def test_a_deployment_in_order_is_told_so():
    findings = list(check_all(deployment()))

    assert len(findings) >= 18
    assert {finding.level for finding in findings} == {Level.OK}
    assert all(finding.found and not finding.fix for finding in findings)


WARN, FAIL = Level.WARN, Level.FAIL
SPOILT = [
    ({"times": times(soft_limit_s=300.0)}, DoctorCode.LIMITS_TOO_NEAR, FAIL),
    ({"broker": Unreachable(why="refused")}, DoctorCode.BROKER_UNREACHABLE, FAIL),
    ({"broker": None}, DoctorCode.NO_BROKER, WARN),
    ({"broker": broker(eviction="allkeys-lru")}, DoctorCode.BROKER_EVICTS, FAIL),
    ({"broker": broker(eviction=None)}, DoctorCode.BROKER_HIDES_SETTINGS, WARN),
    ({"broker": broker(append_only=None)}, DoctorCode.BROKER_HIDES_SETTINGS, WARN),
    ({"broker": broker(append_only=False)}, DoctorCode.BROKER_FORGETS, WARN),
    ({"broker": broker(used_bytes=7, max_bytes=10)}, DoctorCode.BROKER_FULL, WARN),
    ({"broker": broker(other_apps=("shop:",))}, DoctorCode.BROKER_SHARED, WARN),
    ({"broker": broker(has_password=False)}, DoctorCode.BROKER_OPEN, WARN),
    ({"database": Unreachable(why="refused")}, DoctorCode.DATABASE_UNREACHABLE, FAIL),
    ({"database": database(backend="sqlite")}, DoctorCode.DATABASE_IS_A_FILE, WARN),
    ({"database": database(revision="0003")}, DoctorCode.MIGRATIONS_BEHIND, FAIL),
    ({"database": database(revision=None)}, DoctorCode.MIGRATIONS_BEHIND, FAIL),
    (
        {"database": database(revision="0009", revision_known=False)},
        DoctorCode.MIGRATIONS_AHEAD,
        FAIL,
    ),
    ({"database": database(clock_ahead_s=-61.0)}, DoctorCode.CLOCK_DIFFERS, WARN),
    ({"database": database(clock_ahead_s=400.0)}, DoctorCode.CLOCK_DIFFERS, FAIL),
    ({"database": database(connections=95)}, DoctorCode.CONNECTIONS_SHORT, WARN),
    ({"store": store(refusal="no such bucket")}, DoctorCode.STORE_UNUSABLE, FAIL),
    ({"store": store(is_folder=True)}, DoctorCode.STORE_IS_A_FOLDER, WARN),
    (
        {
            "store": store(
                checksums="when_supported", refusal="400 InvalidRequest", without_checksums=True
            )
        },
        DoctorCode.CHECKSUMS_REFUSED,
        FAIL,
    ),
    ({"store": store(keeps_versions_apart=False)}, DoctorCode.STORE_IGNORES_VERSIONS, WARN),
    ({"workers": (SEGMENT, RECOGNIZE)}, DoctorCode.NO_WORKER, FAIL),
    ({"workers": (SEGMENT, RECOGNIZE), "waiting": ()}, DoctorCode.NO_WORKER, WARN),
    (
        {
            "waiting": (
                WaitingWork(
                    templates=frozenset({"other/0:1a1a"}), model_id="aaaaaaaaaaaa", documents=2
                ),
            )
        },
        DoctorCode.WORK_WITHOUT_WORKER,
        FAIL,
    ),
    (
        {"waiting": (WaitingWork(templates=TEMPLATES, model_id="bbbbbbbbbbbb", documents=2),)},
        DoctorCode.WORK_WITHOUT_WORKER,
        FAIL,
    ),
    (
        {"workers": (SEGMENT, RECOGNIZE, worker("sweep", penname_version="0.2.0"))},
        DoctorCode.WORKERS_DIFFER,
        WARN,
    ),
    (
        {
            "workers": (
                SEGMENT,
                RECOGNIZE,
                worker("recognize", model_ids=frozenset({"bbbbbbbbbbbb"})),
                SWEEP,
            )
        },
        DoctorCode.WORKERS_DIFFER,
        WARN,
    ),
    (
        {
            "workers": (
                SEGMENT,
                worker("segment", templates=frozenset({"other/0:1a1a"})),
                RECOGNIZE,
                SWEEP,
            )
        },
        DoctorCode.WORKERS_DIFFER,
        WARN,
    ),
    (
        {"workers": (worker("segment", visibility_s=60.0), RECOGNIZE, SWEEP)},
        DoctorCode.VISIBILITY_DIFFERS,
        FAIL,
    ),
    (
        {"workers": (worker("recognize", cuda_in_parent=True), SEGMENT, SWEEP)},
        DoctorCode.CUDA_IN_PARENT,
        FAIL,
    ),
    (
        {"workers": (worker("recognize", threads=8), SEGMENT, SWEEP)},
        DoctorCode.TOO_MANY_THREADS,
        WARN,
    ),
    ({"leases_overdue": 4}, DoctorCode.LEASES_OVERDUE, WARN),
    ({"put_off": 4}, DoctorCode.WORK_PUT_OFF, FAIL),
]


@pytest.mark.parametrize(
    ("change", "code", "level"),
    SPOILT,
    ids=[f"{number}-{code}" for number, (_, code, _) in enumerate(SPOILT)],
)
def test_a_trap_is_found_and_nothing_else(change, code, level):
    facts = deployment(**change)

    found = [finding for finding in check_all(facts) if finding.level is not Level.OK]

    assert {(finding.code, finding.level) for finding in found} == {(code, level)}
    assert all(finding.found and finding.fix for finding in found)


@pytest.mark.parametrize("longest", ["hard_limit_s", "lease_s"])
def test_messages_must_not_come_back_while_work_goes_on(longest):
    facts = deployment(times=times(**{longest: 900.0}))

    assert (DoctorCode.VISIBILITY_TOO_SHORT, FAIL) in bad(facts)


def test_many_processes_of_one_host_share_its_cores():
    crowd = [worker("segment", worker_id=f"segment-{number}") for number in range(6)]

    found = bad(deployment(workers=(*crowd, RECOGNIZE, SWEEP)))

    assert found == {(DoctorCode.TOO_MANY_THREADS, WARN)}


def test_a_difference_of_clocks_within_the_round_trip_is_none():
    facts = deployment(database=database(clock_ahead_s=6.0, clock_doubt_s=3.0))

    assert not bad(facts)


def test_where_there_is_no_queue_a_file_and_a_folder_are_all_right():
    facts = deployment(
        broker=None,
        database=database(backend="sqlite", connections=None, max_connections=None),
        store=store(is_folder=True, keeps_versions_apart=None),
        workers=(),
        waiting=(),
    )

    assert bad(facts) == {(DoctorCode.NO_BROKER, WARN)}


def test_a_server_without_a_limit_of_memory_is_not_full():
    assert not bad(deployment(broker=broker(used_bytes=1 << 33, max_bytes=0)))


def test_what_workers_do_not_say_is_not_held_against_them():
    silent = tuple(
        worker(
            kind,
            penname_version=None,
            model_ids=frozenset(),
            templates=frozenset(),
            visibility_s=None,
            cuda_in_parent=None,
            threads=None,
            cores=None,
        )
        for kind in ("segment", "recognize", "sweep")
    )

    assert not bad(deployment(workers=silent))


@pytest.mark.parametrize("code", list(DoctorCode))
def test_every_code_says_what_to_do_in_the_docs(code):
    documented = (ROOT / "docs" / "doctor.md").read_text("utf-8")

    assert f"| `{code}` |" in documented


def test_every_code_can_be_found():
    of_settings = {DoctorCode.UNKNOWN_SETTINGS, DoctorCode.SETTINGS_WRONG}

    assert {code for _, code, _ in SPOILT} == (
        set(DoctorCode) - of_settings - {DoctorCode.VISIBILITY_TOO_SHORT}
    )
