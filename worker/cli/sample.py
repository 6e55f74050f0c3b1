"""``penname sample``: forms to try penname on, drawn on the spot, with their truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Out = Annotated[Path, typer.Argument(help="A new folder for the scans, blanks and truth.")]


def sample(
    out: _Out,
    *,
    forms: Annotated[int, typer.Option(min=1, help="How many filled forms to draw.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds draw equal forms.")] = 7,
) -> None:
    """Draw filled forms as a scanner would give them, with the text of every field beside them."""
    from worker.samples import write_samples

    summary = write_samples(out, forms=forms, seed=seed)
    print(
        f"{out}: {summary.pages} filled forms in {summary.files} files, "
        f"{summary.fields} fields, truth in {out / 'truth.csv'}"
    )
    folders = " ".join(str(out / form_id) for form_id in summary.form_ids)
    print(f"read them with: penname read {folders} --template {out / 'templates'}")
