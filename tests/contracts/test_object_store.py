"""What every object store does: in memory, in a folder, in a bucket over HTTP."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.fakes.memory_store import MemoryStore
from worker.errors import ObjectMissingError
from worker.storage.base import ObjectStore
from worker.storage.folder import FolderStore
from worker.storage.keys import crop_archive_key
from worker.storage.sources import open_store

pytestmark = pytest.mark.integration


@pytest.fixture(params=["memory", "folder", "s3"])
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "folder":
        return FolderStore(tmp_path / "made on the first write")
    bucket = request.getfixturevalue("bucket")
    return open_store(f"s3://{bucket}/pre fix", request.getfixturevalue("s3_options"))


def keys(store, prefix=""):
    return [source.uri.removeprefix(store.uri("x")[:-1]) for source in store.list(prefix)]


def test_a_store_has_all_that_the_port_promises(store):
    promised = [name for name in vars(ObjectStore) if not name.startswith("_")]

    assert sorted(promised) == ["delete", "get", "list", "put", "uri"]
    assert all(callable(getattr(store, name)) for name in promised)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"crop", id="short"),
        pytest.param(bytes(range(256)) * 4096, id="1-MiB"),
    ],
)
def test_what_is_put_is_got(store, data):
    store.put("crops/1.zip", data)

    assert store.get("crops/1.zip") == data


def test_a_second_put_takes_the_place_of_the_first(store):
    store.put("crops/1.zip", b"a longer first text")
    store.put("crops/1.zip", b"second")

    assert store.get("crops/1.zip") == b"second"
    assert keys(store) == ["crops/1.zip"]


def test_a_key_that_is_not_there_is_missing(store):
    store.put("crops/1.zip", b"")

    with pytest.raises(ObjectMissingError, match=r"crops/2\.zip"):
        store.get("crops/2.zip")


def test_a_deleted_object_is_gone_and_may_be_deleted_again(store):
    store.put("crops/1.zip", b"x")

    store.delete("crops/1.zip")
    store.delete("crops/1.zip")

    assert keys(store) == []
    with pytest.raises(ObjectMissingError):
        store.get("crops/1.zip")


def test_a_listing_gives_uri_and_size_of_what_starts_with_the_prefix(store):
    store.put("crops/a/1.zip", b"12345")
    store.put("crops/b/1.zip", b"")
    store.put("other/1.zip", b"")

    [source] = store.list("crops/a")

    assert source.uri == store.uri("crops/a/1.zip")
    assert source.size_bytes == 5
    assert keys(store) == ["crops/a/1.zip", "crops/b/1.zip", "other/1.zip"]


def test_an_empty_store_lists_nothing(store):
    assert keys(store) == []


def test_keys_may_hold_what_names_of_files_do(store):
    names = ["Müller, Ägidius (2).zip", "50% & more #1.zip", "a+b=c?.zip"]
    for name in names:
        store.put(name, name.encode())

    assert [store.get(name).decode() for name in names] == names


@pytest.mark.parametrize("key", ["../1.zip", "/etc/1.zip", "crops//1.zip", "a/../../b", "", "."])
def test_a_key_that_would_leave_the_store_is_a_callers_bug(store, key):
    with pytest.raises(ValueError, match="want a relative key"):
        store.put(key, b"x")


def test_crops_of_two_attempts_lie_apart():
    document_id = UUID(int=7)

    first, second = (crop_archive_key(document_id, attempt) for attempt in (1, 2))

    assert first == "crops/00000000-0000-0000-0000-000000000007/1.zip"
    assert second != first
