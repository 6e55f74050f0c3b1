"""Train one recipe again and again, each time with one change, and set the results side by side.

``python -m recognition.training.ablate PLAN.toml``

The plan is a recipe as ``recognition.training`` takes it, with tables ``[[change]]`` beside it: a
``name`` and the settings that are other than the recipe's. Tables in a change are laid over the
recipe's; ``[change.source]`` holds for every source, and ``without`` lists what is left out whole::

    [[change]]
    name = "no drawn names"
    without = ["drawn"]

Every run takes as many steps and the same seed, however busy the machine is. Runs that were
stopped go on when the plan is started again. The table stands in the folder ``out``: ``table.md``.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognition.checkpoint import load_checkpoint
from recognition.errors import RecognitionError, TrainingConfigError
from recognition.files import replacing
from recognition.recognizer import Recognizer
from recognition.training.config import read_config, read_toml
from recognition.training.crop_store import read_crop
from recognition.training.evaluate import select
from recognition.training.exit_codes import tell
from recognition.training.run_record import settings_of
from recognition.training.train import WEIGHTS, train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recognition.checkpoint import Checkpoint
    from recognition.training.config import TrainingConfig
    from recognition.types import GrayImage

_RECIPE = "the recipe"  # the row that the others are compared with
_TIMED_CROPS = 200
_ROUNDS = 5  # in which the networks read in turn; the best of each counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One row of the table, before it is trained."""

    name: str
    config: TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trained network."""

    name: str
    exact: Mapping[str, float]  # by validation set, folded
    cer: Mapping[str, float]  # likewise
    parameters: int
    lines: int  # seen in training
    crops_per_s: float  # of one core's time


def main(arguments: Sequence[str] | None = None) -> int:
    """Train every run of a plan, write the table; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.ablate")
    parser.add_argument("plan", type=Path, help="a recipe with its changes, as TOML")
    path = parser.parse_args(arguments).plan
    try:
        runs = read_plan(path)
        rows = measure_all(runs)
    except RecognitionError as error:
        return tell(error, settings=path)
    table = as_table(rows)
    with replacing(runs[0].config.out.parent / "table.md") as file:
        file.write_text(table, encoding="utf-8")
    sys.stdout.write(table)
    return 0


def read_plan(path: Path) -> list[Run]:
    """Read a plan; the recipe comes first, then its changes as they stand in the file.

    Raises:
        TrainingConfigError: the file is missing or holds faults.
    """
    recipe = read_toml(path)
    changes = recipe.pop("change", [])
    faults = _faults(recipe, changes)
    if faults:
        raise TrainingConfigError(faults)
    runs: list[Run] = []
    for number, change in enumerate([{"name": _RECIPE}, *changes]):
        settings = changed(recipe, change)
        settings["out"] = f"{recipe['out']}/{number:02d}"
        try:
            runs.append(Run(name=change["name"], config=read_config(settings, root=path.parent)))
        except TrainingConfigError as error:
            faults.extend(f"{change['name']}: {fault}" for fault in error.faults)
    if faults:
        raise TrainingConfigError(faults)
    return runs


def _faults(recipe: Mapping[str, Any], changes: object) -> list[str]:
    """List what a plan has or lacks that a recipe alone may."""
    if not isinstance(changes, list) or not all(isinstance(c, dict) for c in changes):
        return ["change: want tables"]
    faults: list[str] = []
    if not isinstance(recipe.get("out"), str):
        faults.append("out: want the folder of the runs")
    if "budget_s" in recipe or any("budget_s" in change for change in changes):
        faults.append("budget_s: runs of a plan are as long as their steps; leave it out")
    if not recipe.get("validation"):
        faults.append("validation: there is nothing to measure on")
    faults.extend(
        f"change[{i}].name: want a text"
        for i, change in enumerate(changes)
        if not isinstance(change.get("name"), str) or not change["name"].strip()
    )
    faults.extend(
        f"change[{i}].without: want a list of settings"
        for i, change in enumerate(changes)
        if not isinstance(change.get("without", []), list)
    )
    return faults


def changed(recipe: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Lay a change over a recipe."""
    left_out = change.get("without", [])
    settings = {name: value for name, value in recipe.items() if name not in left_out}
    for name, value in change.items():
        if name in {"name", "without"}:
            continue
        before = settings.get(name)
        if isinstance(value, dict) and isinstance(before, list):
            settings[name] = [{**table, **value} for table in before]
        elif isinstance(value, dict):
            settings[name] = {**(before or {}), **value}
        else:
            settings[name] = value
    return settings


def measure_all(runs: Sequence[Run]) -> list[Row]:
    """Train every run, or what is left of it, then let the networks read in turn.

    Raises:
        ManifestError: a source is missing, empty or damaged.
        NonFiniteLossError: a loss is NaN or infinite.
    """
    checkpoints: list[Checkpoint] = []
    for run in runs:
        checkpoints.append(_trained(run.config))
        sys.stderr.write(f"{run.name}: done\n")
    paces = _paces([run.config.out / WEIGHTS for run in runs], _some_crops(runs[0].config))
    return [
        Row(
            name=run.name,
            exact={name: own["exact_folded"] for name, own in found.record["metrics"].items()},
            cer={name: own["cer"] for name, own in found.record["metrics"].items()},
            parameters=sum(p.numel() for p in found.model.parameters()),
            lines=found.record["lines"],
            crops_per_s=pace,
        )
        for run, found, pace in zip(runs, checkpoints, paces, strict=True)
    ]


def _trained(config: TrainingConfig) -> Checkpoint:
    """Give what a run ended with, trained now unless it is over."""
    weights = config.out / WEIGHTS
    if weights.is_file():
        found = load_checkpoint(weights)
        record = found.record
        if record.get("settings") == settings_of(config) and record.get("steps") == config.steps:
            return found
    train(config)
    return load_checkpoint(weights)


def _some_crops(config: TrainingConfig) -> list[GrayImage]:
    v = config.validations[0]
    samples = select(v.folder, v.split, holdout=v.holdout, limit=_TIMED_CROPS)
    return [read_crop(sample.image) for sample in samples]


def _paces(weights: Sequence[Path], crops: Sequence[GrayImage]) -> list[float]:
    """Give the crops that each network reads in a second of processor time."""
    readers = [Recognizer.load(path) for path in weights]
    best = [0.0] * len(readers)
    for _ in range(_ROUNDS):
        for number, reader in enumerate(readers):
            began = time.process_time()  # wall time would count what else the machine does
            reader.read(crops)
            best[number] = max(best[number], len(crops) / (time.process_time() - began))
    return best


def as_table(rows: Sequence[Row]) -> str:
    """Write the rows as Markdown: exact match and CER folded, by validation set."""
    sets = list(rows[0].exact)
    heads = [f"{name} exact | {name} CER" for name in sets]
    lines = [
        " | ".join(["| change", *heads, "parameters", "lines seen", "crops/s of a core |"]),
        "| --- |" + " ---: |" * (2 * len(sets) + 3),
    ]
    for row in rows:
        figures = [f"{row.exact[name]:.3f} | {row.cer[name]:.3f}" for name in sets]
        ends = [f"{row.parameters / 1e6:.2f} M", f"{row.lines:,}", f"{row.crops_per_s:.0f} |"]
        lines.append(" | ".join([f"| {row.name}", *figures, *ends]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
