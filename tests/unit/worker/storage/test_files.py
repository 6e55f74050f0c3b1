from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from worker.errors import (
    ObjectForbiddenError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
)
from worker.storage.files import replacing, translated_reads

FULL = Path("/dev/full")  # Linux's device that has never any room


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "names.csv"
    path.write_bytes(b"old")

    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        seen_meanwhile = path.read_bytes()

    assert seen_meanwhile == b"old"
    assert path.read_bytes() == b"new"


def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "names.csv"
    path.write_bytes(b"old")

    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"ne" * (1 // 0))

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_bytes(b"old")
    (tmp_path / "link.csv").symlink_to("real.csv")

    with replacing(tmp_path / "link.csv") as file:
        file.write(b"new")

    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_bytes() == b"new"


def test_the_mode_is_what_the_user_s_mask_gives(tmp_path):
    with replacing(tmp_path / "names.csv"):
        pass

    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "names.csv").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_pipe_is_written_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()

    with replacing(pipe) as file:
        file.write(b"names")

    reader.join(10)
    assert got == [b"names"]
    assert pipe.is_fifo()


def test_a_full_disk_is_named():
    with pytest.raises(StorageFullError, match="/dev/full"), replacing(FULL) as file:
        file.write(b"names")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "missing" / "names.csv"

    with pytest.raises(StorageUnavailableError, match="its folder must be there"), replacing(path):
        pass


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(FileNotFoundError(2, "gone"), ObjectMissingError, id="gone"),
        pytest.param(NotADirectoryError(20, "a file"), ObjectMissingError, id="below-a-file"),
        pytest.param(PermissionError(13, "no"), ObjectForbiddenError, id="mode"),
        pytest.param(OSError(5, "I/O error"), StorageUnavailableError, id="disk"),
    ],
)
def test_what_the_disk_refuses_to_a_reader_is_translated(tmp_path, error, expected):
    with pytest.raises(expected, match=str(tmp_path)), translated_reads(tmp_path / "1.jpg"):
        raise error
