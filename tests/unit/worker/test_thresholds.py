from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from worker.errors import ConfigError
from worker.thresholds import (
    NO_THRESHOLDS,
    REVIEW_ALL,
    Thresholds,
    format_thresholds,
    read_thresholds,
)
from worker.types import GREEDY, ReadWith

PICKED = Thresholds(
    model_id="0123456789ab",
    decoder_version="0a1b2c3d4e5f",
    fields={
        ("clinic", "full_name"): 0.1 + 0.2,  # a number that few digits do not hold
        ("clinic", "guardian.1"): REVIEW_ALL,
        ("school", "full_name"): 1.0,
    },
)


def written(folder, text):
    path = folder / "thresholds.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_thresholds_come_back_as_they_were_written(tmp_path):
    path = written(tmp_path, format_thresholds(PICKED, remark="picked for a test"))

    assert read_thresholds(path) == PICKED


def test_the_file_reads_as_a_person_would_write_it():
    text = format_thresholds(PICKED, remark="picked for a test")

    assert text.startswith("# picked for a test\n")
    assert tomllib.loads(text)["fields"]["clinic"]["guardian.1"] == "review"


def test_a_field_without_a_threshold_keeps_the_default():
    assert PICKED.least("school", "full_name", default=0.85) == 1.0
    assert PICKED.least("school", "guardian.1", default=0.85) == 0.85
    assert NO_THRESHOLDS.least("clinic", "full_name", default=0.85) == 0.85


def test_thresholds_fit_what_they_were_made_for_and_nothing_else():
    used = ReadWith(model_id="0123456789ab", decoder_version="0a1b2c3d4e5f")

    assert PICKED.fit(used)
    assert NO_THRESHOLDS.fit(used)
    assert not PICKED.fit(replace(used, model_id="ba9876543210"))
    assert not PICKED.fit(replace(used, decoder_version=GREEDY))


def test_a_person_may_leave_the_model_out(tmp_path):
    found = read_thresholds(written(tmp_path, "[fields.clinic]\nfull_name = 1\n"))

    assert found == Thresholds(fields={("clinic", "full_name"): 1.0})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("model = ", "cannot be read", id="no-toml"),
        pytest.param("modell = 'a'", "unknown keys: modell", id="misspelt"),
        pytest.param("model = 3", "model must be a text", id="model"),
        pytest.param("decoder = 3", "decoder must be a text", id="decoder"),
        pytest.param("fields = 3", "fields must be a table", id="fields"),
        pytest.param("[fields]\nclinic = 0.9", "fields.clinic must be a table", id="flat"),
        pytest.param("[fields.clinic]\na = 90", "clinic.a must be a number", id="percent"),
        pytest.param("[fields.clinic]\na = nan", "clinic.a must be a number", id="nan"),
        pytest.param("[fields.clinic]\na = true", "clinic.a must be a number", id="bool"),
        pytest.param("[fields.clinic]\na = 'all'", "clinic.a must be a number", id="word"),
    ],
)
def test_what_is_no_threshold_is_named(tmp_path, text, fault):
    with pytest.raises(ConfigError, match=fault):
        read_thresholds(written(tmp_path, text))


def test_a_file_that_is_not_there_is_a_wrong_setting(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_thresholds(tmp_path / "gone.toml")
