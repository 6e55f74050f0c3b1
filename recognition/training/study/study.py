"""The whole study, top to bottom: data, runs side by side, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import torch

from recognition.errors import StudyError
from recognition.training.run_record import versions
from recognition.training.study.records import claim_folder
from recognition.training.study.runs import run
from recognition.training.study.tasks import open_task
from recognition.training.study.types import StudyProgress, counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recognition.training.study.types import Run, StudySettings

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
        StudyError: the data or the folder cannot be used, or matplotlib is not installed.
        ManifestError: a list of names is missing or damaged.
        NonFiniteLossError: a loss is NaN or infinite.
    """
    try:
        from recognition.training.study.report import write_report  # noqa: PLC0415, an extra
    except ImportError as error:
        raise StudyError("plots need matplotlib: pip install 'penname[study]'") from error
    cv2.setNumThreads(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # equal for all, and figures a second mean the same everywhere
    try:
        task = open_task(settings)
        claim_folder(settings.out, {**counts(settings), "data_sha256": task.checksum})
        runs: list[Run] = []
        pairs = [(seed, one) for seed in settings.seeds for one in task.contestants]
        for index, (seed, contestant) in enumerate(pairs):
            loss = 0.0

            def on_step(
                done: float,
                newest: float,
                seed: int = seed,
                name: str = contestant.name,
                index: int = index,
            ) -> None:
                nonlocal loss
                loss = newest if not loss else loss + _SMOOTHING * (newest - loss)
                if on_progress is not None:
                    on_progress(
                        StudyProgress(
                            done=(index + done) / len(pairs), contestant=name, seed=seed, loss=loss
                        )
                    )

            runs.append(run(contestant, task, settings, seed=seed, on_step=on_step))
        return write_report(settings, task, runs, versions())
    finally:
        torch.set_num_threads(threads)
