"""Faults befall batches that are being read; nothing may be lost, doubled or long delayed.

``make faults`` runs it; docs/faults.md holds the figures of such a run.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.troubled_proxy import Trouble
from tests.faults.worker import CUT_KILLS, CUT_WANTS_MEMORY
from worker.types import Stage

pytestmark = pytest.mark.faults

FORMS = int(os.environ.get("FAULTS_FORMS", "200"))
LONGEST_RECOVERY_S = 30.0
FINISHED_WITHIN_S = 1500.0
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
PREFIX = "penname:"


def befall(deployment, findings, fault, hit):
    """Measure how long the documents that a fault hit wait, from its end."""
    recovery_s = deployment.recovery_s(hit)
    findings.add(fault, hit=len(hit), recovery=f"{recovery_s:.1f} s")
    assert recovery_s <= LONGEST_RECOVERY_S
    time.sleep(2)  # back at work before the next


def see_through(  # noqa: PLR0913, what a batch may cost
    deployment, findings, batch, *, failed=0, duplicates=0, most_tries=3
):
    """See a batch to its end, and that each document was read once."""
    deployment.wait_until_finished(batch, within_s=FINISHED_WITHIN_S)
    documents = deployment.documents(batch)
    read = [row for row in documents if row["status"] in {"done", "needs_review"}]
    counts = deployment.rows(
        "SELECT count(*) AS fields, count(DISTINCT (document, page, field)) AS different"
        " FROM current_readings WHERE batch = %s",
        batch,
    )[0]
    findings.add(
        f"batch {batch}",
        documents=len(documents),
        read=len(read),
        failed=len(documents) - len(read) - duplicates,
        duplicates=duplicates,
        most_tries=max(row["tries"] for row in documents),
        most_claims=max(row["attempt"] for row in documents),
    )
    assert len(documents) == len({row["uri"] for row in documents})
    assert len(read) == len(documents) - failed - duplicates
    assert counts["fields"] == counts["different"] == len(read) * deployment.forms.field_count
    assert max(row["tries"] for row in documents) <= most_tries


def hand_in(deployment, batch, files):
    """Submit a batch."""
    deployment.put(batch, files)
    assert deployment.submit(batch) == len(files)


def begin(deployment, batch, files=None):
    """Submit a batch, and wait until it is being read."""
    files = files or deployment.forms.copies(FORMS, label=batch)
    hand_in(deployment, batch, files)
    deployment.wait_for(batch, "status IN ('done', 'needs_review')", count=len(files) // 20)


def test_workers_are_killed(deployment, findings):
    batch = "kills"
    begin(deployment, batch)

    hit = segmenting(deployment, batch)
    os.kill(deployment.children("segment")[0], signal.SIGKILL)
    befall(deployment, findings, "a segment child is killed", hit)

    deployment.wait_for(batch, "status = 'recognizing'")
    deployment.kill("recognize")
    hit = deployment.those(batch, "status = 'recognizing'")
    assert hit
    deployment.restart("recognize")
    befall(deployment, findings, "the recognize worker is killed", hit)

    hit = segmenting(deployment, batch)
    deployment.kill("sweep")
    os.kill(deployment.children("segment")[0], signal.SIGKILL)
    deployment.restart("sweep")
    befall(deployment, findings, "the sweep is killed, and a segment child with it", hit)

    deployment.kill(*list(deployment.workers))
    hit = deployment.in_hand(batch)
    deployment.restart_all()
    befall(deployment, findings, "all workers are killed", hit)

    see_through(deployment, findings, batch)


def test_servers_are_away(deployment, findings):
    batch = "outages"
    begin(deployment, batch)

    with_redis_away(deployment, 10)
    hit = deployment.first_waiting(batch)
    befall(deployment, findings, "Redis is killed, and comes back empty after 10 s", hit)

    deployment.wait_for(batch, "lease_owner IS NOT NULL")
    with_postgresql_away(deployment, 25)
    hit = deployment.in_hand(batch)
    befall(deployment, findings, "PostgreSQL is killed, and comes back after 25 s", hit)

    for trouble, lasts_s in (
        (Trouble.ERROR_500, 15),
        (Trouble.ERROR_503, 15),
        (Trouble.HANG, 45),
        (Trouble.TRUNCATE, 15),
        (Trouble.FULL, 15),
    ):
        with deployment.proxy.troubled(trouble):
            time.sleep(lasts_s)
            assert deployment.proxy.hit
        hit = deployment.in_hand(batch)
        befall(deployment, findings, f"the store: {trouble.value} for {lasts_s} s", hit)

    see_through(deployment, findings, batch)


def test_documents_do_harm(deployment, findings):
    batch = "harm"
    files = deployment.forms.copies(FORMS, label=batch)
    gone = list(files)[10:15]
    files["00003.jpg"] += CUT_KILLS
    files["00004.jpg"] += CUT_WANTS_MEMORY
    files["00005.jpg"] = deployment.forms.deadly
    again = {f"again-{name}": files[name] for name in list(files)[20:30]}
    deployment.put(batch, files | again)
    deployment.kill("segment")
    assert deployment.submit(batch) == len(files) + len(again)
    assert deployment.submit(batch) == 0
    deployment.remove(batch, *gone)
    deployment.start("segment", "--concurrency", "2")

    see_through(deployment, findings, batch, failed=3 + len(gone), duplicates=len(again))

    failed = deployment.those(batch, "status = 'failed'")
    assert {(row["uri"][-9:], row["failure_code"], row["tries"]) for row in failed} == {
        ("00003.jpg", "document_crashed", 3),
        ("00004.jpg", "document_out_of_memory", 3),
        ("00005.jpg", "document_crashed", 3),
        *((name, "object_missing", 2) for name in gone),
    }


def test_messages_and_clocks_go_wrong(deployment, findings):
    batch = "disorder"
    deployment.kill("segment", "recognize")
    with clocks_off(deployment):
        begin(deployment, batch)
        shuffle_messages(deployment)
        see_through(deployment, findings, batch, most_tries=1)


def segmenting(deployment, batch):
    """Wait until scans are being cut, and give them."""
    deployment.wait_for(batch, "status = 'segmenting'")
    return deployment.those(batch, "status = 'segmenting'")


def with_redis_away(deployment, seconds):
    deployment.redis.kill()
    time.sleep(seconds)
    deployment.redis.start()


def with_postgresql_away(deployment, seconds):
    deployment.postgresql.kill()
    time.sleep(seconds)
    deployment.postgresql.start()
    deadline = time.monotonic() + 60
    while True:  # the port is open before it has recovered
        try:
            deployment.rows("SELECT 1")
        except Exception:  # whatever it says while it starts
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def clocks_off(deployment):
    """Run workers whose clocks are a minute ahead, and a minute behind."""
    if not FAKETIME.exists():
        pytest.skip("needs Debian's libfaketime")
    ahead = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+60s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    deployment.start("segment", "--concurrency", "2", **ahead)
    deployment.start("recognize", **{**ahead, "FAKETIME": "-60s"})
    try:
        yield
    finally:
        deployment.kill("segment", "recognize")


def shuffle_messages(deployment):
    """Have messages come twice, and in any order."""
    client = deployment.celery.connection_for_write().default_channel.client
    shuffler = random.Random(1)
    for _ in range(40):
        for queue in Stage:
            deployment.nudger.nudge(queue, urgent=False, times=3)
            messages = client.lrange(PREFIX + queue, 0, -1)
            shuffler.shuffle(messages)
            if messages:
                client.rpush(PREFIX + queue, *messages)
        time.sleep(0.1)
