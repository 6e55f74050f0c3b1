from __future__ import annotations

import gzip

import numpy as np
import pytest

from recognition.errors import StudyError
from recognition.training.study.idx import read_idx
from tests.unit.recognition.training.study.drawn import idx

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize(("name", "pack"), [("plain", bytes), ("packed.gz", gzip.compress)])
def test_what_was_written_is_read(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(idx(ARRAY)))

    assert np.array_equal(read_idx(tmp_path / name, axes=3), ARRAY)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "ends within its header"),
        (idx(ARRAY)[:9], "ends within its header"),
        (idx(ARRAY)[:-1], "23 of the 24 bytes"),
        (idx(ARRAY) + b"x", "more than the 24 bytes"),
        (idx(ARRAY[0]) + bytes(12), "no idx file of unsigned bytes with 3 axes"),
        (b"\x00\x00\x0d\x03" + bytes(12), "no idx file of unsigned bytes"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "claims"),
        (b"\x00\x00\x08\x03" + bytes(12), "claims 0 bytes"),
    ],
    ids=["empty", "cut head", "cut", "longer", "axes", "floats", "huge", "no items"],
)
def test_a_file_that_contradicts_its_header_is_refused(tmp_path, content, complaint):
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(StudyError, match=complaint):
        read_idx(path, axes=3)


def test_a_packed_file_that_is_cut_or_no_gzip_is_refused(tmp_path):
    for content in (gzip.compress(idx(ARRAY))[:-12], b"plain"):
        (tmp_path / "file.gz").write_bytes(content)

        with pytest.raises(StudyError, match=r"cannot read .*file\.gz"):
            read_idx(tmp_path / "file.gz", axes=3)
