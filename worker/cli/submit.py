"""``penname submit``: scans into the queue, for workers to read."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from worker.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.batches import Submitted

_WATCH_EVERY_S = 10.0
_SETTLED_S = 5.0  # since a file was last written: a scanner may be at it still


class Priority(StrEnum):
    """What is read first."""

    URGENT = "urgent"
    NORMAL = "normal"


def submit(  # noqa: PLR0913, each is an option of the command
    places: Annotated[
        list[str],
        typer.Argument(
            metavar="PLACE",
            help="Scans: s3://bucket/prefix, a folder, a file, or a MANIFEST.csv that lists them.",
            show_default=False,
        ),
    ],
    *,
    name: Annotated[
        str | None,
        typer.Option(metavar="BATCH", help="Name to find it by. (after the first PLACE)"),
    ] = None,
    template: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="A template, or a folder of them; may be given again. (templates)"
        ),
    ] = None,
    priority: Annotated[
        Priority, typer.Option(help="Urgent documents are read before all others.")
    ] = Priority.NORMAL,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep adding what arrives there, until Ctrl-C.")
    ] = False,
    db: Annotated[str | None, typer.Option(metavar="URL", help="Database.")] = None,
) -> None:
    """Hand scans to the workers of the queue, and come back at once.

    What was submitted to the batch before is not added again. See how far
    it is with penname status.
    """
    from worker.batches import submit as submit_scans
    from worker.celery_app import CeleryNudger
    from worker.cli.interruption import stoppable
    from worker.cli.read import batch_name, checked_name
    from worker.config import read_settings
    from worker.database.session import closed_after, open_database
    from worker.logs import configure_logs
    from worker.runtime import open_sources
    from worker.submitting import describe_submission, list_places

    settings = read_settings(database_url=db)
    configure_logs(settings.log_level)
    submission = describe_submission(
        settings,
        template or [settings.template_dir],
        batch=checked_name(name) or batch_name(places[0]),
        urgent=priority is Priority.URGENT,
    )
    sessions = open_database(settings.database_url.get_secret_value())
    sources, nudger = open_sources(settings), CeleryNudger()

    def once(*, quiet: bool = False) -> None:
        settled_s = _SETTLED_S if watch else 0.0
        found = list_places(sources, places, settled_s=settled_s)
        _report(
            submit_scans(found, submission, sessions, nudger, on_progress=_show),
            name=submission.batch,
            quiet=quiet,
        )

    with stoppable(), closed_after(sessions):
        if watch:
            _watch(once)
        else:
            once()


def _watch(once: Callable[..., None]) -> None:
    """Submit again and again, through whatever outage; it is said once."""
    away, quiet = False, False
    while True:
        try:
            once(quiet=quiet)
            away, quiet = False, True
        except TransientError as error:
            if not away:
                print(f"{error}\nit is tried again until it answers", file=sys.stderr)
            away = True
        time.sleep(_WATCH_EVERY_S)


def _report(done: Submitted, *, name: str, quiet: bool) -> None:
    if done.added or not quiet:
        known = f", {done.listed - done.added} were there before" * (done.listed > done.added)
        print(f"{done.added} documents added to batch {name}{known}")
    if not done.nudged:
        print(
            "the queue's broker does not answer; the documents are kept, and workers take them "
            "up once it does",
            file=sys.stderr,
        )
    if not done.listed and not quiet:
        print("no scans were found there; JPEG, PNG, TIFF and PDF are read")


def _show(done: Submitted) -> None:
    """Count on one line of a terminal."""
    if sys.stderr.isatty():
        print(f"\r{done.listed} listed, {done.added} added", end="", file=sys.stderr, flush=True)
