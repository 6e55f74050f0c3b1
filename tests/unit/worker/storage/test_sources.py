from __future__ import annotations

import os

import pytest

from tests.factories import make_source
from worker.errors import ConfigError, DocumentTooLargeError, ObjectMissingError
from worker.storage.folder import FolderStore
from worker.storage.s3 import S3Options, S3Store
from worker.storage.sources import Sources, open_store


@pytest.fixture
def sources():
    return Sources(S3Options())


@pytest.fixture
def folder(tmp_path):
    store = FolderStore(tmp_path)
    for key in ["b.JPEG", "a.jpg", "notes.txt", "more/c.tif", "more/d.pdf", ".thumbs/e.jpg", "f"]:
        store.put(key, key.encode())
    return tmp_path


def test_a_folder_gives_its_scans_in_order_and_counts_other_files(sources, folder):
    listing = sources.find(str(folder))

    assert [source.name for source in listing] == ["a.jpg", "b.JPEG", "c.tif", "d.pdf"]
    assert listing.left_out == 2


def test_a_listing_can_be_walked_again_and_sees_what_came_since(sources, folder):
    listing = sources.find(str(folder))
    before = len(list(listing))

    (folder / "z.png").write_bytes(b"z")

    assert len(list(listing)) == before + 1
    assert listing.left_out == 2


def test_a_file_that_is_named_is_a_scan_whatever_its_suffix(sources, folder):
    [source] = sources.find(str(folder / "notes.txt"))

    assert source.uri == (folder / "notes.txt").as_uri()
    assert source.size_bytes == len("notes.txt")


def test_a_relative_place_is_found_from_where_the_command_runs(sources, folder, monkeypatch):
    monkeypatch.chdir(folder)

    assert [source.uri for source in sources.find("more")] == [
        (folder / "more" / name).as_uri() for name in ("c.tif", "d.pdf")
    ]


@pytest.mark.parametrize("place", ["missing", "missing/1.jpg", "a.jpg/1.jpg"])
def test_a_place_that_is_not_there_is_missing(sources, folder, place):
    with pytest.raises(ObjectMissingError, match=place):
        sources.find(str(folder / place))


@pytest.mark.parametrize("place", ["gs://forms/1.jpg", "https://forms/1.jpg", "s3://"])
def test_a_place_of_another_kind_is_a_wrong_setting(sources, place):
    with pytest.raises(ConfigError, match="want"):
        sources.find(place)


def test_bytes_are_read_as_they_lie(sources, folder):
    sizes = [len(sources.read(found, max_bytes=100)) for found in sources.find(str(folder))]

    assert sizes == [5, 6, 10, 10]


def test_a_name_of_any_bytes_is_read(sources, tmp_path):
    (tmp_path / os.fsdecode(b"M\xfcller %41 #1?.jpg")).write_bytes(b"x")
    [source] = sources.find(str(tmp_path))

    assert sources.read(source, max_bytes=10) == b"x"


def test_a_file_over_the_limit_is_refused_before_it_is_opened(sources):
    absent = make_source(uri="file:///absent/1.jpg", size_bytes=3 * 1024 * 1024)

    with pytest.raises(DocumentTooLargeError, match=r"3\.0 MiB, the limit is 2 MiB"):
        sources.read(absent, max_bytes=2 * 1024 * 1024)


def test_a_file_that_outgrew_its_listing_is_refused(sources, folder):
    [source] = sources.find(str(folder / "a.jpg"))
    (folder / "a.jpg").write_bytes(bytes(11))

    with pytest.raises(DocumentTooLargeError):
        sources.read(source, max_bytes=10)


def test_a_file_that_vanished_after_the_listing_is_missing(sources, folder):
    [source] = sources.find(str(folder / "a.jpg"))
    (folder / "a.jpg").unlink()

    with pytest.raises(ObjectMissingError, match=r"a\.jpg"):
        sources.read(source, max_bytes=10)


@pytest.mark.parametrize(
    ("place", "uri"),
    [
        pytest.param("s3://forms", "s3://forms/crops/1.zip", id="bucket"),
        pytest.param("s3://forms/", "s3://forms/crops/1.zip", id="bucket-with-slash"),
        pytest.param("s3://forms/a", "s3://forms/a/crops/1.zip", id="prefix"),
        pytest.param("s3://forms/a/b/", "s3://forms/a/b/crops/1.zip", id="prefix-with-slash"),
    ],
)
def test_a_store_in_a_bucket_keeps_its_objects_below_its_prefix(place, uri, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")  # or boto3 looks for a role over the network
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    store = open_store(place, S3Options())

    assert isinstance(store, S3Store)
    assert store.uri("crops/1.zip") == uri


def test_a_store_in_a_folder_is_not_made_before_it_is_needed(tmp_path):
    store = open_store(str(tmp_path / "store"), S3Options())

    assert store.uri("crops/1.zip") == (tmp_path / "store/crops/1.zip").as_uri()
    assert not (tmp_path / "store").exists()


def test_a_store_of_another_kind_is_a_wrong_setting():
    with pytest.raises(ConfigError, match="as store, got gs://forms"):
        open_store("gs://forms", S3Options())
