"""``penname evaluate``: honest figures on labelled data of the user's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

evaluate_app = typer.Typer(
    help="Measure accuracy on labelled data: name crops, or whole filled forms.",
    no_args_is_help=True,
)


class Half(StrEnum):
    """Which crops of a split are scored; torch is not loaded to know the options."""

    BOTH = "both"
    FITTING = "fitting"
    JUDGING = "judging"


_Checkpoint = Annotated[
    Path | None, typer.Option(help="Model to score; without it, the one in use.")
]
_Device = Annotated[str | None, typer.Option(help="Where the network runs: cpu, cuda:0.")]
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@evaluate_app.command()
def names(  # noqa: PLR0913, each is an option of the command
    folder: Annotated[
        Path,
        typer.Argument(help="Holds NAME.csv beside NAME/, or NAME/labels.csv beside NAME/images/."),
    ],
    *,
    split: Annotated[str, typer.Option(help="NAME of the labelled set inside the folder.")],
    holdout: Annotated[
        bool, typer.Option("--holdout", help="Keep only writers that training always leaves out.")
    ] = False,
    half: Annotated[
        Half, typer.Option(help="Keep only the half that confidence was fitted on, or the other.")
    ] = Half.BOTH,
    checkpoint: _Checkpoint = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Score the network on labelled name crops: exact match, CER, with and without a prior."""
    from recognition.prior import read_prior
    from recognition.training import halves
    from recognition.training.evaluate import evaluate_names
    from worker.config import read_settings
    from worker.runtime import load_recognizer

    settings = read_settings(checkpoint=checkpoint, device=device)
    recognizer = load_recognizer(settings)
    report = evaluate_names(
        recognizer,
        folder,
        split,
        holdout=holdout,
        half=None if half is Half.BOTH else halves.Half(half),
        prior=read_prior(),
    )
    figures = asdict(report)
    _print({split: figures}, figures, as_json=as_json)


@evaluate_app.command()
def forms(
    folder: Annotated[Path, typer.Argument(help="Holds truth.csv and each scan as FORM/SCAN.")],
    *,
    templates: Annotated[Path, typer.Option(help="Folder with one template folder per form.")],
    checkpoint: _Checkpoint = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Score the whole path, page to text, on filled forms: with and without names weighed."""
    from worker.config import read_settings
    from worker.evaluating import evaluate_forms
    from worker.names import load_names
    from worker.runtime import believing, decode_limits, load_catalog, load_recognizer

    settings = read_settings(checkpoint=checkpoint, device=device)
    catalog, params = load_catalog([templates])
    known = [form.template for form in catalog.forms]
    names = load_names(known, prior=True, lexicon_dir=settings.lexicon_dir)
    recognizer = load_recognizer(settings)
    report = evaluate_forms(
        folder,
        catalog=catalog,
        params=params,
        limits=decode_limits(settings),
        recognizer=recognizer,
        weighing=believing(recognizer, names),
        review_below=settings.review_below,
    )
    whole = asdict(report)
    blocks = {"all": whole["all"], **whole["fields"]}
    _print(blocks, whole, as_json=as_json)


def _print(sets: dict[str, dict[str, Any]], whole: object, *, as_json: bool) -> None:
    """Print the report as one JSON object, or as plain lines, a column for each set scored."""
    if as_json:
        print(json.dumps(whole))
        return
    columns = {name: dict(_figures(scored)) for name, scored in sets.items()}
    lines = [["", *columns]]
    lines += [
        [name, *(_cell(column.get(name)) for column in columns.values())]
        for name in max(columns.values(), key=len)
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *cells in lines:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *right]))


def _figures(scored: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """List figures one by one; the name of a group stands before each of its own."""
    for name, value in scored.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{prefix}{name}_")
        else:
            yield prefix + name, value


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
