from __future__ import annotations

import hashlib

import pytest

from recognition.errors import ManifestError
from recognition.training.manifest import (
    is_held_out,
    only_held_out,
    read_split,
    without_held_out,
)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_a_list_beside_its_folder_is_read(tmp_path):
    write(tmp_path / "train.csv", "FILENAME,IDENTITY\na.jpg,E\u0301VA\nb.jpg,\n")

    (sample,) = read_split(tmp_path, "train")

    assert sample.image == tmp_path / "train" / "a.jpg"
    assert sample.text == "ÉVA"  # NFC; the row without a text is left out
    assert sample.writer is None


def test_a_list_inside_its_folder_names_writers(tmp_path):
    write(tmp_path / "hands" / "labels.csv", "FILENAME,IDENTITY,WRITER\na.jpg,Ada,7\n")

    (sample,) = read_split(tmp_path, "hands")

    assert sample.image == tmp_path / "hands" / "images" / "a.jpg"
    assert sample.writer == "7"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, "neither", id="no-list"),
        pytest.param("FILENAME,NAME\na.jpg,A\n", "IDENTITY", id="no-column"),
        pytest.param("FILENAME,IDENTITY\na.jpg,\n", "no labelled crop", id="no-text"),
        pytest.param("FILENAME,IDENTITY\na.jpg,A\na.jpg,B\n", "twice", id="file-twice"),
    ],
)
def test_a_list_that_cannot_serve_is_refused(tmp_path, text, message):
    if text is not None:
        write(tmp_path / "train.csv", text)

    with pytest.raises(ManifestError, match=message):
        read_split(tmp_path, "train")


def test_one_writer_in_eight_is_held_out_by_digest():
    writers = [str(n) for n in range(400)]

    held = [w for w in writers if is_held_out(w)]

    assert held == [w for w in writers if int(hashlib.sha256(w.encode()).hexdigest(), 16) % 8 == 0]
    assert 30 <= len(held) <= 70


def test_no_writer_is_both_trained_on_and_measured_on(tmp_path):
    rows = "".join(f"{n}.jpg,Ada,{n % 40}\n" for n in range(200))
    write(tmp_path / "hands" / "labels.csv", "FILENAME,IDENTITY,WRITER\n" + rows)
    samples = read_split(tmp_path, "hands")

    trained, measured = without_held_out(samples), only_held_out(samples)

    assert measured
    assert len(trained) + len(measured) == len(samples)
    assert not {s.writer for s in trained} & {s.writer for s in measured}


def test_labels_stay_out_of_what_is_printed(tmp_path):
    write(tmp_path / "train.csv", "FILENAME,IDENTITY\na.jpg,ADA\n")

    assert "ADA" not in repr(read_split(tmp_path, "train"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("FILENAME,IDENTITY\na.jpg,ÉVA\n".encode("latin-1"), "no CSV file in UTF-8"),
        (b"IDENTITY,FILENAME\nEVA\n", "line 2 names no file"),
    ],
    ids=["latin-1", "short row"],
)
def test_a_damaged_list_is_named_and_no_name_with_it(tmp_path, content, message):
    (tmp_path / "train.csv").write_bytes(content)

    with pytest.raises(ManifestError, match=message) as refused:
        read_split(tmp_path, "train")

    assert "VA" not in str(refused.value)
