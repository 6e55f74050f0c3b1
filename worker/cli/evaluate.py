"""``penname evaluate``: honest figures on labelled data of the user's own."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

evaluate_app = typer.Typer(
    help="Measure accuracy on labelled data: name crops, or whole filled forms.",
    no_args_is_help=True,
)

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
    checkpoint: _Checkpoint = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Score the network on labelled name crops: exact match, CER, with and without a prior."""
    from recognition.prior import read_prior
    from recognition.training.evaluate import evaluate_names
    from worker.config import read_settings
    from worker.runtime import load_recognizer

    settings = read_settings(checkpoint=checkpoint, device=device, name_prior=False)
    recognizer = load_recognizer(settings)
    report = evaluate_names(recognizer, folder, split, holdout=holdout, prior=read_prior())
    figures = asdict(report)
    _print({split: _flat(figures)}, figures, as_json=as_json)


@evaluate_app.command()
def forms(
    folder: Annotated[Path, typer.Argument(help="Holds truth.csv and each scan as FORM/SCAN.")],
    *,
    templates: Annotated[Path, typer.Option(help="Folder with one template folder per form.")],
    checkpoint: _Checkpoint = None,
    device: _Device = None,
    as_json: _Json = False,
) -> None:
    """Score the whole path, page to text, on filled forms, with and without a prior."""
    from recognition.prior import read_prior
    from worker.config import read_settings
    from worker.evaluating import evaluate_forms
    from worker.runtime import decode_limits, load_catalog, load_recognizer

    settings = read_settings(checkpoint=checkpoint, device=device, name_prior=False)
    recognizer = load_recognizer(settings)
    catalog, params = load_catalog([templates])
    report = evaluate_forms(
        folder,
        catalog=catalog,
        params=params,
        limits=decode_limits(settings),
        recognizer=recognizer,
        weighed=recognizer.believing(read_prior()),
        review_below=settings.review_below,
    )
    whole = asdict(report)
    blocks = {"all": whole["all"], **whole["fields"]}
    _print({name: _flat(block) for name, block in blocks.items()}, whole, as_json=as_json)


def _flat(figures: dict[str, Any]) -> dict[str, object]:
    """Set the figures of reading with a prior beside the others, for a table."""
    plain = {name: value for name, value in figures.items() if name != "prior"}
    weighed = figures["prior"] or {}
    return {**plain, **{f"prior_{name}": value for name, value in weighed.items()}}


def _print(sets: dict[str, dict[str, object]], whole: object, *, as_json: bool) -> None:
    """Print the report as one JSON object, or as plain lines, one for each set scored."""
    if as_json:
        print(json.dumps(whole))
        return
    lines = [["", *next(iter(sets.values()))]]
    lines += [[name, *map(_cell, scored.values())] for name, scored in sets.items()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *cells in lines:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *right]))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
