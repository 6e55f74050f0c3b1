from __future__ import annotations

import stat
from uuid import uuid4

import cv2
import numpy as np
import pytest

from recognition.training.manifest import only_held_out, read_split, without_held_out
from tests.factories import make_crop, make_image
from tests.fakes.memory_store import MemoryStore
from worker.crop_archive import pack_crops
from worker.database.corrections import ReviewedValue
from worker.errors import ConfigError, ObjectMissingError
from worker.reviewed import SPLIT, make_run_folder, write_samples


def value(number, text="Ada", **changes):
    """One reviewed field of document ``number``."""
    return ReviewedValue(
        **{
            "reading_id": uuid4(),
            "text": text,
            "document_sha256": f"{number:064x}",
            "page_index": 0,
            "field_name": "full_name",
            "crop_key": f"crops/{number}/1.zip",
            "doubt": "",
            **changes,
        }
    )


def stored(values):
    """Keep the crop of every value, no two alike, in the archive of its document."""
    store = MemoryStore()
    for key in {value.crop_key for value in values}:
        own = [value for value in values if value.crop_key == key]
        crops = [
            make_crop(field_name=v.field_name, image=make_image(seed=v.reading_id.int % 2**32))
            for v in own
        ]
        store.put(key, pack_crops([(0, crops)]))
    return store


def test_samples_hold_the_crops_and_the_texts_that_people_said(tmp_path):
    values = [value(n, text) for n, text in enumerate(["Ada", "Émile  Zola", "O\u2019Neil"])]

    write_samples(values, stored(values), tmp_path)

    samples = read_split(tmp_path, SPLIT)
    assert [sample.text for sample in samples] == ["Ada", "Émile Zola", "O'Neil"]
    for sample, said in zip(samples, values, strict=True):
        expected = make_image(seed=said.reading_id.int % 2**32)
        np.testing.assert_array_equal(cv2.imread(str(sample.image), cv2.IMREAD_UNCHANGED), expected)


def test_all_fields_of_a_document_are_on_one_side(tmp_path):
    values = [value(n, field_name=name) for n in range(40) for name in ("first", "last")]

    written = write_samples(values, stored(values), tmp_path)

    samples = read_split(tmp_path, SPLIT)
    judged, learned = only_held_out(samples), without_held_out(samples)
    assert (len(judged), len(learned)) == (written.held_out, written.to_learn)
    assert len(judged) + len(learned) == 80
    assert 0 < len(judged) < 24  # an eighth, give or take
    assert not {s.writer for s in judged} & {s.writer for s in learned}
    assert written.documents == 40


def test_what_cannot_be_learned_from_is_left_out_and_counted(tmp_path):
    good, gone, beyond = value(1), value(2), value(3, "Ада")
    misplaced, never_cut = value(4, doubt="out_of_page"), value(5, crop_key=None)
    other_field = value(1, field_name="nickname")
    store = stored([good, beyond, misplaced])

    written = write_samples(
        [good, other_field, gone, beyond, misplaced, never_cut], store, tmp_path
    )

    assert (written.misplaced, written.missing, written.unspellable) == (1, 3, 1)
    assert len(read_split(tmp_path, SPLIT)) == 1
    assert written.left_out.startswith("1 misplaced, 3 whose crop is not in the store, 1 with")


def test_a_damaged_archive_counts_as_missing(tmp_path):
    good, damaged = value(1), value(2)
    store = stored([good, damaged])
    store.put("crops/2/1.zip", b"no archive")

    assert write_samples([good, damaged], store, tmp_path).missing == 1


def test_a_store_without_any_of_the_crops_is_the_wrong_one(tmp_path):
    with pytest.raises(ObjectMissingError, match=r"not one of 2 crops.*--store"):
        write_samples([value(1), value(2)], MemoryStore(), tmp_path)


def test_nobody_else_may_read_what_is_written(tmp_path):
    values = [value(n) for n in range(3)]
    folder = tmp_path / "run"
    make_run_folder(folder, digest="one")

    write_samples(values, stored(values), folder)

    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / SPLIT / "images").stat().st_mode) == 0o700


def test_a_run_is_gone_on_with_in_its_folder_and_another_is_refused(tmp_path):
    make_run_folder(tmp_path / "run", digest="one")
    make_run_folder(tmp_path / "run", digest="one")

    with pytest.raises(ConfigError, match="another --out"):
        make_run_folder(tmp_path / "run", digest="two")


def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    mode = tmp_path.stat().st_mode

    with pytest.raises(ConfigError, match="not empty"):
        make_run_folder(tmp_path, digest="one")

    assert tmp_path.stat().st_mode == mode
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
