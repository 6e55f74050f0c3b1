"""``penname results``: the names that were read, as a table or a file."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

if TYPE_CHECKING:
    from worker.database.results import ResultFilter
    from worker.database.session import Session


class Format(StrEnum):
    """What the results come out as."""

    TABLE = "table"
    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def results(  # noqa: PLR0913, each is an option of the command
    *,
    batch: Annotated[str | None, typer.Option(help="Only of this batch.")] = None,
    field: Annotated[str | None, typer.Option(help="Only of this field of the form.")] = None,
    below: Annotated[
        float | None, typer.Option(min=0, max=1, help="Only with less confidence than this.")
    ] = None,
    rewritten: Annotated[
        bool | None,
        typer.Option(
            "--rewritten/--as-written",
            help="Only where names changed what the ink says; or only where they did not.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="GLOB",
            help="Only texts like this; * is any text, ? one character, case is ignored.",
        ),
    ] = None,
    out_format: Annotated[
        Format, typer.Option("--format", help="CSV suits spreadsheets, the others programs.")
    ] = Format.TABLE,
    out: Annotated[
        Path | None, typer.Option(help="File to write, whole or not at all; otherwise print.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
) -> None:
    """Show what was read: every field with its text, confidence and status."""
    if out_format is Format.PARQUET and out is None:
        raise typer.BadParameter("parquet is no text to print; name a file with --out")
    from worker.config import read_settings
    from worker.database.results import ResultFilter
    from worker.database.session import reading
    from worker.storage.files import replacing

    settings = read_settings(database_url=db)
    wanted = ResultFilter(
        batch=batch, field=field, below=below, rewritten=rewritten, name_glob=name
    )
    with reading(settings.database_url.get_secret_value()) as session:
        check_batch(session, batch)
        if out is None:
            count = _write(session, wanted, out_format, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        else:
            with replacing(out) as file:
                count = _write(session, wanted, out_format, file)
    if out is not None or not count:
        print(f"results{f' in {out}' if out else ''}: {count}", file=sys.stderr)


def _write(session: Session, wanted: ResultFilter, out_format: Format, out: BinaryIO) -> int:
    from worker.database.results import find_results
    from worker.exporting import write_csv, write_jsonl, write_parquet, write_table

    writers = {
        Format.TABLE: write_table,
        Format.CSV: write_csv,
        Format.JSONL: write_jsonl,
        Format.PARQUET: write_parquet,
    }
    return writers[out_format](find_results(session, wanted), out)


def check_batch(session: Session, name: str | None) -> None:
    """Tell a batch that is not there from one without results."""
    from worker.database.batches import find_batch

    if name is not None:
        find_batch(session, name)
