from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice

import pytest

from tests.database import rows
from tests.factories import make_source
from worker.local.intake import take_up

MIB = 1024 * 1024


@pytest.fixture
def threads():
    with ThreadPoolExecutor(4) as threads:
        yield threads


class EndlessDocuments(dict[str, bytes]):
    """Any document one may ask for, no two alike."""

    def __missing__(self, uri: str) -> bytes:
        return uri.encode()


def test_documents_are_fetched_a_bounded_way_ahead(bench, threads):
    sources = (make_source(uri=f"file:///{n}.jpg") for n in count())

    taken = list(islice(take_up(sources, bench.run(EndlessDocuments()), threads), 8))

    assert len(taken) == 8
    assert 8 <= len(bench.fetched) <= 8 + 33


def test_large_documents_are_fetched_fewer_ahead(bench, threads):
    sources = (make_source(uri=f"file:///{n}.jpg", size_bytes=60 * MIB) for n in count())

    list(islice(take_up(sources, bench.run(EndlessDocuments()), threads), 8))

    assert len(bench.fetched) <= 8 + 5


def test_one_document_is_let_through_whatever_its_size(bench, threads):
    source = make_source(size_bytes=900 * MIB)

    (taken,) = take_up([source], bench.run(EndlessDocuments()), threads)

    assert taken.source == source


def test_documents_come_in_the_order_of_their_sources(bench, threads):
    sources = [make_source(uri=f"file:///{n}.jpg") for n in range(40)]

    taken = list(take_up(sources, bench.run(EndlessDocuments()), threads))

    assert [document.source for document in taken] == sources


def test_an_attempt_is_counted_before_the_work_starts(bench, threads):
    sources = [make_source()]

    for attempt in (1, 2):
        run = bench.run(EndlessDocuments())
        (taken,) = take_up(sources, run, threads)
        (row,) = rows(bench.sessions, "SELECT attempt, status FROM documents")
        assert taken.claim.attempt == row["attempt"] == attempt
        assert row["status"] == "pending"


def test_the_bytes_never_show_in_what_is_printed(bench, threads):
    (taken,) = take_up([make_source()], bench.run({"file:///scans/1.jpg": b"Ada"}), threads)

    assert "Ada" not in repr(taken)
