from __future__ import annotations

from pathlib import Path

import pytest

from recognition.errors import TrainingConfigError
from recognition.training import config as module
from recognition.training.config import load_config
from tests.unit.recognition.training.sources import FONTS, write_names

GOOD = """
out = "run"
steps = 10

[[source]]
folder = "names"
split = "train"
share = 1
case = "open"

[[validation]]
name = "v"
folder = "names"
split = "validation"
limit = 5
"""


def load(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_paths_start_at_the_files_folder(tmp_path):
    config = load(tmp_path, GOOD)

    assert config.out == tmp_path / "run"
    assert config.sources[0].folder == tmp_path / "names"
    assert config.sources[0].share == 1.0
    assert config.validations[0].limit == 5
    assert config.drawn is None


def test_fonts_are_found_in_folders_and_by_name(tmp_path):
    drawn = f'[drawn]\nfonts = ["{FONTS[0].parent}", "{FONTS[1]}"]\nnames = []\nshare = 0.5\n'

    config = load(tmp_path, GOOD + drawn)

    assert config.drawn is not None
    assert config.drawn.font_files() == [*FONTS, FONTS[1]]


def test_locales_of_names_are_checked(tmp_path):
    drawn = f'[drawn]\nfonts = ["{FONTS[0]}"]\nnames = []\nshare = 1\nfaker = '

    config = load(tmp_path, GOOD + drawn + '["en_US", "pl_PL"]')
    assert config.drawn is not None
    assert config.drawn.faker == ("en_US", "pl_PL")
    with pytest.raises(TrainingConfigError, match="no locale 'en_XX'"):
        load(tmp_path, GOOD + drawn + '["en_XX"]')
    with pytest.raises(TrainingConfigError, match=r"drawn\[0\].faker: want"):
        load(tmp_path, GOOD + drawn + "[1]")


def test_every_fault_is_reported_at_once(tmp_path):
    with pytest.raises(TrainingConfigError) as caught:
        load(
            tmp_path,
            'steps = "many"\nspeed = 3\nlearning_rate = true\n[[source]]\nfolder = 7\nsplit = "a"\n'
            "[[validation]]\n[drawn]\nfonts = 1\n",
        )

    faults = "\n".join(caught.value.faults)
    for fault in (
        "out: missing",
        "steps: want int",
        "speed: no such setting",
        "learning_rate: want float",
        "source[0].folder: want Path",
        "source[0].share: missing",
        "validation[0].name: missing",
        "drawn[0].fonts: want",
        "drawn[0].share: missing",
    ):
        assert fault in faults


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("steps = 0", "steps: want more than 0"),
        ("ema_decay = 1.5", "ema_decay: want 0 to 1"),
        ("source = 3", "source: want a table"),
    ],
)
def test_settings_that_contradict_are_refused(tmp_path, line, fault):
    name = line.split(maxsplit=1)[0]
    kept = "\n".join(row for row in GOOD.splitlines() if not row.startswith(name))
    if name == "source":
        kept = 'out = "run"\nsteps = 3'

    with pytest.raises(TrainingConfigError, match=fault.replace("(", r"\(")):
        load(tmp_path, f"{line}\n{kept}")


def test_an_unknown_case_and_a_folder_without_fonts_are_refused(tmp_path):
    text = GOOD.replace('"open"', '"upper"') + '[drawn]\nfonts = ["none"]\nnames = []\nshare = 1\n'

    with pytest.raises(TrainingConfigError) as caught:
        load(tmp_path, text)

    assert len(caught.value.faults) == 2
    assert "source.case" in caught.value.faults[0]
    assert "drawn.fonts" in caught.value.faults[1]


@pytest.mark.parametrize(
    ("shares", "fault"),
    [
        pytest.param(("0", "0"), "share: want more than 0", id="nothing-is-drawn"),
        pytest.param(("-1", "2"), r"source\[0\].share: want 0 or more, got -1", id="below-0"),
        pytest.param(("1", "inf"), r"source\[1\].share: want 0 or more, got inf", id="infinite"),
        pytest.param(("nan", "1"), r"source\[0\].share: want 0 or more", id="no-number"),
    ],
)
def test_shares_by_which_nothing_can_be_drawn_are_refused(tmp_path, shares, fault):
    tables = (
        f'[[source]]\nfolder = "."\nsplit = "{number}"\nshare = {share}\n'
        for number, share in enumerate(shares)
    )

    with pytest.raises(TrainingConfigError, match=fault):
        load(tmp_path, 'out = "run"\nsteps = 1\n' + "".join(tables))


def test_a_source_may_have_no_share_beside_another(tmp_path):
    tables = (f'[[source]]\nfolder = "."\nsplit = "{share}"\nshare = {share}\n' for share in (0, 1))

    assert load(tmp_path, 'out = "run"\nsteps = 1\n' + "".join(tables)).steps == 1


def test_a_run_without_sources_is_refused(tmp_path):
    with pytest.raises(TrainingConfigError, match="nothing to learn from"):
        load(tmp_path, 'out = "run"\nsteps = 3\n')


@pytest.mark.parametrize("text", [None, "steps = "], ids=["missing", "no-toml"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, text):
    path = tmp_path / "run.toml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(TrainingConfigError, match=r"run\.toml"):
        load_config(path)


SET = '[[validation]]\nname = "v"\nfolder = "{folder}"\nsplit = "{split}"\nholdout = {holdout}\n'
LEARNED = 'out = "run"\nsteps = 3\n[[source]]\nfolder = "data"\nsplit = "a"\nshare = 1\n'


@pytest.mark.parametrize("folder", ["data", "data/../data/."])
def test_a_run_may_not_be_measured_on_what_it_learns_from(tmp_path, folder):
    with pytest.raises(TrainingConfigError, match="'v': the run learns from data/a"):
        load(tmp_path, LEARNED + SET.format(folder=folder, split="a", holdout="false"))


@pytest.mark.parametrize(("split", "holdout"), [("a", "true"), ("b", "false")])
def test_other_writers_or_another_split_may_be_measured_on(tmp_path, split, holdout):
    config = load(tmp_path, LEARNED + SET.format(folder="data", split=split, holdout=holdout))

    assert len(config.validations) == 1


def test_a_holdout_where_no_writers_are_named_is_refused(tmp_path):
    write_names(tmp_path / "data", "a")

    with pytest.raises(TrainingConfigError, match=r"data/a\.csv names no writers"):
        load(tmp_path, LEARNED + SET.format(folder="data", split="a", holdout="true"))


def test_the_settings_of_the_release_load():
    config = load_config(Path(module.__file__).parent / "release.toml")

    assert [v.holdout for v in config.validations] == [False, True, True]
