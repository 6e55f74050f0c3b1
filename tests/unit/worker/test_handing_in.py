from __future__ import annotations

from datetime import date

import pytest

from tests.database import rows
from tests.fakes.memory_store import MemoryStore
from tests.handed_in import make_intake
from worker.errors import DatabaseUnavailableError, StorageUnavailableError
from worker.handing_in import Upload, hand_in_uploads


def hand_in(sessions, store, count=3):
    files = [Upload(name=f"{number}.jpg", data=b"scan") for number in range(count)]
    return hand_in_uploads(
        sessions,
        store,
        make_intake(),
        batch="autumn",
        files=files,
        today=date(2026, 11, 24),
        by="anna",
    )


def test_uploads_lie_in_the_store_and_wait(sessions):
    store = MemoryStore()

    assert hand_in(sessions, store).added == 3

    uris = {row["uri"] for row in rows(sessions, "SELECT uri FROM documents")}
    assert uris == {source.uri for source in store.list("uploads/2026-11-24/")}


def test_nothing_stays_in_the_store_when_it_fails_in_between(sessions):
    class FullStore(MemoryStore):
        def put(self, key, data):
            if len(list(self.list())) == 2:
                raise StorageUnavailableError("the store is full")
            super().put(key, data)

    store = FullStore()

    with pytest.raises(StorageUnavailableError):
        hand_in(sessions, store)

    assert list(store.list()) == []


def test_nothing_stays_in_the_store_when_the_database_refuses(sessions, monkeypatch):
    def refuse(*_, **__):
        raise DatabaseUnavailableError("gone")

    store = MemoryStore()
    monkeypatch.setattr("worker.batches.add_documents", refuse)

    with pytest.raises(DatabaseUnavailableError):
        hand_in(sessions, store)

    assert list(store.list()) == []
