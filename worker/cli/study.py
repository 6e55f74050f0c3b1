"""``penname study``: RNN, CNN and CRNN side by side on one budget, with a report."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.interruption import stoppable
from worker.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recognition.training.study.types import StudyProgress


class Subject(StrEnum):
    """What is read; the values are those of the study's own ``Kind``."""

    MNIST = "mnist"
    CIFAR10 = "cifar10"
    NAMES = "names"


def study(  # noqa: PLR0913, each is an option of the command
    subject: Annotated[Subject, typer.Argument(help="What is read.")],
    *,
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder of the data: idx files; CIFAR-10's batches or .npz; or train and "
            "validation crops with their lists.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for runs and report.")],
    seeds: Annotated[
        int, typer.Option(min=1, help="Train from seeds 1 to so many; fewer than 3 say little.")
    ] = 3,
    parameters: Annotated[
        int | None, typer.Option(min=1, max=10**8, help="Parameters of each network, at most.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Times each item is learned.")] = None,
    batch: Annotated[int | None, typer.Option(min=2, help="Items a step.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=1e-6, max=1.0, help="Highest learning rate.")
    ] = None,
    train_limit: Annotated[
        int | None, typer.Option(min=1, help="Items learned from, at most.")
    ] = None,
    test_limit: Annotated[
        int | None, typer.Option(min=1, help="Items measured on, at most.")
    ] = None,
    short: Annotated[
        int | None,
        typer.Option(min=1, help="names: characters of the longest name learned from. (6)"),
    ] = None,
) -> None:
    """Train RNN, CNN and CRNN side by side on the same budget, and report what each can do.

    Options left out take the small budget of docs/study/README.md. A study that was stopped
    goes on when the same command is given again; more --seeds add to what is there.
    """
    from recognition.training.study.defaults import BUDGETS
    from recognition.training.study.study import run_study
    from recognition.training.study.types import Kind, StudySettings

    if short is not None and subject is not Subject.NAMES:
        raise typer.BadParameter("only names have a length", param_hint="--short")
    asked: dict[str, Any] = {
        "parameters": parameters,
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "train_limit": train_limit,
        "test_limit": test_limit,
        "short_letters": short,
    }
    kind = Kind(subject.value)
    settings = StudySettings(
        kind=kind,
        data=data,
        out=out,
        seeds=tuple(range(1, seeds + 1)),
        budget=replace(BUDGETS[kind], **{n: v for n, v in asked.items() if v is not None}),
    )
    with stoppable(), _progress() as show:
        report = run_study(settings, show)
    print(report)


@contextmanager
def _progress() -> Iterator[Callable[[StudyProgress], None]]:
    """Show a bar with contestant, seed and loss."""
    with progress_bar("studying") as show:
        yield lambda now: show(now.done, f"{now.contestant}, seed {now.seed}, loss {now.loss:.3f}")
