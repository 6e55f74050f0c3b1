"""MNIST and CIFAR-10 in every form they come in."""

from __future__ import annotations

import gzip
import pickle
import shutil

import numpy as np
import pytest

from recognition.errors import StudyError, StudyFault
from recognition.training.study.cifar import CLASSES, read_cifar10
from recognition.training.study.mnist import read_mnist
from recognition.training.study.picture_task import PictureTask, with_known_classes
from recognition.training.study.types import Budget, PictureSet
from tests.unit.recognition.training.study.drawn import colours, digits, idx, write_mnist

LEARNED, TESTED = colours(40), colours(20, seed=4)


def planes(images):
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def write_python(folder, *, name_classes=True):
    for name, (images, labels) in (("data_batch_1", LEARNED), ("test_batch", TESTED)):
        batch = {b"data": planes(images), b"labels": labels.tolist(), b"batch_label": b"one"}
        (folder / name).write_bytes(pickle.dumps(batch, 2))
    if name_classes:
        names = [f"kind {i}".encode() for i in range(10)]
        (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": names}, 2))


def write_binary(folder):
    for name, (images, labels) in (("data_batch_1.bin", LEARNED), ("test_batch.bin", TESTED)):
        records = np.concatenate([labels[:, None].astype(np.uint8), planes(images)], axis=1)
        (folder / name).write_bytes(records.tobytes())


def write_archive(folder, **changes):
    arrays = {
        "x_train": LEARNED[0], "y_train": LEARNED[1], "x_test": TESTED[0], "y_test": TESTED[1],
    }  # fmt: skip
    arrays = {name: a for name, a in {**arrays, **changes}.items() if a is not None}
    np.savez(folder / "cifar10_subset.npz", **arrays)


@pytest.mark.parametrize("write", [write_python, write_binary, write_archive])
@pytest.mark.parametrize("nested", ["", "cifar-10-batches-py", "cifar-10-batches-bin"])
def test_every_form_of_cifar10_gives_the_same_pictures(tmp_path, write, nested):
    if write is write_archive:
        nested = ""
    (tmp_path / nested).mkdir(exist_ok=True)
    write(tmp_path / nested)

    learned, tested = read_cifar10(tmp_path)

    assert np.array_equal(learned.images, LEARNED[0])
    assert np.array_equal(learned.labels, LEARNED[1])
    assert np.array_equal(tested.images, TESTED[0])
    assert learned.classes == tuple(
        f"kind {i}" if write is write_python else CLASSES[i] for i in range(10)
    )


def test_python_batches_without_names_have_the_usual_classes(tmp_path):
    write_python(tmp_path, name_classes=False)

    assert read_cifar10(tmp_path)[0].classes == CLASSES


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"y_test": None}, r"lacks the arrays \['y_test'\]"),
        ({"x_train": LEARNED[0][:, :16]}, r"want \(N, 32, 32, 3\) uint8"),
        ({"x_train": LEARNED[0].astype(np.float32)}, "float32"),
        ({"y_train": LEARNED[1][:-1]}, "39 labels of int64, want 40 whole numbers"),
        ({"y_train": LEARNED[1] + 1}, "a label out of 0..9"),
        ({"y_train": LEARNED[1] / 2}, "labels of float64, want 40 whole numbers"),
        ({"x_train": np.array([{}], object)}, "cannot be unpacked"),
        ({"classes": np.array([f"${i}$" for i in range(10)])}, "names of classes"),
        ({"classes": np.array("one")}, r"a label out of 0\.\.0"),
    ],
    ids=["missing", "size", "floats", "count", "range", "halves", "pickled", "names", "one name"],
)
def test_an_archive_at_fault_says_what_is_wrong(tmp_path, changes, complaint):
    write_archive(tmp_path, **changes)

    with pytest.raises(StudyError, match=complaint):
        read_cifar10(tmp_path)


def test_damaged_batches_are_refused(tmp_path):
    write_binary(tmp_path)
    with (tmp_path / "test_batch.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(StudyError, match="want a multiple of 3073"):
        read_cifar10(tmp_path)

    (tmp_path / "test_batch.bin").unlink()
    with pytest.raises(StudyError, match=r"cannot read .*test_batch\.bin"):
        read_cifar10(tmp_path)

    (tmp_path / "data_batch_1.bin").unlink()
    (tmp_path / "cifar10.npz").write_bytes(b"no archive")
    with pytest.raises(StudyError, match=r"cifar10\.npz cannot be unpacked"):
        read_cifar10(tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_an_archive_with_bytes_overwritten_is_refused_or_read_never_a_bug(tmp_path, seed):
    write_archive(tmp_path)
    path, rng = tmp_path / "cifar10_subset.npz", np.random.default_rng(seed)
    content = np.frombuffer(path.read_bytes(), np.uint8).copy()
    heads = np.flatnonzero(content[:-1] == ord("P"))  # of the archive's entries, among others
    content[rng.choice(heads) + rng.integers(0, 60, 8)] = rng.integers(0, 256, 8)
    path.write_bytes(content.tobytes())

    try:
        read_cifar10(tmp_path)
    except StudyError as refused:
        assert refused.fault is StudyFault.DATA_DAMAGED  # noqa: PT017, most seeds raise, not all


def test_python_batches_without_pictures_or_labels_are_refused(tmp_path):
    for batch, complaint in (
        ({b"labels": [1]}, "no data"),
        ({b"data": planes(LEARNED[0]), b"labels": b"1"}, "no list of labels"),
        ({b"data": planes(LEARNED[0]), b"labels": [1 << 80]}, "no list of labels"),
    ):
        (tmp_path / "data_batch_1").write_bytes(pickle.dumps(batch, 2))
        with pytest.raises(StudyError, match=complaint):
            read_cifar10(tmp_path)


def test_a_folder_without_data_says_which_files_are_wanted(tmp_path):
    with pytest.raises(StudyError, match="want data_batch_1"):
        read_cifar10(tmp_path)
    with pytest.raises(StudyError, match="train-images-idx3-ubyte"):
        read_mnist(tmp_path)


@pytest.mark.parametrize("nested", ["", "mnist", "MNIST/raw"])
def test_mnist_is_set_in_the_middle_of_32_px(tmp_path, nested):
    write_mnist(tmp_path / nested, learned=20, tested=10)

    learned, tested = read_mnist(tmp_path)

    images, labels = digits(20)
    assert np.array_equal(learned.images[:, 2:-2, 2:-2, 0], images)
    assert np.array_equal(learned.labels, labels)
    assert len(tested.labels) == 10
    assert not learned.images[:, :2].any()


@pytest.mark.parametrize(
    ("part", "array", "complaint"),
    [
        ("images-idx3", np.zeros((3, 28, 28)), "3 pictures, but 20 labels"),
        ("images-idx3", np.zeros((20, 64, 64)), "64 x 64 px, over 32"),
        ("labels-idx1", np.full(20, 10), "a label is out of 0..9"),
    ],
    ids=["count", "size", "label"],
)
def test_mnist_files_that_contradict_each_other_are_refused(tmp_path, part, array, complaint):
    write_mnist(tmp_path, learned=20, tested=10)
    (tmp_path / f"train-{part}-ubyte").write_bytes(idx(array))

    with pytest.raises(StudyError, match=complaint):
        read_mnist(tmp_path)


def test_packed_training_files_are_found_too(tmp_path):
    write_mnist(tmp_path, learned=20, tested=10)
    plain = tmp_path / "train-images-idx3-ubyte"
    (tmp_path / "train-images.idx3-ubyte.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    shutil.move(tmp_path / "train-labels-idx1-ubyte", tmp_path / "train-labels.idx1-ubyte")

    assert len(read_mnist(tmp_path)[0].labels) == 20


def test_classes_that_hardly_any_picture_shows_are_left_out_of_both_sets():
    learned = PictureSet(
        images=np.zeros((45, 32, 32, 1), np.uint8),
        labels=np.array([0] * 21 + [1] + [2] * 23),
        classes=("a", "b", "c"),
    )
    tested = PictureSet(
        images=np.arange(3, dtype=np.uint8)[:, None, None, None]
        * np.ones((1, 32, 32, 1), np.uint8),
        labels=np.array([2, 1, 0]),
        classes=("a", "b", "c"),
    )

    known, measured, left_out = with_known_classes(learned, tested)

    assert left_out == {"b": 1}
    assert known.classes == measured.classes == ("a", "c")
    assert measured.labels.tolist() == [1, 0]
    assert measured.images[:, 0, 0, 0].tolist() == [0, 2]
    assert sorted(set(known.labels.tolist())) == [0, 1]


@pytest.mark.parametrize(
    ("learned", "tested"), [([1, 1, 1], [1]), ([0, 1, 0], [2])], ids=["one class", "none tested"]
)
def test_pictures_that_cannot_tell_networks_apart_are_refused(learned, tested):
    sets = [
        PictureSet(
            images=np.zeros((len(labels), 32, 32, 1), np.uint8),
            labels=np.array(labels),
            classes=("a", "b", "c"),
        )
        for labels in (learned, tested)
    ]
    budget = Budget(parameters=1, epochs=1, batch=2, learning_rate=0.1, train_limit=9, test_limit=9)

    with pytest.raises(StudyError, match="two classes or more") as refused:
        PictureTask(sets[0], sets[1], budget)

    assert refused.value.fault is StudyFault.DATA_TOO_LITTLE
