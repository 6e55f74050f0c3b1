"""The whole study, top to bottom: data, runs side by side, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import torch

from recognition.errors import StudyError, StudyFault
from recognition.training.run_record import versions
from recognition.training.study.records import claimed_folder
from recognition.training.study.runs import run, sized
from recognition.training.study.tasks import open_task
from recognition.training.study.types import StudyProgress, counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recognition.training.study.types import StudySettings

_SMOOTHING = 0.05  # weight of the newest loss in the one that is shown


def run_study(
    settings: StudySettings, on_progress: Callable[[StudyProgress], None] | None = None
) -> Path:
    """Train every contestant from every seed, or what is left to train, and write the report.

    Args:
        settings: budget, data and folder.
        on_progress: told after every step how far the study is.

    Returns:
        The report.

    Raises:
        StudyError: data, budget or folder cannot be used, or matplotlib is not installed.
        OSError: the folder cannot be written, or has no room.
    """
    try:
        from recognition.training.study.report import write_report  # noqa: PLC0415, an extra
    except ImportError as error:
        raise StudyError(
            StudyFault.PLOTS_MISSING,
            "plots need matplotlib: pip install -e '.[study]' -c constraints.txt",
        ) from error
    cv2.setNumThreads(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # equal for all, and figures a second mean the same everywhere
    try:
        task = open_task(settings)
        for one in task.contestants:  # a budget too small for one is said before any is trained
            sized(one, settings.budget.parameters)
        pairs = [(seed, one) for seed in settings.seeds for one in task.contestants]
        with claimed_folder(settings.out, {**counts(settings), "data_sha256": task.checksum}):
            runs = [
                run(
                    one,
                    task,
                    settings,
                    seed=seed,
                    on_step=_teller(on_progress, (index, len(pairs)), one.name, seed),
                )
                for index, (seed, one) in enumerate(pairs)
            ]
            return write_report(settings, task, runs, versions())
    finally:
        torch.set_num_threads(threads)


def _teller(
    on_progress: Callable[[StudyProgress], None] | None,
    place: tuple[int, int],
    contestant: str,
    seed: int,
) -> Callable[[float, float], None]:
    """Make what a run tells its steps to; ``place`` is its number and how many runs there are."""
    index, total = place
    smoothed: float | None = None

    def tell(done: float, loss: float) -> None:
        nonlocal smoothed
        smoothed = loss if smoothed is None else smoothed + _SMOOTHING * (loss - smoothed)
        if on_progress is not None:
            share = (index + done) / total
            on_progress(StudyProgress(done=share, contestant=contestant, seed=seed, loss=smoothed))

    return tell
