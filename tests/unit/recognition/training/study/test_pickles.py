from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from recognition.errors import StudyError, StudyFault
from recognition.training.study.pickles import _STAND_INS, read_batch

# As Python 2 wrote CIFAR-10: protocol 2, texts that are bytes, and numpy's old names.
PYTHON_2 = (
    b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b"
    b"\x87R(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff"
    b"\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06abcdeftbU\x06labels](K\x01K\x02eu."
)


class Evil:
    """Runs a command when it is unpickled by anything that trusts it."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_pickled_array_of_any_protocol_and_order_is_read(tmp_path, protocol, order):
    array = np.asarray(np.arange(12, dtype=np.uint8).reshape(3, 4), order=order)
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({b"data": array, "labels": [1, 2]}, protocol))

    batch = read_batch(path)

    assert np.array_equal(batch["data"], array)
    assert batch["labels"] == [1, 2]


def test_a_batch_of_python_2_is_read(tmp_path):
    (tmp_path / "batch").write_bytes(PYTHON_2)

    batch = read_batch(tmp_path / "batch")

    assert batch["data"].tolist() == [list(b"abc"), list(b"def")]
    assert batch["labels"] == [1, 2]


def test_a_pickle_that_would_run_a_command_runs_nothing(tmp_path):
    path, trace = tmp_path / "batch", tmp_path / "trace"
    path.write_bytes(pickle.dumps({"data": Evil(trace)}))

    with pytest.raises(StudyError, match=r"asks for .*system, which no data needs") as refused:
        read_batch(path)

    assert refused.value.fault is StudyFault.DATA_UNSAFE
    assert not trace.exists()
    pickle.loads(path.read_bytes())  # noqa: S301, the command is ours: the danger was real
    assert trace.exists()


def test_a_pickle_cannot_change_how_the_next_one_is_read(tmp_path):
    # It looks up numpy's function and sets attributes of what it is given.
    (tmp_path / "evil").write_bytes(
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nN}X\x0c\x00\x00\x00__defaults__K\x01\x85s\x86b."
    )
    (tmp_path / "batch").write_bytes(PYTHON_2)

    with pytest.raises(StudyError, match="holds no dictionary"):
        read_batch(tmp_path / "evil")

    assert all(getattr(found, "__defaults__", None) is None for found in _STAND_INS.values())
    assert read_batch(tmp_path / "batch")["labels"] == [1, 2]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        PYTHON_2[:-40],
        pickle.dumps([1, 2]),
        pickle.dumps({"data": np.zeros(3, np.float32)}, 2),
        PYTHON_2.replace(b"K\x02K\x03\x86", b"K\x02K\x04\x86"),
        b"\x80\x02cnumpy\nndarray\nK\x09\x85R.",
    ],
    ids=["empty", "text", "cut", "list", "floats", "too few bytes", "array called"],
)
def test_what_is_no_batch_is_refused(tmp_path, content):
    (tmp_path / "batch").write_bytes(content)

    with pytest.raises(StudyError, match="batch"):
        read_batch(tmp_path / "batch")


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"cannot read .*gone"):
        read_batch(tmp_path / "gone")
