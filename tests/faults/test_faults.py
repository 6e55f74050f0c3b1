"""Every fault befalls a batch that is being read; nothing may be lost, doubled or long delayed.

``make faults`` runs it; docs/howto/queue.md holds the figures of such a run.
"""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.faults.troubled_proxy import Trouble
from tests.faults.worker import CUT_KILLS, CUT_WANTS_MEMORY
from worker.types import Stage

pytestmark = pytest.mark.faults

FORMS = int(os.environ.get("FAULTS_FORMS", "200"))
LONGEST_RECOVERY_S = 30.0
FINISHED_WITHIN_S = 900.0
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


@pytest.fixture
def batch(deployment, request) -> str:
    """Submit a batch that is being read when the test begins."""
    name = request.node.name.replace("[", "-").strip("]")
    deployment.put(name, deployment.forms.copies(FORMS, label=name))
    assert deployment.submit(name) == FORMS
    deployment.wait_for(name, "status IN ('done', 'needs_review')", count=FORMS // 20)
    return name


def check(  # noqa: PLR0913, what a fault may cost
    deployment, findings, batch, *, hit, recovery_s, failed=0, duplicates=0, most_tries=3
):
    """See the batch through, and that each document was read once."""
    began = time.monotonic()
    deployment.wait_until_finished(batch, within_s=FINISHED_WITHIN_S)
    documents = deployment.documents(batch)
    read = [row for row in documents if row["status"] in {"done", "needs_review"}]
    counts = deployment.rows(
        "SELECT count(*) AS fields, count(DISTINCT (document, page, field)) AS different"
        " FROM current_readings WHERE batch = %s",
        batch,
    )[0]
    findings.add(
        batch,
        documents=len(documents),
        hit=len(hit),
        recovery=f"{recovery_s:.1f} s",
        read=len(read),
        failed=len(documents) - len(read) - duplicates,
        most_tries=max(row["tries"] for row in documents),
        most_claims=max(row["attempt"] for row in documents),
        rest=f"{time.monotonic() - began:.0f} s",
    )
    assert len(documents) == len({row["uri"] for row in documents})
    assert len(read) == len(documents) - failed - duplicates
    assert counts["fields"] == counts["different"] == len(read) * deployment.forms.field_count
    assert max(row["tries"] for row in documents) <= most_tries
    assert recovery_s <= LONGEST_RECOVERY_S


def test_a_segment_child_is_killed(deployment, findings, batch):
    deployment.wait_for(batch, "status = 'segmenting'")
    hit = deployment.rows("SELECT * FROM documents WHERE status = 'segmenting'")
    os.kill(deployment.children("segment")[0], signal.SIGKILL)

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_a_recognize_worker_is_killed(deployment, findings, batch):
    deployment.kill("recognize")
    hit = deployment.rows("SELECT * FROM documents WHERE status = 'recognizing'")
    deployment.restart("recognize")

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_the_sweep_is_killed_and_a_segment_child_with_it(deployment, findings, batch):
    deployment.wait_for(batch, "status = 'segmenting'")
    hit = deployment.rows("SELECT * FROM documents WHERE status = 'segmenting'")
    deployment.kill("sweep")
    os.kill(deployment.children("segment")[0], signal.SIGKILL)
    deployment.restart("sweep")

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_all_workers_are_killed(deployment, findings, batch):
    deployment.kill(*list(deployment.workers))
    hit = deployment.in_hand(batch)
    deployment.start("recognize")
    deployment.start("segment", "--concurrency", "2")
    deployment.restart("sweep")

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_redis_is_killed_and_comes_back_empty(deployment, findings, batch):
    deployment.redis.kill()
    time.sleep(10)
    hit = deployment.rows(
        "SELECT documents.* FROM documents JOIN batches ON batches.id = batch_id"
        " WHERE name = %s AND status IN ('pending', 'segmented') ORDER BY registered_at LIMIT 5",
        batch,
    )
    deployment.redis.start()

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_postgresql_is_away_for_longer_than_a_lease(deployment, findings, batch):
    deployment.wait_for(batch, "lease_owner IS NOT NULL")
    deployment.postgresql.kill()
    time.sleep(25)
    deployment.postgresql.start()
    hit = _when_it_answers(lambda: deployment.in_hand(batch))

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


@pytest.mark.parametrize(
    ("trouble", "lasts_s"),
    [
        (Trouble.ERROR_500, 20),
        (Trouble.ERROR_503, 20),
        (Trouble.HANG, 45),
        (Trouble.TRUNCATE, 20),
        (Trouble.FULL, 20),
    ],
    ids=lambda value: value.value if isinstance(value, Trouble) else str(value),
)
def test_the_store_is_in_trouble(deployment, findings, batch, trouble, lasts_s):
    with deployment.proxy.troubled(trouble):
        time.sleep(lasts_s)
        assert deployment.proxy.hit
    hit = deployment.in_hand(batch)

    recovery_s = deployment.recovery_s(hit)

    check(deployment, findings, batch, hit=hit, recovery_s=recovery_s)


def test_scans_are_gone_after_they_were_listed(deployment, findings, request):
    batch = request.node.name
    deployment.put(batch, deployment.forms.copies(FORMS, label=batch))
    gone = [f"{at:05}.jpg" for at in range(5)]
    deployment.kill("segment")
    deployment.submit(batch)
    deployment.remove(batch, *gone)
    deployment.start("segment", "--concurrency", "2")

    check(deployment, findings, batch, hit=[], recovery_s=0.0, failed=len(gone))

    failed = [row for row in deployment.documents(batch) if row["status"] == "failed"]
    assert {(row["failure_code"], row["tries"]) for row in failed} == {("object_missing", 2)}


def test_messages_come_twice_and_in_any_order(deployment, findings, batch):
    channel = deployment.celery.connection_for_write().default_channel
    client, prefix = channel.client, "penname:"
    shuffler = random.Random(1)
    for _ in range(40):
        for queue in ("segment", "recognize"):
            messages = client.lrange(prefix + queue, 0, -1) or []
            if not messages:
                deployment.nudger.nudge(Stage(queue), urgent=False, times=5)
                continue
            shuffler.shuffle(messages)
            client.rpush(prefix + queue, *messages)
        time.sleep(0.1)

    check(deployment, findings, batch, hit=[], recovery_s=0.0)


@pytest.mark.parametrize(
    ("mark", "code"),
    [(CUT_KILLS, "document_crashed"), (CUT_WANTS_MEMORY, "document_out_of_memory")],
    ids=["poison", "memory"],
)
def test_a_file_harms_the_process_that_cuts_it(deployment, findings, request, mark, code):
    batch = f"cut-{request.node.callspec.id}"
    files = deployment.forms.copies(FORMS, label=batch)
    files["00003.jpg"] += mark
    deployment.put(batch, files)
    deployment.submit(batch)

    check(deployment, findings, batch, hit=[], recovery_s=0.0, failed=1)

    [failed] = [row for row in deployment.documents(batch) if row["status"] == "failed"]
    assert failed["uri"].endswith("00003.jpg")
    assert (failed["failure_code"], failed["tries"]) == (code, 3)


def test_a_file_kills_the_process_that_reads_it_and_no_other_file_pays(deployment, findings):
    batch = "read-poison"
    files = deployment.forms.copies(FORMS, label=batch)
    files["00003.jpg"] = deployment.forms.deadly + b"deadly"
    deployment.put(batch, files)
    deployment.submit(batch)

    check(deployment, findings, batch, hit=[], recovery_s=0.0, failed=1)

    [failed] = [row for row in deployment.documents(batch) if row["status"] == "failed"]
    assert failed["uri"].endswith("00003.jpg")
    assert (failed["failure_code"], failed["tries"]) == ("document_crashed", 3)


def test_the_clock_of_a_worker_is_a_minute_off(deployment, findings, request):
    if not os.path.exists(FAKETIME):  # noqa: PTH110, a plain question
        pytest.skip("needs Debian's libfaketime")
    batch = request.node.name
    deployment.put(batch, deployment.forms.copies(FORMS, label=batch))
    deployment.kill("segment", "recognize")
    ahead = {"LD_PRELOAD": FAKETIME, "FAKETIME": "+60s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    deployment.start("segment", "--concurrency", "2", **ahead)
    deployment.start("recognize", **{**ahead, "FAKETIME": "-60s"})
    deployment.submit(batch)

    check(deployment, findings, batch, hit=[], recovery_s=0.0, most_tries=0)
    deployment.kill("segment", "recognize")


def test_the_same_scans_under_other_names_are_read_once(deployment, findings, request):
    batch = request.node.name
    files = deployment.forms.copies(FORMS, label=batch)
    twice = {f"again-{name}": data for name, data in list(files.items())[:20]}
    deployment.put(batch, {**files, **twice})

    assert deployment.submit(batch) == FORMS + len(twice)
    assert deployment.submit(batch) == 0

    check(deployment, findings, batch, hit=[], recovery_s=0.0, duplicates=len(twice))


def _when_it_answers(ask):
    """Wait for a server that takes its time to recover."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
