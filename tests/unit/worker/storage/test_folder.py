from __future__ import annotations

import os
import subprocess
import sys

import pytest

from worker.errors import ObjectForbiddenError, StorageUnavailableError
from worker.storage.folder import FolderStore

BELOW_A_LIMIT = """
import resource, sys
from pathlib import Path
from worker.errors import StorageFullError
from worker.storage.folder import FolderStore

store = FolderStore(Path(sys.argv[1]))
store.put("crops/1.zip", b"as it was")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    store.put("crops/1.zip", bytes(5000))
except StorageFullError as error:
    print(error)
"""


def test_a_disk_without_room_is_named_and_the_old_object_stays(tmp_path):
    said = subprocess.run(  # noqa: S603, our own interpreter
        [sys.executable, "-c", BELOW_A_LIMIT, tmp_path], capture_output=True, text=True, check=True
    ).stdout

    assert "make room and run the same command again" in said
    assert (tmp_path / "crops" / "1.zip").read_bytes() == b"as it was"
    assert [path.name for path in (tmp_path / "crops").iterdir()] == ["1.zip"]


def test_a_store_whose_place_is_taken_by_a_file_says_so(tmp_path):
    (tmp_path / "store").write_text("a file")

    with pytest.raises(StorageUnavailableError, match="cannot be made"):
        FolderStore(tmp_path / "store").put("crops/1.zip", b"x")


def test_hidden_files_and_folders_and_what_is_no_file_stay_out_of_a_listing(tmp_path):
    store = FolderStore(tmp_path)
    for key in ["b/2.jpg", "a/1.jpg", ".hidden/3.jpg", "a/.4.jpg"]:
        store.put(key, b"x")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "dead.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b" / "round").symlink_to(tmp_path)

    names = [source.name for source in store.list()]

    assert names == ["1.jpg", "2.jpg"]


def test_names_of_any_bytes_are_listed_and_read_again(tmp_path):
    odd = os.fsdecode(b"M\xfcller \xe9.jpg")  # Latin-1, as old archives have them
    (tmp_path / odd).write_bytes(b"x")

    [source] = FolderStore(tmp_path).list()

    assert source.uri.endswith("/M%FCller%20%E9.jpg")
    assert source.size_bytes == 1


def test_what_this_user_may_not_read_or_write_is_named(folder_without_root):
    store = FolderStore(folder_without_root)
    store.put("shut/1.jpg", b"x")
    shut = folder_without_root / "shut"
    (shut / "1.jpg").chmod(0)

    with pytest.raises(ObjectForbiddenError, match="see its mode"):
        store.get("shut/1.jpg")
    shut.chmod(0)
    with pytest.raises(StorageUnavailableError, match="cannot be written"):
        store.put("shut/2.jpg", b"x")
    with pytest.raises(StorageUnavailableError, match="cannot be removed"):
        store.delete("shut/1.jpg")
    with pytest.raises(StorageUnavailableError, match="cannot be read"):
        list(store.list())
    shut.chmod(0o700)
