from __future__ import annotations

import json
from functools import partial

import pytest

from recognition.checkpoint import RELEASE
from tests.candidates import comparison, keep_candidate
from tests.checkpoints import save_untrained
from worker.config import read_settings
from worker.errors import ConfigError, ModelRefusedError, NoSuchModelError
from worker.models import (
    LEAST_HELD_OUT,
    checkpoint_in_use,
    faults,
    find_checkpoint,
    list_models,
    model_id_of,
    promote,
    read_record,
    remarks,
)
from worker.runtime import checkpoint_file, load_recognizer


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def candidate(folder, tmp_path):
    """Give a function that puts a model, with its record, into the folder; it gives the id."""

    return partial(keep_candidate, folder, tmp_path)


def test_without_a_promoted_model_the_release_is_read_with(folder):
    assert checkpoint_in_use(folder) == RELEASE


def test_a_promoted_model_is_read_with_and_a_named_file_wins_over_it(folder, candidate, tmp_path):
    model_id = candidate(won=5)

    promote(folder, model_id)

    assert checkpoint_in_use(folder) == folder / f"{model_id}.safetensors"
    named = tmp_path / "other.safetensors"
    assert checkpoint_in_use(folder, named) == named
    settings = read_settings(model_dir=folder, name_prior=False)
    assert load_recognizer(settings).model_id == model_id
    assert checkpoint_file(read_settings(model_dir=folder, checkpoint=named)) == named


def test_the_folder_holds_weights_their_record_and_the_name_of_the_promoted(folder, candidate):
    model_id = candidate(won=5)

    promote(folder, model_id)

    names = {path.name for path in folder.iterdir()}
    assert names == {f"{model_id}.safetensors", f"{model_id}.json", "current"}
    assert (folder / "current").read_text() == f"{model_id}\n"
    stored = json.loads((folder / f"{model_id}.json").read_text())
    assert stored["comparisons"][0]["only_b"] == 5


def test_a_record_comes_back_as_it_was_kept(folder, candidate):
    model_id = candidate(lost=2, won=5)

    record = read_record(folder / f"{model_id}.json")

    assert record is not None
    assert record.comparisons == (comparison(lost=2, won=5),)
    assert record.model_id == model_id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"lost": 9}, "9 lost and 0 won", id="worse"),
        pytest.param({"won": 9, "held_out_values": LEAST_HELD_OUT - 1}, "29 reviewed", id="few"),
        pytest.param({"won": 9, "compared_with": "0" * 12}, "compared with 0000", id="stale"),
        pytest.param({"won": 9, "model_id": "0" * 12}, "never compared", id="another-s-record"),
    ],
)
def test_a_model_is_refused_unless_forced(folder, candidate, changes, reason):
    candidate(**changes)
    [weights] = folder.glob("*.safetensors")
    model_id = model_id_of(weights)

    with pytest.raises(ModelRefusedError, match=reason):
        promote(folder, model_id)
    assert checkpoint_in_use(folder) == RELEASE

    promote(folder, model_id, force=True)
    assert checkpoint_in_use(folder) == weights


def test_a_model_in_use_is_not_replaced_by_one_that_is_worse_than_the_release(folder, candidate):
    in_use = candidate(seed=1, won=9)
    promote(folder, in_use)
    worse = candidate(
        seed=2, won=1, compared_with=in_use, release_comparisons=(comparison(lost=9),)
    )
    unknown = candidate(seed=3, won=1, compared_with=in_use)

    with pytest.raises(ModelRefusedError, match=r"beside the release, .* 9 lost"):
        promote(folder, worse)
    with pytest.raises(ModelRefusedError, match="never compared with the release"):
        promote(folder, unknown)

    sound = candidate(seed=4, compared_with=in_use, release_comparisons=(comparison(won=9),))
    promote(folder, sound)
    kept = read_record(folder / f"{sound}.json")
    assert kept is not None
    assert kept.release_comparisons == (comparison(won=9),)


def test_a_record_of_an_older_version_is_read(folder, candidate):
    path = folder / f"{candidate(won=9)}.json"
    stored = json.loads(path.read_text())
    del stored["release_comparisons"]
    path.write_text(json.dumps(stored))

    record = read_record(path)

    assert record is not None
    assert record.release_comparisons == ()


def test_a_model_that_is_lower_in_both_figures_is_said_to_be_even_by_chance(folder, candidate):
    record = read_record(folder / f"{candidate(lost=2, won=1)}.json")
    better = read_record(folder / f"{candidate(seed=2, lost=1, won=2)}.json")

    assert record is not None
    assert better is not None
    assert faults(record) == []
    [remark] = remarks(record)
    assert "fewer are read exactly (0.957 to 0.913)" in remark
    assert remarks(better) == []


def test_a_file_from_elsewhere_was_never_compared(folder, tmp_path):
    path = save_untrained(tmp_path / "elsewhere.safetensors")

    with pytest.raises(ModelRefusedError, match="never compared"):
        promote(folder, path)
    assert not folder.exists()

    name = promote(folder, path, force=True)

    assert checkpoint_in_use(folder).read_bytes() == path.read_bytes()
    assert name == model_id_of(path)


def test_a_model_moved_with_its_record_is_promoted_elsewhere(folder, candidate, tmp_path):
    model_id = candidate(won=9)
    other = tmp_path / "another machine"

    promote(other, folder / f"{model_id}.safetensors")

    assert checkpoint_in_use(other) == other / f"{model_id}.safetensors"
    assert read_record(other / f"{model_id}.json") is not None


@pytest.mark.parametrize("name", ["release", model_id_of(RELEASE)])
def test_the_release_can_always_be_gone_back_to(folder, candidate, name):
    promote(folder, candidate(won=9))

    assert promote(folder, name) == "release"

    assert checkpoint_in_use(folder) == RELEASE


def test_the_model_in_use_may_be_promoted_again(folder, candidate):
    model_id = candidate(won=9)
    promote(folder, model_id)

    promote(folder, model_id)

    assert checkpoint_in_use(folder).stem == model_id


def test_a_promoted_model_that_is_gone_is_named_with_the_way_back(folder, candidate):
    model_id = candidate(won=9)
    promote(folder, model_id)
    (folder / f"{model_id}.safetensors").unlink()

    with pytest.raises(NoSuchModelError, match="promote release"):
        checkpoint_in_use(folder)


def test_a_current_file_that_names_no_model_is_a_wrong_setting(folder):
    folder.mkdir()
    (folder / "current").write_text("../../etc/passwd\n")

    with pytest.raises(ConfigError, match="names no model"):
        checkpoint_in_use(folder)


def test_a_damaged_record_is_no_leave_to_promote(folder, candidate):
    model_id = candidate(won=9)
    (folder / f"{model_id}.json").write_text('{"format": "penname-model-1"}')

    with pytest.raises(ConfigError, match="is no record"):
        promote(folder, model_id)


def test_a_model_is_found_by_id_name_or_file(folder, candidate, tmp_path):
    model_id = candidate(won=9)
    weights = folder / f"{model_id}.safetensors"

    assert find_checkpoint(folder, model_id) == weights
    assert find_checkpoint(folder, "release") == RELEASE
    assert find_checkpoint(folder, "current") == RELEASE
    assert find_checkpoint(folder, str(tmp_path / "1.safetensors")) == tmp_path / "1.safetensors"
    with pytest.raises(NoSuchModelError, match="penname model list"):
        find_checkpoint(folder, "0123456789ab")


def test_models_are_listed_with_the_one_in_use_and_the_latest_trained_last(folder, candidate):
    second, first = candidate(seed=2, won=9), candidate(seed=1)
    promote(folder, second)

    listed = list_models(folder, in_use=checkpoint_in_use(folder))

    assert [model.model_id for model in listed] == [model_id_of(RELEASE), first, second]
    assert [model.in_use for model in listed] == [False, False, True]
    assert [model.is_release for model in listed] == [True, False, False]
    assert listed[0].record is None
    assert listed[0].training["lines"] > 0


def test_a_damaged_file_in_the_folder_does_not_hide_the_others(folder, candidate):
    model_id = candidate(won=9)
    (folder / "0123456789ab.safetensors").write_bytes(b"cut short")

    listed = {model.place.stem: model for model in list_models(folder, in_use=RELEASE)}

    assert listed["0123456789ab"].training == {}
    assert listed[model_id].record is not None


def test_a_record_holds_figures_and_no_text_that_was_read(folder, candidate):
    model_id = candidate(won=9)

    assert "ADA" not in (folder / f"{model_id}.json").read_text()
