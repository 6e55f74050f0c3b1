from __future__ import annotations

from dataclasses import replace

import pytest

from recognition.errors import StudyError, StudyFault
from recognition.training.study.names import read_names
from recognition.training.study.types import Budget
from tests.unit.recognition.training.sources import write_names

BUDGET = Budget(
    parameters=1, epochs=1, batch=2, learning_rate=0.1, train_limit=9, test_limit=9, short_letters=3
)


@pytest.fixture
def folder(tmp_path):
    write_names(tmp_path, "train", ("ADA", "EVE", "HYPATIA"))
    write_names(tmp_path, "validation", ("IDA", "EMMA"), seed=5)
    return tmp_path


def test_only_short_names_are_learned_and_all_are_tested(folder):
    names = read_names(folder, BUDGET)

    assert sorted(names.learned.texts) == ["ADA", "EVE"]
    assert sorted(names.tested.texts) == ["EMMA", "IDA"]
    assert "Y" in names.alphabet.characters


def test_a_crop_that_is_no_picture_is_named(folder):
    crop = next((folder / "validation").iterdir())
    crop.write_bytes(crop.read_bytes()[:20])

    with pytest.raises(StudyError, match=f"{crop.name} is no picture") as refused:
        read_names(folder, BUDGET)

    assert refused.value.fault is StudyFault.NAMES_UNUSABLE


def test_names_that_are_all_too_long_teach_nothing(folder):
    with pytest.raises(StudyError, match="no name of at most 2 characters") as refused:
        read_names(folder, replace(BUDGET, short_letters=2))

    assert refused.value.fault is StudyFault.DATA_TOO_LITTLE
