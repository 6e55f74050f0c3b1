from __future__ import annotations

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.training.config import SourceConfig
from recognition.training.manifest import is_held_out
from recognition.training.sources import join_crops, open_source, pick
from tests.unit.recognition.training.sources import write_hands, write_names

ALPHABET = Alphabet(NAME_ALPHABET)


def config(folder, split, **changes):
    return SourceConfig(**{"folder": folder, "split": split, "share": 1.0, **changes})


def test_every_readable_crop_is_there_and_held_out_writers_are_not(tmp_path):
    write_hands(tmp_path, "hands", ["Ada"] * 40, writers=20)
    source = open_source(config(tmp_path, "hands"), tmp_path / "store", ALPHABET)

    held = [w for w in (f"w{i}" for i in range(20)) if is_held_out(w)]
    assert held
    assert len(source.lines) == 40 - 2 * len(held)
    assert len(source.by_writer) == 20 - len(held)


def test_signs_that_names_do_not_have_are_passed_over(tmp_path):
    write_names(tmp_path, "train", ["Ada   King", "Eve, 1 Lee", "77", "(Zoe) 8 °"])
    source = open_source(config(tmp_path, "train"), tmp_path / "store", ALPHABET)

    texts = {" ".join(piece.text for piece in line if piece.text) for line in source.lines}
    assert texts == {"Ada King", "Eve Lee", "Zoe"}


def test_a_word_with_letters_beyond_the_alphabet_parts_its_line(tmp_path):
    write_hands(tmp_path, "hands", ["Ada Eve Lee"], writers=1)
    words = tmp_path / "words.json"
    words.write_text('{"0.png": [[0, 40, "Ada"], [40, 80, "Жук"], [80, 120, "Lee"]]}', "utf-8")
    source = open_source(config(tmp_path, "hands", words=words), tmp_path / "store", ALPHABET)

    assert [[piece.text for piece in line] for line in source.lines] == [["Ada"], ["Lee"]]


def test_a_number_stays_in_the_picture_and_out_of_the_text(tmp_path):
    write_hands(tmp_path, "hands", ["Ada     1815     Lee"], writers=1)
    source = open_source(config(tmp_path, "hands", join=0.5), tmp_path / "store", ALPHABET)
    rng = np.random.default_rng(1)

    picked = [pick(source, rng) for _ in range(60)]

    assert {piece.text for piece in source.lines[0]} == {"Ada", "", "Lee"}
    whole = source.store.crop(0).shape[1]
    assert any(text == "Ada Lee" and crop.shape[1] == whole for crop, text in picked)
    assert {text for _, text in picked} >= {"", "Ada", "Lee"}
    assert all(text == " ".join(text.split()) for _, text in picked)


def test_a_forms_crop_is_never_parted(tmp_path):
    write_names(tmp_path, "train", ["Ada King"])
    source = open_source(config(tmp_path, "train", form=True), tmp_path / "store", ALPHABET)

    assert [[piece.text for piece in line] for line in source.lines] == [["Ada King"]]


def test_picked_words_are_those_of_the_label(tmp_path):
    write_names(tmp_path, "train", ["Ada     King     Lee"])
    source = open_source(config(tmp_path, "train"), tmp_path / "store", ALPHABET)
    rng = np.random.default_rng(1)

    picked = [pick(source, rng) for _ in range(40)]

    texts = {text for _, text in picked}
    assert texts <= {"Ada", "King", "Lee", "Ada King", "King Lee", "Ada King Lee"}
    whole = source.store.crop(0).shape[1]
    for crop, text in picked:
        assert (crop.shape[1] == whole) == (text == "Ada King Lee")


def test_joined_words_are_of_one_writer(tmp_path):
    write_hands(tmp_path, "hands", [f"{c}da" for c in "ABCDEFGH"] * 2, writers=4)
    source = open_source(config(tmp_path, "hands", join=1.0), tmp_path / "store", ALPHABET)
    mates = [{source.lines[n][0].text for n in numbers} for numbers in source.by_writer]
    rng = np.random.default_rng(1)

    for _ in range(30):
        _, text = pick(source, rng)
        first, second = text.split(" ")
        assert any({first, second} <= own for own in mates)


@pytest.mark.parametrize("seed", range(5))
def test_a_join_holds_all_ink_of_both_with_a_gap(seed):
    a, b = np.full((40, 60), 255, np.uint8), np.full((50, 90), 255, np.uint8)
    a[10:30, 10:50] = 0
    b[15:40, 20:80] = 0

    joined = join_crops(a, b, np.random.default_rng(seed)) < 128

    filled = np.flatnonzero(joined.any(axis=0))
    assert len(np.flatnonzero(np.diff(filled) > 1)) == 1
    assert joined.sum() > 20 * 40 + 20 * 45


def test_blank_crops_can_be_joined():
    blank = np.full((40, 60), 255, np.uint8)

    assert (join_crops(blank, blank, np.random.default_rng(1)) == 255).all()


def test_a_word_of_one_dot_can_be_joined():
    dot = np.full((40, 60), 255, np.uint8)
    dot[20, 30] = 0
    tall = np.full((1, 60), 255, np.uint8)
    tall[:, 5:50] = 0

    joined = join_crops(tall, dot, np.random.default_rng(1))

    assert (joined < 128).any()
