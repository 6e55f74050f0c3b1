"""``penname read``: scans in, names in the database."""

from __future__ import annotations

import shlex
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from worker.advice import ADVICE, codes_of
from worker.batch_names import fault_of_name
from worker.cli.interruption import stoppable
from worker.errors import ExitCode, WorkerError
from worker.logs import bound, configure_logs
from worker.types import FieldStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from worker.local import Tally
    from worker.storage.sources import Listing

_BATCHES_NAMED = 5  # of those that what was read before stands in


def read(  # noqa: PLR0913, each is an option of the command
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Scans: files, folders, or s3://bucket/prefix.",
            show_default=False,
        ),
    ],
    *,
    template: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="A template, or a folder of them; may be given again. (templates)"
        ),
    ] = None,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto",
            help="Read forms without a template too, by their printed labels; needs Tesseract. "
            "Templates are tried first where --template names some.",
        ),
    ] = False,
    db: Annotated[
        str | None, typer.Option(metavar="URL", help="Database. (sqlite:///penname.db)")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Where crops go: a folder or s3://. (penname-store)"),
    ] = None,
    batch: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name to find the results by. (after the first INPUT)"),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Model to read with. (the one promoted, else shipped)"),
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="D", help="Where the network runs: cpu, cuda:0. (cpu)")
    ] = None,
    prior: Annotated[
        bool | None,
        typer.Option(
            "--prior/--no-prior",
            help="Weigh how likely a text is as a name, or read the ink alone. (prior)",
            show_default=False,
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(metavar="N", help="Processes that cut pages. (one a core)")
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What penname route found: how sure each field must be."),
    ] = None,
) -> None:
    """Read the names on scanned forms into the database.

    JPEG, PNG, TIFF and PDF; other files in a folder are passed by. What was
    read before, with the same templates, model and names weighed, is not read
    again. Exit code 1 says that some documents failed; they are listed with
    their codes.
    """
    from worker.config import read_settings
    from worker.runtime import find_unknown_forms, open_run, open_sources

    settings = read_settings(
        database_url=db,
        store=store,
        checkpoint=checkpoint,
        device=device,
        name_prior=prior,
        segment_processes=processes,
        thresholds=thresholds,
    )
    configure_logs(settings.log_level)
    sources = open_sources(settings)
    listings = [sources.find(place) for place in inputs]
    name = checked_name(batch) or batch_name(inputs[0])
    with (
        stoppable(),
        bound(batch=name),
        progress_bar([sources.find(place) for place in inputs]) as show,
        open_run(
            settings,
            template_folders=template or ([] if auto else [settings.template_dir]),
            sources=sources,
            batch=name,
            on_progress=show,
            unknown=find_unknown_forms(settings) if auto else None,
        ) as run,
    ):
        from worker.local import read_documents

        tally = read_documents(chain.from_iterable(listings), run)
    _report(tally, listings, name)
    raise typer.Exit(ExitCode.SOME_FAILED if tally.failed else ExitCode.OK)


def checked_name(batch: str | None) -> str | None:
    """Refuse a batch's name that no page could link to."""
    if batch is not None and (fault := fault_of_name(batch)):
        raise typer.BadParameter(fault)
    return batch


def batch_name(place: str) -> str:
    """Name a batch after the last part of the place that its scans come from."""
    if "://" in place:
        return place.rstrip("/").rsplit("/", 1)[-1]
    return Path(place).resolve().name or place


@contextmanager
def progress_bar(listings: Sequence[Listing]) -> Iterator[Callable[[Tally], None]]:
    """Show a bar on stderr with rate and time left; nothing when that is no terminal.

    Args:
        listings: walked in the background to learn how many documents there are.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)

        def count() -> None:
            with suppress(WorkerError):  # reading meets the same error and names it
                bar.update(task, total=sum(1 for listing in listings for _ in listing))

        if console.is_terminal:
            threading.Thread(target=count, daemon=True).start()
        yield lambda tally: bar.update(task, completed=tally.documents)


class _Rate(ProgressColumn):
    """Documents a second."""

    def render(self, task: Task) -> Text:
        """Show the rate once there is one."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f}/s")


def _report(tally: Tally, listings: Sequence[Listing], batch: str) -> None:
    """Print the closing table and what to do about each failure."""
    table = Table("documents", "already read", "failed", "fields", "read", "blank", "to review")
    table.add_row(
        *map(
            str,
            (
                tally.documents,
                tally.already_read.total(),
                len(tally.failed),
                tally.fields.total(),
                tally.fields[FieldStatus.READ],
                tally.fields[FieldStatus.BLANK],
                tally.fields_for_review,
            ),
        )
    )
    Console().print(table)
    for failure in tally.failed:
        print(f"failed: {failure.uri}")
        print(f"  {failure.code}: {failure.detail}")
        for code in codes_of(failure.code, failure.detail):
            print(f"  {ADVICE[code]}")
    if tally.documents == 0:
        print("no scans were found there; JPEG, PNG, TIFF and PDF are read")
    elif tally.already_read.total() == tally.documents:
        print("everything was read before, with these templates, model and names: nothing to do")
    if left_out := sum(listing.left_out for listing in listings):
        print(f"{left_out} other file{'s' * (left_out != 1)} passed by")
    _say_where(tally, batch)


def _say_where(tally: Tally, batch: str) -> None:
    """Name the batch of this run, and those that keep what was read before in them."""
    elsewhere = Counter({name: n for name, n in tally.already_read.items() if name != batch})
    if tally.documents > elsewhere.total():
        print(f"see the names with: penname results --batch {shlex.quote(batch)}")
    for name, count in elsewhere.most_common(_BATCHES_NAMED):
        stay = "stays" if count == 1 else "stay"
        print(f"{count} read before {stay} in: penname results --batch {shlex.quote(name)}")
    if len(elsewhere) > _BATCHES_NAMED:
        print(f"and in {len(elsewhere) - _BATCHES_NAMED} other batches")
