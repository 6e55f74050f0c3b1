from __future__ import annotations

import cv2
import numpy as np
import pytest

from recognition.errors import ManifestError
from recognition.training.crop_store import check_files, open_store, read_crop
from recognition.training.manifest import read_split
from tests.unit.recognition.training.sources import write_names


@pytest.fixture
def samples(tmp_path):
    write_names(tmp_path, "train")
    return read_split(tmp_path, "train")


def test_crops_come_back_as_they_were_decoded(samples, tmp_path):
    store = open_store(samples, tmp_path / "store")

    for index, sample in enumerate(samples):
        np.testing.assert_array_equal(store.crop(index), read_crop(sample.image))
    assert not store.crop(0).flags.writeable


def test_a_store_is_built_once_and_again_when_a_label_changes(samples, tmp_path):
    first = open_store(samples, tmp_path / "store")
    again = open_store(samples, tmp_path / "store")
    (tmp_path / "train.csv").write_text("FILENAME,IDENTITY\n0.png,OTHER\n")
    other = open_store(read_split(tmp_path, "train"), tmp_path / "store")

    assert first.checksum == again.checksum != other.checksum
    assert len(list((tmp_path / "store").glob("*.u8"))) == 2
    assert not list((tmp_path / "store").glob("*.partial"))


def test_tall_crops_are_kept_smaller(samples, tmp_path):
    cv2.imwrite(str(samples[0].image), np.full((300, 600), 255, np.uint8))

    assert open_store(samples, tmp_path / "store").crop(0).shape == (96, 192)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(None, r"3\.png", id="missing"),
        pytest.param(b"not a picture", r"3\.png is no picture", id="no-picture"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(samples, tmp_path, content, fault):
    samples[3].image.unlink()
    if content is not None:
        samples[3].image.write_bytes(content)

    with pytest.raises(ManifestError, match=fault):
        open_store(samples, tmp_path / "store")


def test_a_picture_that_is_missing_is_not_called_damaged(samples):
    samples[3].image.unlink()

    with pytest.raises(ManifestError, match=r"3\.png is not there"):
        read_crop(samples[3].image)
    with pytest.raises(ManifestError, match="no such file"):
        check_files(samples)
