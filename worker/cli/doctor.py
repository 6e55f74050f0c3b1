"""``penname doctor``: look a live deployment over, and say what to do."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from worker.errors import ConfigError, DatabaseUnavailableError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.config import Settings
    from worker.doctor import Finding
    from worker.doctor.gather import Deployment

_HEALTH_SILENT_S = 120.0  # a worker that said nothing for so long is to be started again


def doctor(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Leave out what is as it should be.")] = (
        False
    ),
    alive: Annotated[
        bool,
        typer.Option(
            "--alive",
            help="Only say whether the database has heard of a worker of this machine lately; "
            "for health checks.",
        ),
    ] = False,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
) -> None:
    """Check database, store, broker and workers for known traps, and say how to mend them."""
    if alive:
        _leave_unless_heard_of(db)
        return
    from worker.doctor import Level

    findings = [finding for finding in _examine(db) if not (quiet and finding.level is Level.OK)]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _examine(db: str | None) -> Iterator[Finding]:
    from worker.config import read_settings, unknown_variables
    from worker.doctor import DoctorCode, check_all
    from worker.doctor.findings import fail, well
    from worker.doctor.gather import gather

    unknown = unknown_variables()
    if unknown:
        yield fail(
            DoctorCode.UNKNOWN_SETTINGS,
            f"penname does not know {', '.join(unknown)}; nothing else was looked at",
            fix="Correct the names by docs/settings.md, or remove them.",
        )
        return
    yield well(DoctorCode.UNKNOWN_SETTINGS, "every PENNAME_ variable is known")
    try:
        settings = read_settings(database_url=db)
    except ConfigError as error:
        yield fail(
            DoctorCode.SETTINGS_WRONG,
            f"{error}; nothing else was looked at",
            fix="Correct what it names.",
        )
        return
    yield from check_all(gather(_deployment(settings)))


def _deployment(settings: Settings) -> Deployment:
    from worker.batches import ALIVE_S
    from worker.doctor.facts import QueueTimes
    from worker.doctor.gather import Deployment
    from worker.runtime import open_crops
    from worker.storage.s3 import SCHEME

    return Deployment(
        times=QueueTimes(
            lease_s=settings.lease_s,
            soft_limit_s=settings.task_soft_limit_s,
            hard_limit_s=settings.task_hard_limit_s,
            visibility_s=settings.redeliver_after_s,
        ),
        database_url=settings.database_url.get_secret_value(),
        broker_url=settings.broker_url.get_secret_value(),
        broker_is_set="broker_url" in settings.model_fields_set,
        broker_key_prefix=settings.broker_key_prefix,
        open_store=lambda checksums: open_crops(
            settings.model_copy(update={"s3_checksums": checksums})
        ),
        checksums=settings.s3_checksums,
        store_is_folder=not settings.store.startswith(SCHEME),
        alive_s=ALIVE_S,
    )


def _show(findings: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    colours = {"ok": "green", "warn": "yellow", "fail": "red"}
    for finding in findings:
        colour = colours[finding.level]
        console.print(
            f"[{colour}]{finding.level:<4}[/] [bold]{finding.code}[/]  {escape(finding.found)}",
            soft_wrap=True,
        )
        if finding.fix:
            console.print(f"     {escape(finding.fix)}", soft_wrap=True)
    if not findings:
        console.print("nothing is wrong")


def _leave_unless_heard_of(db: str | None) -> None:
    """End with exit code 1 where a worker of this machine should be heard of and is not."""
    from worker.config import read_settings
    from worker.database.session import reading
    from worker.database.workers import workers_seen

    settings = read_settings(database_url=db)
    try:
        with reading(settings.database_url.get_secret_value()) as session:
            seen = workers_seen(session, within_s=_HEALTH_SILENT_S)
    except DatabaseUnavailableError as error:
        # A worker waits for the database to come back; starting it again would not help.
        print(f"cannot tell: {error}", file=sys.stderr)
        return
    here = [one.worker.kind for one in seen if one.worker.host == socket.gethostname()]
    if not here:
        print("no worker of this machine was heard of lately", file=sys.stderr)
        raise typer.Exit(ExitCode.SOME_FAILED)
    print(f"alive: {', '.join(sorted(here))}")
