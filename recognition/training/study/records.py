"""Keep what a run left: figures as JSON, each test item's edits beside them. No text is kept."""

from __future__ import annotations

import fcntl
import io
import json
import zipfile
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from recognition.errors import StudyError, StudyFault
from recognition.files import replacing
from recognition.training.study.types import CurvePoint, Outcome, Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_RECORD, _OUTCOME, _STUDY, _LOCK = "run.json", "outcome.npz", "study.json", "study.lock"


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
    write_whole(folder / _RECORD, as_json(run_figures(run)))


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
        raise StudyError(
            StudyFault.RUN_DAMAGED, f"{folder} is damaged; remove it to begin that run anew"
        ) from error


@contextmanager
def claimed_folder(out: Path, settings: Mapping[str, object]) -> Iterator[None]:
    """Make a folder this study's own for as long as the block runs, however it ends.

    Raises:
        StudyError: it holds something else, a study of other settings or data, or one that is
            at work.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StudyError(StudyFault.FOLDER_TAKEN, f"{out} is a file; name another --out") from error
    if not (out / _STUDY).is_file() and any(not p.name.startswith("study.") for p in out.iterdir()):
        raise StudyError(
            StudyFault.FOLDER_TAKEN, f"{out} holds other files; name a new or empty folder as --out"
        )
    with (out / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(
                lock, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # the system undoes it if we are killed
        except BlockingIOError as error:
            raise StudyError(
                StudyFault.FOLDER_BUSY,
                f"another study is at work in {out}; let it end, or name another --out",
            ) from error
        _claim(out / _STUDY, settings)
        yield


def _claim(path: Path, settings: Mapping[str, object]) -> None:
    """Write what a folder's study is, or compare it with what is written."""
    if not path.is_file():
        write_whole(path, as_json(settings))
        return
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        differing = [
            f"{name} {before.get(name)}, not {value}"
            for name, value in settings.items()
            if before.get(name) != value
        ]
    except (ValueError, AttributeError) as error:
        raise StudyError(
            StudyFault.FOLDER_TAKEN, f"{path} is damaged; name another --out"
        ) from error
    if differing:
        raise StudyError(
            StudyFault.FOLDER_TAKEN,
            f"{path.parent} holds a study of {'; '.join(differing)}. Name another --out, or "
            "remove it",
        )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with replacing(path) as file:
        file.write_bytes(content)


def as_json(figures: Mapping[str, object]) -> bytes:
    """Give figures as a JSON file's content."""
    return (json.dumps(figures, indent=1, ensure_ascii=False) + "\n").encode()
