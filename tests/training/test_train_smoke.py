"""Training through its real entry point, on a few drawn lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recognition.checkpoint import load_checkpoint
from recognition.confidence import UNCALIBRATED, calibrators_of
from recognition.recognizer import Recognizer
from recognition.training.__main__ import main
from recognition.training.evaluate import evaluate_names
from recognition.training.exit_codes import EXIT_CONFIG, EXIT_DATA
from recognition.training.halves import Half
from tests.unit.recognition.training.sources import FONTS, write_hands, write_list, write_names

ROOT = Path(__file__).parents[2]
SETTINGS = """
out = "run"
steps = {steps}
seed = 3
threads = 2
batch_lines = 16
learning_rate = 4e-3
ema_decay = 0.9
save_every = {save_every}
evaluate_every = 150

[model]
conv_channels = [16, 32, 48, 64]
frame_features = 64
rnn_units = 64
dropout = 0.0

[[source]]
folder = "data"
split = "train"
case = "open"
form = true
share = 0.9

[[source]]
folder = "data"
split = "hands"
share = 0.05
join = 0.5

[drawn]
fonts = ["{font}"]
names = ["names.csv"]
share = 0.05

[[validation]]
name = "names"
folder = "data"
split = "validation"

[[validation]]
name = "hands"
folder = "data"
split = "other-hands"
"""


@pytest.fixture
def settings(tmp_path):
    for seed, split in enumerate(("train", "validation"), start=1):
        names = ["ADA", "EVE", "IDA", "BOB", "NOA", "MAX", "LEO", "AMY"]
        write_names(tmp_path / "data", split, names, seed=seed)
    write_hands(tmp_path / "data", "hands")
    write_hands(tmp_path / "data", "other-hands", seed=5)
    write_list(tmp_path / "names.csv")

    def write(*, steps, save_every=20):
        path = tmp_path / "run.toml"
        path.write_text(SETTINGS.format(steps=steps, save_every=save_every, font=FONTS[0]))
        return path

    return write


def log(settings_path):
    rows = (settings_path.parent / "run" / "log.jsonl").read_text().splitlines()
    return [json.loads(row) for row in rows]


@pytest.mark.slow
def test_a_short_run_learns_its_lines_and_leaves_a_release(settings, capsys):
    path = settings(steps=480)

    assert main([str(path)]) == 0

    steps = [row for row in log(path) if row["event"] == "step"]
    assert steps[-1]["loss"] < 0.5 * max(row["loss"] for row in steps)
    weights = path.parent / "run" / "weights.safetensors"
    reader, data = Recognizer.load(weights), path.parent / "data"
    report = evaluate_names(reader, data, "validation")
    judging = evaluate_names(reader, data, "validation", half=Half.JUDGING)
    hands = evaluate_names(reader, data, "other-hands")
    assert report.cer < 0.75  # distorted as hard as ever: a blank reader has 1.0
    assert "names: exact" in capsys.readouterr().out
    record = load_checkpoint(weights).record
    assert record["steps"] == 480
    assert record["seed"] == 3
    assert calibrators_of(record).ink != UNCALIBRATED.ink
    assert calibrators_of(record).names != UNCALIBRATED.names
    assert len(record["data_sha256"]) == 2
    assert record["metrics"]["names"]["cer"] == pytest.approx(report.cer)
    # The confidence was fitted on the other half of this set, and on no other set.
    assert record["metrics"]["names"]["ece"] == pytest.approx(judging.ece, abs=1e-4)
    assert record["metrics"]["hands"]["ece"] == pytest.approx(hands.ece, abs=1e-4)
    assert record["start_model_id"] is None
    assert record["settings"]["steps"] == 480
    assert [own["folder"] for own in record["settings"]["sources"]] == ["data", "data"]
    assert str(path.parent) not in json.dumps(record)
    assert {"torch", "numpy", "opencv", "python"} <= record["versions"].keys()
    assert json.loads((path.parent / "run" / "record.json").read_text()) == record


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was_saved(settings):
    path = settings(steps=100_000, save_every=5)
    logged = path.parent / "run" / "log.jsonl"  # written once the state is saved
    command = [sys.executable, "-m", "recognition.training", str(path)]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})  # noqa: S603 - ours
    try:
        deadline = time.monotonic() + 120
        while not logged.is_file() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    before = log(path)[-1]["step"]

    assert main([str(settings(steps=before + 20, save_every=5))]) == 0

    after = [row["step"] for row in log(path) if row["event"] == "step"]
    assert before >= 5
    assert after[-1] == before + 20
    assert len(after) == len(set(after))  # no step was logged twice: nothing began afresh


def test_faults_in_the_settings_are_listed_and_nothing_is_started(tmp_path, capsys):
    path = tmp_path / "run.toml"
    path.write_text("steps = 0\nspeed = 1\n")

    assert main([str(path)]) == EXIT_CONFIG

    assert capsys.readouterr().err.count(str(path)) >= 2
    assert [p.name for p in tmp_path.iterdir()] == ["run.toml"]


def test_a_source_that_is_missing_is_bad_data(tmp_path, capsys):
    path = tmp_path / "run.toml"
    path.write_text('out = "run"\nsteps = 3\n[[source]]\nfolder = "no"\nsplit = "x"\nshare = 1\n')

    assert main([str(path)]) == EXIT_DATA

    assert "no/x.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(("other-hands", "other-hand"), "other-hand.csv", id="misspelt"),
        pytest.param(("7.png", "8.png"), "8.png is listed, but", id="file-missing"),
        pytest.param(("Amy Poe", "..."), "", id="one-label-without-letters"),
    ],
)
def test_a_validation_set_that_is_no_good_costs_no_training(settings, capsys, change, said):
    path = settings(steps=1)
    for file in (path, path.parent / "data" / "other-hands" / "labels.csv"):
        file.write_text(file.read_text().replace(*change))

    code = main([str(path)])

    assert code == (EXIT_DATA if said else 0)
    assert said in capsys.readouterr().err
    assert (path.parent / "run").exists() == (not said)


def test_a_validation_set_without_letters_is_refused_at_the_start(settings, capsys):
    path = settings(steps=1)
    labels = path.parent / "data" / "validation.csv"
    labels.write_text(re.sub(r",[A-Z]{3}$", ",...", labels.read_text(), flags=re.MULTILINE))

    assert main([str(path)]) == EXIT_DATA

    assert "no label of validation set 'names' holds a letter" in capsys.readouterr().err
    assert not (path.parent / "run").exists()
