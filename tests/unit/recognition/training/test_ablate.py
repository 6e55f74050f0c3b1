from __future__ import annotations

import json
from pathlib import Path

import pytest

from recognition.errors import TrainingConfigError
from recognition.training import ablate
from recognition.training.ablate import as_table, changed, main, read_plan
from recognition.training.config import read_toml
from tests.unit.recognition.training.sources import FONTS, write_list, write_names

PLAN = """
out = "runs"
steps = 2
threads = 1
batch_lines = 4
save_every = 1

[model]
conv_channels = [8, 8, 8, 8]
frame_features = 8
rnn_units = 8

[[source]]
folder = "."
split = "train"
share = 1

[drawn]
fonts = ["{font}"]
names = ["list.csv"]
share = 0.5

[[validation]]
name = "names"
folder = "."
split = "validation"
"""
CHANGES = """
[[change]]
name = "no dropout"
[change.model]
dropout = 0.0

[[change]]
name = "no drawn names"
without = ["drawn"]
"""


@pytest.fixture
def plan(tmp_path):
    def write(changes=CHANGES, text=PLAN):
        path = tmp_path / "plan.toml"
        path.write_text(text.format(font=FONTS[0]) + changes, encoding="utf-8")
        return path

    write_names(tmp_path, "train", ["Ada", "Eve", "Bob", "Max"])
    write_names(tmp_path, "validation", ["Noa", "Leo"])
    write_list(tmp_path / "list.csv")
    return write


def faults(path):
    with pytest.raises(TrainingConfigError) as caught:
        read_plan(path)
    return caught.value.faults


def test_each_change_is_laid_over_the_recipe_which_comes_first(plan):
    recipe, no_dropout, nothing_drawn = read_plan(plan())

    assert (recipe.name, recipe.config.model.get("dropout")) == ("the recipe", None)
    assert no_dropout.config.model == {**recipe.config.model, "dropout": 0.0}
    assert no_dropout.config.drawn == recipe.config.drawn
    assert nothing_drawn.config.drawn is None
    assert len({run.config.out for run in (recipe, no_dropout, nothing_drawn)}) == 3


def test_a_change_of_the_sources_holds_for_every_one():
    sources: list[dict[str, float]] = [{"share": 1, "join": 0.5}, {"share": 2}]

    assert changed({"source": sources}, {"name": "n", "source": {"join": 0.0}}) == {
        "source": [{"share": 1, "join": 0.0}, {"share": 2, "join": 0.0}]
    }
    assert sources[0]["join"] == 0.5


def test_a_misspelt_setting_is_refused_with_the_name_of_its_change(plan):
    assert faults(plan('[[change]]\nname = "faster"\nlearning_pace = 3\n')) == (
        "faster: learning_pace: no such setting",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ("change = 3", "change: want tables"),
        ("[[change]]\nsteps = 3", "change[0].name: want a text"),
        ('[[change]]\nname = " "', "change[0].name: want a text"),
        ('[[change]]\nname = "a"\nbudget_s = 3', "budget_s: runs of a plan"),
        ('[[change]]\nname = "a"\nwithout = "drawn"', "change[0].without: want a list of settings"),
    ],
)
def test_a_plan_that_compares_nothing_is_refused(plan, changes, fault):
    text = f"{changes}\n{PLAN}" if changes.startswith("change =") else PLAN
    found = faults(plan("" if changes.startswith("change =") else changes, text))

    assert any(each.startswith(fault) for each in found), found


def test_a_plan_without_anything_to_measure_on_is_refused(plan):
    text = PLAN[: PLAN.index("[[validation]]")]

    assert faults(plan(text=text)) == ("validation: there is nothing to measure on",)


def test_the_shipped_plan_names_settings_that_there_are(tmp_path):
    pytest.importorskip("faker")
    shipped = Path(ablate.__file__).with_name("ablation.toml")
    (tmp_path / "fonts").mkdir()
    (tmp_path / "fonts" / "a.ttf").write_bytes(b"")
    path = tmp_path / "ablation.toml"
    path.write_bytes(shipped.read_bytes())

    names = [run.name for run in read_plan(path)]

    assert names == ["the recipe", *(change["name"] for change in read_toml(path)["change"])]


def test_the_table_has_a_row_a_run_with_figures_of_each_validation_set(plan, capsys, tmp_path):
    assert main([str(plan())]) == 0

    table = (tmp_path / "runs" / "table.md").read_text("utf-8")
    assert capsys.readouterr().out == table
    head, _, *rows = table.splitlines()
    assert head == (
        "| change | names exact | names CER | parameters | lines seen | crops/s of a core |"
    )
    assert [row.split(" | ")[0] for row in rows] == [
        "| the recipe", "| no dropout", "| no drawn names",
    ]  # fmt: skip
    record = json.loads((tmp_path / "runs" / "01" / "record.json").read_text("utf-8"))
    assert rows[1].split(" | ")[2] == f"{record['metrics']['names']['cer']:.3f}"
    assert rows[1].split(" | ")[4] == "8"


def test_a_plan_that_was_stopped_goes_on_where_it_was(plan, tmp_path):
    path = plan()
    assert main([str(path)]) == 0
    logs = [(tmp_path / "runs" / f"0{i}" / "log.jsonl") for i in range(3)]
    before = [log.read_text() for log in logs]
    (tmp_path / "runs" / "table.md").unlink()
    (tmp_path / "runs" / "02" / "weights.safetensors").unlink()

    assert main([str(path)]) == 0

    assert (tmp_path / "runs" / "table.md").is_file()
    assert [log.read_text() == old for log, old in zip(logs, before, strict=True)] == [
        True, True, False,
    ]  # fmt: skip


def test_faults_and_missing_data_end_with_codes(plan, tmp_path, capsys):
    assert main([str(tmp_path / "none.toml")]) == 78
    (tmp_path / "train.csv").unlink()
    assert main([str(plan())]) == 65
    assert "plan.toml" not in capsys.readouterr().out


def test_rows_are_written_with_their_figures():
    row = ablate.Row(
        name="x", exact={"a": 0.5}, cer={"a": 0.25}, parameters=1_250_000, lines=4200,
        crops_per_s=99.6,
    )  # fmt: skip

    assert as_table([row]).splitlines()[2] == "| x | 0.500 | 0.250 | 1.25 M | 4,200 | 100 |"
