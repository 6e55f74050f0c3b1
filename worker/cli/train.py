"""``penname train``: train a network, from labelled crops or from what people corrected."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from recognition.errors import TrainingConfigError
from worker.cli.comparisons import print_comparisons
from worker.cli.interruption import stoppable
from worker.cli.progress import progress_bar
from worker.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recognition.training.config import TrainingConfig
    from recognition.training.train import Progress as Training
    from worker.config import Settings
    from worker.retraining import Retraining

_S_A_MINUTE = 60.0
_MINUTES = 30.0  # of training from corrections, unless told otherwise


class Case(StrEnum):
    """How far the letter case and accents of corrections are believed."""

    OPEN = "open"
    WRITTEN = "written"


def train(  # noqa: PLR0913, each is an option of the command
    run: Annotated[
        Path | None,
        typer.Argument(metavar="RUN.toml", help="Settings of a whole run.", show_default=False),
    ] = None,
    *,
    from_db: Annotated[
        bool, typer.Option("--from-db", help="Train on with what people corrected or confirmed.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the run, for --from-db.")
    ] = None,
    mix: Annotated[
        Path | None,
        typer.Option(
            "--with", metavar="RUN.toml", help="Mix its sources in, and judge on its sets."
        ),
    ] = None,
    base: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Weights to begin with. (those in use)")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, help="Training time at most, for --from-db. (30)"),
    ] = None,
    case: Annotated[
        Case | None,
        typer.Option(
            help="written: corrections follow the ink's case and accents; open: no. (open)"
        ),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Only corrections of this batch.")] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    store: Annotated[str | None, typer.Option(help="Where the crops are kept.")] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where models are kept. (models)")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="D", help="Where models are compared: cpu, cuda:0. (cpu)")
    ] = None,
) -> None:
    """Train a network as RUN.toml says, or train on from corrections.

    A run that was stopped goes on when the same command is given again.
    """
    if (run is None) == (not from_db):
        raise typer.BadParameter("give either a RUN.toml or --from-db")
    if run is not None and any((out, mix, base, minutes, case, batch, db, store, models, device)):
        raise typer.BadParameter("a RUN.toml says all itself; the options belong to --from-db")
    with stoppable():
        if run is not None:
            _train_by_settings(run)
        else:
            from worker.config import read_settings

            settings = read_settings(database_url=db, store=store, model_dir=models, device=device)
            plan = _plan(settings, out, base, mix, minutes=minutes, case=case)
            _train_from_corrections(settings, plan, batch)


def _train_by_settings(path: Path) -> None:
    """Do what ``python -m recognition.training`` does, with a bar."""
    from recognition.training.train import train as run_training

    with _progress() as show:
        record = run_training(_read_run(path), show)
    for name, figures in record.metrics.items():
        print(f"{name}: exact {figures['exact']:.3f}, CER {figures['cer']:.3f}")


def _plan(  # noqa: PLR0913, as the command
    settings: Settings,
    out: Path | None,
    base: Path | None,
    mix: Path | None,
    *,
    minutes: float | None,
    case: Case | None,
) -> Retraining:
    from worker.retraining import Retraining
    from worker.runtime import checkpoint_file

    if out is None:
        raise typer.BadParameter("--from-db wants --out DIR, a folder for the run")
    in_use = checkpoint_file(settings)
    return Retraining(
        out=out,
        base=base or in_use,
        in_use=in_use,
        model_dir=settings.model_dir,
        mix=None if mix is None else _read_run(mix),
        budget_s=(minutes or _MINUTES) * _S_A_MINUTE,
        case=case or Case.OPEN,
        device=settings.device,
    )


def _train_from_corrections(settings: Settings, plan: Retraining, batch: str | None) -> None:
    """Train on, put the model into its folder, and say whether it may be promoted."""
    from worker.database.corrections import reviewed_values
    from worker.database.session import reading
    from worker.models import objections, remarks
    from worker.retraining import retrain
    from worker.runtime import open_crops

    with reading(settings.database_url.get_secret_value()) as session:
        values = reviewed_values(session, batch=batch)
    with _progress() as show:
        done = retrain(plan, values, open_crops(settings), show)
    record, samples = done.record, done.samples
    print(
        f"learned from {samples.to_learn} reviewed values, {samples.held_out} more were kept for "
        f"judging; {samples.documents} documents in all"
    )
    if samples.left_out:
        print(f"left out: {samples.left_out}")
    print(f"model {record.model_id} beside {record.compared_with}, which is in use:")
    print_comparisons(record.comparisons, names=("old", "new"))
    if record.release_comparisons:
        print("beside the release, which penname ships:")
        print_comparisons(record.release_comparisons, names=("release", "new"))
    for remark in remarks(record):
        print(f"lower, though maybe by chance: {remark}")
    against = objections(record, in_use_id=record.compared_with)
    for objection in against:
        print(f"against it: {objection}")
    if against:
        print(f"penname model promote {record.model_id} would refuse it")
    else:
        print(f"read with it from now on: penname model promote {record.model_id}")


def _read_run(path: Path) -> TrainingConfig:
    """Read the settings of a run, or leave with every fault of them."""
    from recognition.training.config import load_config

    try:
        return load_config(path)
    except TrainingConfigError as error:
        for fault in error.faults:
            print(f"{path}: {fault}", file=sys.stderr)
        raise typer.Exit(ExitCode.CONFIG) from error


@contextmanager
def _progress() -> Iterator[Callable[[Training], None]]:
    """Show a bar with loss and pace."""
    with progress_bar("training") as show:
        yield lambda now: show(
            now.done, f"step {now.step}, loss {now.loss:.3f}, {now.lines_per_s:.0f} lines/s"
        )
