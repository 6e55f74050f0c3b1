"""``penname model``: the models that can be read with, which one is, and how two differ."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.comparisons import print_comparisons, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recognition.training.compare import Comparison, Pair
    from recognition.training.manifest import Sample
    from worker.config import Settings
    from worker.models import ListedModel

model_app = typer.Typer(
    help="List the models that can be read with, promote one, or compare two.",
    no_args_is_help=True,
)

_DRAWN = 200  # rows of a sheet at most
_Models = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where models are kept. (models)")
]


@model_app.command("list")
def list_(*, models: _Models = None) -> None:
    """List the model that penname ships and those trained here; a star marks the one in use."""
    from worker.config import read_settings
    from worker.errors import ConfigError, NoSuchModelError
    from worker.models import list_models
    from worker.runtime import checkpoint_file

    settings = read_settings(model_dir=models)
    in_use, faults = None, []
    try:
        in_use = checkpoint_file(settings)
    except (ConfigError, NoSuchModelError) as error:  # what there is shows the way out
        faults.append(str(error))
    head = ("model", "trained", "lines", "base", "compared with", "n", "exact", "CER", "against it")
    listed = list_models(settings.model_dir, in_use=in_use)
    print_table([head, *(_listed_cells(model) for model in listed)])
    for fault in faults + [model.record_fault for model in listed if model.record_fault]:
        print(fault, file=sys.stderr)


@model_app.command()
def promote(
    model: Annotated[
        str, typer.Argument(help="An id that penname model list prints, a file, or release.")
    ],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Though it is worse, or nobody knows.")
    ] = False,
    models: _Models = None,
) -> None:
    """Read with this model from now on, unless it is worse than the one in use."""
    from worker.config import read_settings
    from worker.models import find_checkpoint, read_record, remarks
    from worker.models import promote as promote_model

    settings = read_settings(model_dir=models)
    name = promote_model(settings.model_dir, model, checkpoint=settings.checkpoint, force=force)
    print(f"reading with {name} from now on; scans that are read again are read anew with it")
    place = find_checkpoint(settings.model_dir, name)
    if (record := read_record(place.with_suffix(".json"))) is not None:
        for remark in remarks(record):
            print(f"lower, though maybe by chance: {remark}")
    if settings.checkpoint is not None:
        print(f"but the setting checkpoint names {settings.checkpoint}, which wins; remove it")


@model_app.command()
def diff(  # noqa: PLR0913, each is an option of the command
    a: Annotated[str, typer.Argument(help="An id, a file, release, or current.")],
    b: Annotated[str, typer.Argument(help="The same.")],
    *,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Labelled crops, as penname evaluate names.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Name of the set in --data.")] = None,
    holdout: Annotated[
        bool, typer.Option("--holdout", help="Only writers, or documents, kept from training.")
    ] = False,
    db: Annotated[
        str | None, typer.Option(help="Database URL: compare on its reviewed values.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Where the crops are kept.")] = None,
    batch: Annotated[str | None, typer.Option(help="Only reviewed values of this batch.")] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png", help="Draw the crops on which they differ. These are names."
        ),
    ] = None,
    models: _Models = None,
    device: Annotated[str | None, typer.Option(help="Where the networks run: cpu, cuda:0.")] = None,
) -> None:
    """Read the same crops with two models: what each has right, and what only one has."""
    if (data is None) == (db is None) or (data is None) != (split is None):
        raise typer.BadParameter("give either --data DIR with --split NAME, or --db URL")
    from recognition.training.compare import compare, read_both
    from recognition.training.evaluate import check_comparable, select
    from worker.config import read_settings
    from worker.models import find_checkpoint
    from worker.runtime import load_recognizer

    settings = read_settings(
        database_url=db, store=store, model_dir=models, device=device, name_prior=False
    )
    first, second = (
        load_recognizer(settings, find_checkpoint(settings.model_dir, which)) for which in (a, b)
    )
    with _crops(settings, data, split, batch) as (folder, name):
        samples = select(folder, name, holdout=holdout, limit=None)
        _refuse_nothing(samples)
        check_comparable(samples, f"split {name!r} of {folder}")
        pairs = read_both(first, second, samples)
        print(f"A is {first.model_id}, B is {second.model_id}")
        print_comparisons([compare(name, pairs)], names=("A", "B"))
        if pictures is not None:
            _draw(pairs, pictures)


@contextmanager
def _crops(
    settings: Settings, data: Path | None, split: str | None, batch: str | None
) -> Iterator[tuple[Path, str]]:
    """Give the folder and split to compare on; reviewed values leave no file behind."""
    if data is not None and split is not None:
        yield data, split
        return
    from worker.database.corrections import reviewed_values
    from worker.database.session import reading
    from worker.errors import NoCorrectionsError
    from worker.reviewed import SPLIT, write_samples
    from worker.runtime import open_crops

    with reading(settings.database_url.get_secret_value()) as session:
        values = reviewed_values(session, batch=batch)
    if not values:
        raise NoCorrectionsError(
            "nobody has confirmed or typed a text there; check some with: penname correct"
        )
    with TemporaryDirectory(prefix="penname-") as folder:
        samples = write_samples(values, open_crops(settings), Path(folder))
        if samples.left_out:
            print(f"left out: {samples.left_out}")
        yield Path(folder), SPLIT


def _refuse_nothing(samples: Sequence[Sample]) -> None:
    from worker.errors import TooFewReviewedError

    if not samples:
        raise TooFewReviewedError("no crop there was kept from training; leave --holdout out")


def _draw(pairs: Sequence[Pair], out: Path) -> None:
    """Draw the crops that only one model reads right."""
    from recognition.training.differences import draw_differences
    from worker.crop_archive import encode_png
    from worker.storage.files import replacing

    differing = [pair for pair in pairs if pair.right[0] != pair.right[1]]
    drawn = differing[:_DRAWN]
    if not drawn:
        print("no crop is right with one of them only: nothing to draw")
        return
    with replacing(out) as file:
        file.write(encode_png(draw_differences(drawn, names=("A", "B"))))
    print(f"drew {len(drawn)} of {len(differing)} differing crops in {out}; they show names")


def _listed_cells(model: ListedModel) -> tuple[str, ...]:
    """Give one line of the list; figures are those of the first set that it was judged on."""
    from worker.models import faults, remarks

    star, kind = "*" if model.in_use else " ", " (release)" if model.is_release else ""
    name = f"{star} {model.model_id}{kind}"
    lines = str(model.training.get("lines", "-"))
    if (record := model.record) is None:
        figures = _own_figures(model.training)
        return (name, "-", lines, "-", "-", *figures, "-" if model.is_release else "not compared")
    return (
        name,
        record.trained_at[:16].replace("T", " "),
        lines,
        record.base_model_id,
        record.compared_with,
        *_compared_figures(record.comparisons),
        "; ".join(faults(record)) or ("perhaps lower" if remarks(record) else "nothing"),
    )


def _own_figures(training: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give crops, exact and CER that the run measured itself at its end."""
    for measured in training.get("metrics", {}).values():
        return str(measured["n"]), f"{measured['exact_folded']:.3f}", f"{measured['cer']:.4f}"
    return "-", "-", "-"


def _compared_figures(comparisons: Sequence[Comparison]) -> tuple[str, str, str]:
    for found in comparisons:
        exact = f"{found.exact_a:.3f} to {found.exact_b:.3f}"
        return str(found.n), exact, f"{found.cer_a:.4f} to {found.cer_b:.4f}"
    return "-", "-", "-"
