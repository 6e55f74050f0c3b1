"""Keep what a run left: figures as JSON, each test item's edits beside them. No text is kept."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from recognition.errors import StudyError
from recognition.files import replacing
from recognition.training.study.types import CurvePoint, Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RECORD, _OUTCOME, _STUDY = "run.json", "outcome.npz", "study.json"


def write_run(folder: Path, run: Run) -> None:
    """Write a run; its record comes last, so a run with one is whole."""
    content = io.BytesIO()
    outcome = run.outcome
    np.savez_compressed(
        content,
        edits=outcome.edits,
        characters=outcome.characters,
        confusion=outcome.confusion,
        labels=np.array(outcome.labels),
    )
    write_whole(folder / _OUTCOME, content.getvalue())
    write_whole(folder / _RECORD, _json(run_figures(run)))


def run_figures(run: Run) -> dict[str, object]:
    """Give a run's figures as JSON takes them."""
    plain = ("contestant", "seed", "parameters", "train_per_s", "read_per_s")
    return {
        **{name: getattr(run, name) for name in plain},
        "exact": run.outcome.exact,
        "error_rate": run.outcome.error_rate,
        "curve": [asdict(point) for point in run.curve],
    }


def read_run(folder: Path) -> Run | None:
    """Read a run that is done; None where there is none.

    Raises:
        StudyError: what it left is damaged.
    """
    if not (folder / _RECORD).is_file():
        return None
    try:
        stored = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        with np.load(folder / _OUTCOME, allow_pickle=False) as held:
            outcome = Outcome(
                edits=held["edits"],
                characters=held["characters"],
                confusion=held["confusion"],
                labels=tuple(str(label) for label in held["labels"]),
            )
        return Run(
            contestant=stored["contestant"],
            seed=stored["seed"],
            parameters=stored["parameters"],
            curve=tuple(CurvePoint(**point) for point in stored["curve"]),
            train_per_s=stored["train_per_s"],
            read_per_s=stored["read_per_s"],
            outcome=outcome,
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise StudyError(f"{folder} is damaged; remove it to begin that run anew") from error


def claim_folder(out: Path, settings: Mapping[str, object]) -> None:
    """Make a folder this study's own, or say that another one's runs are in it.

    Raises:
        StudyError: it holds a study of other settings or data.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / _STUDY
    if not path.is_file():
        write_whole(path, _json(settings))
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        differing = [
            f"{name} {before.get(name)}, not {value}"
            for name, value in settings.items()
            if before.get(name) != value
        ]
    except (ValueError, AttributeError) as error:
        raise StudyError(f"{path} is damaged; name another --out") from error
    if differing:
        raise StudyError(
            f"{out} holds a study of {'; '.join(differing)}. Name another --out, or remove it"
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as file:
        file.write_bytes(content)


def _json(figures: Mapping[str, object]) -> bytes:
    return (json.dumps(figures, indent=1, ensure_ascii=False) + "\n").encode()
