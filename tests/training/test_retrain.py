"""From corrections to a promoted model, through the real database, store, training and command."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.random import default_rng

from recognition.checkpoint import RELEASE, load_checkpoint, save_checkpoint
from recognition.confidence import UNCALIBRATED
from recognition.training.config import load_config
from recognition.training.crop_store import data_checksum
from recognition.training.manifest import (
    is_held_out,
    only_held_out,
    read_split,
    without_held_out,
)
from recognition.training.synthetic import draw_name
from tests.checkpoints import save_untrained
from tests.command import exit_code_of
from tests.database import make_field, opened, read
from tests.factories import make_crop
from tests.unit.recognition.training.sources import FONTS, write_names
from worker.config import read_settings
from worker.crop_archive import pack_crops
from worker.database.corrections import ReviewedValue, add_correction, reviewed_values
from worker.database.results import ResultFilter, find_results
from worker.database.session import transaction
from worker.errors import (
    ConfigError,
    ExitCode,
    NoCorrectionsError,
    ObjectMissingError,
    TooFewReviewedError,
    UnsuitableBaseError,
)
from worker.models import model_id_of, promote
from worker.retraining import HELD_OUT, Retrained, Retraining, RetrainParams, retrain
from worker.reviewed import SPLIT
from worker.runtime import load_recognizer
from worker.storage.folder import FolderStore
from worker.types import FieldStatus

ROOT = Path(__file__).parents[2]
WORDS = ("ADA", "EVE", "BOB")
LEARNED, JUDGED = 30, 20  # documents of two fields each
SPOILED_CONFIDENCE = {
    "ink": {"intercept": 0.5, "weight": 0.7},
    "names": {"intercept": 0.25, "weight": 0.4},
}
QUICK = RetrainParams(passes=1, least_steps=20, learning_rate=1e-3, least_to_calibrate=10)
RUN = """
out = "elsewhere"
steps = 1
batch_lines = 8
threads = 1
ema_decay = 0.9
doubt_loss = 100.0

[[source]]
folder = "."
split = "names"
share = 1.0
form = true

[[validation]]
name = "names"
folder = "."
split = "other-names"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Scans that were read and reviewed, and where all of it lies."""

    folder: Path
    said: dict[str, str]  # what a person said about each reading, by its id

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/penname.db"

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.folder / "store")

    @property
    def settings(self) -> Path:
        return self.folder / "run.toml"

    def values(self) -> list[ReviewedValue]:
        with opened(self.url) as sessions, transaction(sessions) as session:
            return reviewed_values(session)

    def retrain(self, out: Path, **changes) -> Retrained:
        """Train on, with the network in use as the base unless told otherwise."""
        run = Retraining(
            **{
                "out": out,
                "base": changes.get("in_use"),
                "model_dir": out.parent / "models",
                "mix": load_config(self.settings),
                "budget_s": 120.0,
                "case": "open",
                "params": QUICK,
                **changes,
            }
        )
        return retrain(run, self.values(), self.store)


def uris() -> list[str]:
    """Name documents so that enough of them are kept for judging."""
    named = [f"file:///{number}.jpg" for number in range(400)]
    judged = [uri for uri in named if is_held_out(hashlib.sha256(uri.encode()).hexdigest())]
    return judged[:JUDGED] + [uri for uri in named if uri not in judged][:LEARNED]


def write_crop(word: str, seed: int):
    drawn = draw_name(word, font_path=FONTS[seed % 2], height_px=40, rng=default_rng(seed))
    return np.pad(drawn, 6, constant_values=255)


@pytest.fixture(scope="module")
def office(tmp_path_factory) -> Office:
    """Read two fields on each of many documents, and let a person review every one."""
    office = Office(folder=tmp_path_factory.mktemp("office"), said={})
    write_names(office.folder, "names", WORDS)
    write_names(office.folder, "other-names", WORDS, seed=2)
    office.settings.write_text(RUN)
    truth: dict[tuple[str, str], str] = {}
    with opened(office.url) as sessions:
        for number, uri in enumerate(uris()):
            crops = []
            for at, name in enumerate(("first", "last")):
                truth[uri, name] = WORDS[(number + at) % 3]
                crop = write_crop(truth[uri, name], 2 * number + at)
                crops.append(make_crop(field_name=name, image=crop))
            fields = [make_field(crop.field_name, "?", crop=crop) for crop in crops]
            claim = read(sessions, *fields, uri=uri)
            office.store.put(f"crops/{claim.document_id}/1.zip", pack_crops([(0, crops)]))
        with transaction(sessions) as session:
            for row in list(find_results(session, ResultFilter())):
                text = office.said[row.reading_id.hex] = truth[row.document, row.field]
                add_correction(
                    session,
                    row.reading_id,
                    text=text,
                    status=FieldStatus.READ,
                    corrected_by="nurse 7",
                )
    return office


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory) -> Path:
    """Weights that see a Q wherever they are in any doubt: the release with one number changed."""
    release = load_checkpoint(RELEASE)
    with torch.no_grad():
        release.model.head.bias[1 + release.config.alphabet.index("Q")] += 14
    path = tmp_path_factory.mktemp("spoiled") / "spoiled.safetensors"
    save_checkpoint(
        path,
        release.model,
        release.config,
        {"calibrators": SPOILED_CONFIDENCE},
    )
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A run that is over, with the folder that its model went to."""

    out: Path
    models: Path
    done: Retrained


@pytest.fixture(scope="module")
def trained(office, spoiled, tmp_path_factory) -> Trained:
    """Train on from the spoiled weights, which are in use."""
    folder = tmp_path_factory.mktemp("trained")
    promote(folder / "models", spoiled, force=True)
    done = office.retrain(folder / "run", in_use=spoiled)
    return Trained(out=folder / "run", models=folder / "models", done=done)


@pytest.fixture
def penname(capsys, monkeypatch):
    """Give a function that runs the command as its entry point does: exit code and output."""

    def run(*arguments):
        code, said = exit_code_of(monkeypatch, arguments), capsys.readouterr()
        return code, said.out + said.err

    return run


def model_read_with(models: Path) -> str:
    return load_recognizer(read_settings(model_dir=models, name_prior=False)).model_id


@pytest.mark.slow
def test_samples_are_the_corrected_texts_and_their_crops(trained, office):
    samples = read_split(trained.out, SPLIT)

    assert {s.image.stem: s.text for s in samples} == office.said
    assert len(samples) == 2 * (LEARNED + JUDGED)


@pytest.mark.slow
def test_documents_kept_for_judging_are_not_among_what_was_learned(trained):
    samples = read_split(trained.out, SPLIT)
    learned, judged = without_held_out(samples), only_held_out(samples)
    record = json.loads((trained.out / "record.json").read_text())

    assert (len(learned), len(judged)) == (2 * LEARNED, 2 * JUDGED)
    assert not {s.writer for s in learned} & {s.writer for s in judged}
    # The trainer's own word for what it read: the checksum over files and labels.
    assert record["data_sha256"][0] == data_checksum(learned)


@pytest.mark.slow
def test_both_models_are_compared_on_held_out_values_and_on_the_sets_of_the_settings(trained):
    record = trained.done.record

    assert [(c.name, c.n) for c in record.comparisons] == [(HELD_OUT, 2 * JUDGED), ("names", 3)]
    held_out = record.comparisons[0]
    assert held_out.exact_b > held_out.exact_a + 0.2
    assert held_out.exact_b > 0.7
    assert held_out.cer_b < held_out.cer_a
    assert (record.reviewed_values, record.held_out_values) == (2 * LEARNED, 2 * JUDGED)
    assert record.lines >= 20 * 8


@pytest.mark.slow
def test_the_release_is_compared_with_as_well_since_another_model_was_in_use(trained):
    record = trained.done.record

    names = [(c.name, c.n) for c in record.release_comparisons]
    assert names == [(HELD_OUT, 2 * JUDGED), ("names", 3)]
    held_out, beside_release = record.comparisons[0], record.release_comparisons[0]
    assert beside_release.exact_a > held_out.exact_a
    assert beside_release.exact_b == held_out.exact_b


@pytest.mark.slow
def test_the_confidence_is_fitted_anew_with_names_and_without(trained):
    found = load_checkpoint(trained.models / f"{trained.done.record.model_id}.safetensors").record[
        "calibrators"
    ]

    assert set(found) == {"ink", "names"}
    assert found["ink"] != SPOILED_CONFIDENCE["ink"]
    assert found["names"] not in (SPOILED_CONFIDENCE["names"], asdict(UNCALIBRATED.names))


@pytest.mark.slow
def test_sets_too_small_to_fit_it_on_leave_the_confidence_of_the_base(office, spoiled, tmp_path):
    params = replace(QUICK, least_steps=1, least_to_calibrate=100)  # 40 held out, 3 mixed in
    done = office.retrain(tmp_path / "run", in_use=spoiled, params=params)

    kept = load_checkpoint(tmp_path / "models" / f"{done.record.model_id}.safetensors")
    assert kept.record["calibrators"] == SPOILED_CONFIDENCE


@pytest.mark.slow
def test_a_better_model_is_promoted_and_read_with(trained, penname):
    model_id = trained.done.record.model_id

    code, said = penname("model", "promote", model_id, "--models", trained.models)

    assert (code, model_id in said) == (ExitCode.OK, True)
    assert model_read_with(trained.models) == model_id
    _, listed = penname("model", "list", "--models", trained.models)
    [line] = [line for line in listed.splitlines() if line.startswith("*")]
    assert model_id in line
    assert line.endswith("nothing")


@pytest.mark.slow
def test_a_run_that_is_given_again_goes_on_and_ends_at_the_same_model(trained, office, spoiled):
    again = office.retrain(trained.out, in_use=spoiled)

    assert again.record.model_id == trained.done.record.model_id


@pytest.mark.slow
def test_the_command_trains_a_worse_model_and_will_not_promote_it(
    office, spoiled, tmp_path, penname
):
    models = tmp_path / "models"

    code, said = penname(
        *("train", "--from-db", "--out", tmp_path / "run", "--with", office.settings),
        *("--db", office.url, "--store", office.folder / "store", "--models", models),
        *("--base", spoiled, "--minutes", "0.01"),
    )

    assert code == ExitCode.OK
    assert f"learned from {2 * LEARNED} reviewed values, {2 * JUDGED} more were kept" in said
    assert f"against it: {HELD_OUT}: exact" in said
    assert not any(word in said for word in WORDS)
    [weights] = models.glob("*.safetensors")
    code, said = penname("model", "promote", weights.stem, "--models", models)
    assert (code, "is not promoted" in said) == (ExitCode.DATA, True)
    assert model_read_with(models) == model_id_of(RELEASE)


def test_two_models_are_compared_on_reviewed_values_with_a_sheet_where_asked(
    office, spoiled, tmp_path, penname
):
    sheet = tmp_path / "sheet.png"

    code, said = penname(
        *("model", "diff", "release", spoiled, "--db", office.url, "--holdout"),
        *("--store", office.folder / "store", "--models", tmp_path, "--pictures", sheet),
    )

    assert code == ExitCode.OK
    assert f"A is {model_id_of(RELEASE)}, B is {model_id_of(spoiled)}" in said
    row = said.splitlines()[2].split()
    assert (row[1], row[-2]) == (str(2 * JUDGED), "0")  # crops; right with the spoiled one only
    assert sheet.is_file()
    assert not any(word in said for word in WORDS)


def test_two_models_are_compared_on_labelled_crops(office, tmp_path, penname):
    asked = ("model", "diff", "release", "release", "--data", office.folder, "--split", "names")

    code, said = penname(*asked, "--models", tmp_path, "--pictures", tmp_path / "none.png")

    assert code == ExitCode.OK
    assert "nothing to draw" in said
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(["train"], id="neither"),
        pytest.param(["train", "run.toml", "--from-db"], id="both"),
        *(
            pytest.param(["train", "run.toml", *options], id=f"{options[0]}-of-the-other")
            for options in (["--out", "run"], ["--minutes", "0.01"], ["--case", "open"])
        ),
        pytest.param(["train", "--from-db"], id="no-folder"),
        pytest.param(["model", "diff", "release", "release"], id="nothing-to-compare-on"),
        pytest.param(["model", "diff", "a", "b", "--data", "x"], id="no-split"),
    ],
)
def test_a_command_that_cannot_be_meant_is_a_wrong_call(penname, wrong):
    code, _ = penname(*wrong)

    assert code == ExitCode.USAGE


def test_faults_of_a_run_s_settings_are_listed(penname, tmp_path):
    (tmp_path / "run.toml").write_text("steps = 0\nspeed = 1\n")

    code, said = penname("train", tmp_path / "run.toml")

    assert code == ExitCode.CONFIG
    assert said.count("run.toml:") >= 2


def test_a_run_that_toml_describes_is_trained_by_the_command(office, penname):
    code, said = penname("train", office.settings)

    assert code == ExitCode.OK
    assert "names: exact" in said
    assert (office.folder / "elsewhere" / "weights.safetensors").is_file()


@pytest.mark.slow
def test_a_run_that_is_stopped_says_so_without_a_trace(office, tmp_path):
    settings = tmp_path / "run.toml"
    names = f'folder = "{office.folder}"'
    settings.write_text(
        RUN.replace("steps = 1\n", "steps = 100000\nsave_every = 1\n").replace(
            'folder = "."', names
        )
    )
    process = subprocess.Popen(  # noqa: S603, our own arguments
        [sys.executable, "-m", "worker", "train", str(settings)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "elsewhere" / "state.pt").is_file() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.1)

    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to every process of the command
    _, said = process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGINT
    assert "the same command goes on" in said
    assert "Traceback" not in said


def test_without_corrections_there_is_nothing_to_learn(tmp_path, penname):
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        read(sessions, make_field("full_name", "Ada"))

    code, said = penname("train", "--from-db", "--out", tmp_path / "run", "--db", url)

    assert code == NoCorrectionsError.exit_code
    assert "penname correct" in said
    assert not (tmp_path / "run").exists()


def test_a_few_corrections_are_refused_with_their_count(office, tmp_path):
    with pytest.raises(TooFewReviewedError, match="60 reviewed values to learn from, 100 are"):
        office.retrain(tmp_path / "run", in_use=RELEASE, params=replace(QUICK, least_samples=100))


def test_the_wrong_store_is_told_from_few_corrections(office, tmp_path, penname):
    code, said = penname(
        *("train", "--from-db", "--out", tmp_path / "run", "--db", office.url),
        *("--store", tmp_path / "no such store", "--models", tmp_path),
    )

    assert code == ObjectMissingError.exit_code
    assert "--store" in said


def test_weights_of_another_alphabet_are_no_base(office, tmp_path):
    other = save_untrained(tmp_path / "other.safetensors")

    with pytest.raises(UnsuitableBaseError, match="other characters"):
        office.retrain(tmp_path / "run", in_use=other)
    assert not (tmp_path / "run").exists()


def test_settings_of_another_network_are_named(office, tmp_path):
    mix = replace(load_config(office.settings), model={"rnn_units": 7, "dropout": 0.2})

    with pytest.raises(UnsuitableBaseError, match="another rnn_units than"):
        office.retrain(tmp_path / "run", in_use=RELEASE, mix=mix)


def test_a_folder_of_another_run_is_not_gone_on_with(office, tmp_path):
    few = replace(QUICK, least_samples=1000)
    with pytest.raises(TooFewReviewedError):
        office.retrain(tmp_path / "run", in_use=RELEASE, params=few)

    with pytest.raises(ConfigError, match="another --out"):
        office.retrain(tmp_path / "run", in_use=RELEASE)
