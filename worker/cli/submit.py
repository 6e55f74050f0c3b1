"""``penname submit``: scans into the queue, for workers to read."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from worker.batches import Submission, Submitted
    from worker.config import Settings
    from worker.database.session import Sessions

_WATCH_EVERY_S = 10.0


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
    from worker.cli.interruption import stoppable
    from worker.cli.read import batch_name
    from worker.config import read_settings
    from worker.database.session import closed_after, open_database
    from worker.logs import configure_logs
    from worker.submitting import describe_submission

    settings = read_settings(database_url=db)
    configure_logs(settings.log_level)
    submission = describe_submission(
        settings,
        template or [settings.template_dir],
        batch=name or batch_name(places[0]),
        urgent=priority is Priority.URGENT,
    )
    sessions = open_database(settings.database_url.get_secret_value())
    with stoppable(), closed_after(sessions):
        _submit_once(places, settings, submission, sessions)
        while watch:
            time.sleep(_WATCH_EVERY_S)
            _submit_once(places, settings, submission, sessions, quiet=True)


def _submit_once(
    places: list[str],
    settings: Settings,
    submission: Submission,
    sessions: Sessions,
    *,
    quiet: bool = False,
) -> None:
    from worker.batches import submit as submit_scans
    from worker.celery_app import CeleryNudger
    from worker.submitting import list_places

    done = submit_scans(
        list_places(settings, places),
        submission,
        sessions,
        CeleryNudger(),
        on_progress=_show,
    )
    if done.added or not quiet:
        known = f", {done.listed - done.added} were there before" * (done.listed > done.added)
        print(f"{done.added} documents added to batch {submission.batch}{known}")
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
