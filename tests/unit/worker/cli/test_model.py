from __future__ import annotations

import pytest

from recognition.checkpoint import RELEASE
from tests.candidates import comparison, keep_candidate
from tests.checkpoints import save_untrained
from tests.command import exit_code_of
from tests.unit.recognition.training.sources import write_names
from worker.errors import ExitCode
from worker.models import checkpoint_in_use, model_id_of, promote

BROKEN = [
    pytest.param(b"0123456789ab\n", id="gone"),
    pytest.param(b"../../etc/passwd\n", id="no-model-s-name"),
    pytest.param(b"\xff", id="no-text"),
]


@pytest.fixture
def penname(capsys, monkeypatch):
    """Give a function that runs the command as its entry point does: exit code, output, errors."""

    def run(*arguments):
        code, said = exit_code_of(monkeypatch, arguments), capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("current", BROKEN)
def test_the_way_back_to_the_release_works_whatever_is_promoted(penname, models, current):
    (models / "current").write_bytes(current)
    code, _, said = penname("model", "promote", "0" * 12, "--models", models)
    assert code == ExitCode.DATA

    code, _, said = penname("model", "promote", "release", "--models", models)

    assert (code, said) == (ExitCode.OK, "")
    assert checkpoint_in_use(models) == RELEASE


@pytest.mark.parametrize("current", BROKEN)
def test_force_asks_for_nothing_of_what_is_in_use(penname, models, tmp_path, current):
    (models / "current").write_bytes(current)
    other = save_untrained(tmp_path / "other.safetensors")
    code, _, said = penname("model", "promote", other, "--models", models)
    assert (code != ExitCode.OK, "promote release" in said) == (True, True)

    code, _, _ = penname("model", "promote", other, "--force", "--models", models)

    assert code == ExitCode.OK
    assert checkpoint_in_use(models).read_bytes() == other.read_bytes()


def test_models_are_listed_although_the_promoted_one_is_gone(penname, models):
    (models / "current").write_text("0123456789ab\n")

    code, listed, said = penname("model", "list", "--models", models)

    assert code == ExitCode.OK
    assert f"  {model_id_of(RELEASE)} (release)" in listed
    assert "0123456789ab, which is gone" in said


def test_a_damaged_record_does_not_hide_the_other_models(penname, models, tmp_path):
    one, other = (
        promote(models, save_untrained(tmp_path / f"{seed}.safetensors", seed=seed), force=True)
        for seed in (1, 2)
    )
    (models / f"{one}.json").write_text("{")

    code, listed, said = penname("model", "list", "--models", models)

    assert code == ExitCode.OK
    assert {one, other, model_id_of(RELEASE)} <= set(listed.split())
    assert f"{one}.json is no record of a model" in said


def test_labels_without_letters_are_no_bug(penname, models, tmp_path):
    write_names(tmp_path, "dots", ["...", ".."])
    asked = ("model", "diff", "release", "release", "--data", tmp_path, "--split", "dots")

    code, _, said = penname(*asked, "--models", models)

    assert code == ExitCode.DATA
    assert "holds a letter" in said
    assert "bug" not in said


def test_small_losses_are_said_when_a_model_is_listed_and_promoted(penname, models, tmp_path):
    in_use = promote(models, save_untrained(tmp_path / "9.safetensors", seed=9), force=True)
    model_id = keep_candidate(
        *(models, tmp_path),
        lost=2,
        won=1,
        compared_with=in_use,
        release_comparisons=(comparison(lost=3, won=1),),
    )

    _, listed, _ = penname("model", "list", "--models", models)
    code, said, _ = penname("model", "promote", model_id, "--models", models)

    [line] = [line for line in listed.splitlines() if model_id in line]
    assert line.endswith("perhaps lower")
    assert code == ExitCode.OK
    assert said.count("lower, though maybe by chance: ") == 2
    assert "beside the release, held-out reviewed: fewer are read exactly" in said
