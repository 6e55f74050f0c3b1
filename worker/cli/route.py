"""``penname route``: which readings need no person, from what people have checked."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import TYPE_CHECKING, Annotated

import typer

from worker.errors import NoSuchResultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.routing import FieldRoute, Target
    from worker.types import ReadWith

_HEAD = ("template", "field", "threshold", "audited", "accepted", "errors", "bound", "through")
_LEFT_ALIGNED = 2  # of these columns, the first


def route(  # noqa: PLR0913, each is an option of the command
    *,
    target_error: Annotated[
        float,
        typer.Option(min=0.0001, max=0.5, help="Share of wrong values that may go through unseen."),
    ],
    batch: Annotated[str | None, typer.Option(help="Only from readings of this batch.")] = None,
    level: Annotated[
        float, typer.Option(min=0.5, max=0.9999, help="How sure to be of the target.")
    ] = 0.95,
    out: Annotated[
        Path | None,
        typer.Option(help="File for penname read --thresholds, whole or not at all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
) -> None:
    """Pick the confidence above which readings of a field need no person.

    It is picked from readings that people corrected or confirmed; fields with
    too few of them, or too many errors, are sent to review whole.
    """
    from worker.cli.results import check_batch
    from worker.config import read_settings
    from worker.database.audits import find_audits, made_with
    from worker.database.session import reading
    from worker.routing import Target, pick_routes

    settings = read_settings(database_url=db)
    target = Target(error=target_error, level=level)
    with reading(settings.database_url.get_secret_value()) as session:
        check_batch(session, batch)
        found = made_with(session, batch)
        if not found:
            raise NoSuchResultError("there are no readings to pick a threshold from")
        used = found[0][0]
        routes = pick_routes(find_audits(session, batch, used), target)
    if out is not None:
        _save(out, routes, target, used)
    if as_json:
        head = {"model": used.model_id, "decoder": used.decoder_version, **asdict(target)}
        print(json.dumps({**head, "fields": [asdict(own) for own in routes]}))
        return
    _print(routes)
    if passed_by := sum(count for _, count in found[1:]):
        print(f"passed by: {passed_by} audited readings by other than {used}")


def _print(routes: Sequence[FieldRoute]) -> None:
    lines = [_HEAD, *map(_cells, routes)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            cell.ljust(width) if at < _LEFT_ALIGNED else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
    for found in routes:
        if found.threshold is None:
            print(
                f"send all of {found.template_id}/{found.field_name} to review: at least "
                f"{found.more_needed} more confident readings must be audited and right"
            )


def _cells(found: FieldRoute) -> tuple[str, ...]:
    return (
        found.template_id,
        found.field_name,
        "-" if found.threshold is None else f"{found.threshold:.4f}",
        str(found.audited),
        str(found.accepted),
        str(found.errors),
        "-" if found.bound is None else f"{found.bound:.4f}",
        f"{found.through:.1%}",
    )


def _save(out: Path, routes: Sequence[FieldRoute], target: Target, used: ReadWith) -> None:
    from worker.storage.files import replacing
    from worker.thresholds import REVIEW_ALL, Thresholds, format_thresholds

    thresholds = Thresholds(
        model_id=used.model_id,
        decoder_version=used.decoder_version,
        fields={
            (found.template_id, found.field_name): (
                REVIEW_ALL if found.threshold is None else found.threshold
            )
            for found in routes
        },
    )
    remark = (
        f"penname route: error at most {target.error:g} at level {target.level:g}; "
        'fields with "review" go to a person whole'
    )
    with replacing(out) as file:
        file.write(format_thresholds(thresholds, remark=remark).encode())
