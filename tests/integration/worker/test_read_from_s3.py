"""Reading from a bucket that changes while it is read."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from tests.bench import Bench
from tests.database import rows
from tests.factories import make_template
from tests.fakes.scripted_pool import ScriptedPool
from worker.local import read_documents
from worker.storage.sources import Sources, open_store

pytestmark = pytest.mark.integration

STATES = "SELECT uri, status, failure_code FROM documents ORDER BY uri"


@pytest.fixture
def bench(sessions):
    return Bench(pool=ScriptedPool(), sessions=sessions, templates=(make_template(),))


@pytest.fixture
def inbox(bucket, s3_options):
    place = open_store(f"s3://{bucket}", s3_options)
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        place.put(f"inbox/{name}", name.encode())
    return place


def read(bench, sources, listed):
    run = replace(bench.run({}), fetch=partial(sources.read, max_bytes=999))
    return read_documents(listed, run)


def test_keys_that_vanished_or_changed_after_the_listing_fail_alone(
    bench, inbox, bucket, s3_options
):
    sources = Sources(s3_options)
    listed = list(sources.find(f"s3://{bucket}/inbox/"))
    inbox.delete("inbox/1.jpg")
    inbox.put("inbox/2.jpg", b"another scan")

    tally = read(bench, sources, listed)

    assert [tuple(row.values()) for row in rows(bench.sessions, STATES)] == [
        (f"s3://{bucket}/inbox/1.jpg", "failed", "object_missing"),
        (f"s3://{bucket}/inbox/2.jpg", "failed", "object_missing"),
        (f"s3://{bucket}/inbox/3.jpg", "done", None),
    ]
    assert (tally.documents, len(tally.failed)) == (3, 2)


def test_a_new_listing_reads_what_came_back_and_what_changed(bench, inbox, bucket, s3_options):
    sources = Sources(s3_options)
    listed = list(sources.find(f"s3://{bucket}/inbox/"))
    inbox.delete("inbox/1.jpg")
    inbox.put("inbox/2.jpg", b"another scan")
    read(bench, sources, listed)
    inbox.put("inbox/1.jpg", b"back again")

    tally = read(bench, sources, sources.find(f"s3://{bucket}/inbox/"))

    assert (tally.documents, tally.already_read, tally.failed) == (3, {"autumn": 1}, [])
    assert {row["status"] for row in rows(bench.sessions, STATES)} == {"done"}
    assert len(rows(bench.sessions, STATES)) == 3
