"""``penname export-onnx``: the network as a file that runs without PyTorch."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003, typer reads annotations when it runs
from typing import Annotated

import typer

from worker.errors import ConfigError


def export_onnx(
    out: Annotated[Path, typer.Argument(metavar="OUT.onnx", help="Where to write it.")],
    *,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Model to write; without it, the one in use.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where models are kept. (models)")
    ] = None,
) -> None:
    """Write the network as ONNX, for other runtimes and languages."""
    try:
        from recognition.export import onnx_model
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"this needs the package {error.name}: pip install 'penname[onnx]'"
        ) from error
    from recognition.checkpoint import load_checkpoint
    from worker.config import read_settings
    from worker.runtime import checkpoint_file
    from worker.storage.files import replacing

    settings = read_settings(checkpoint=checkpoint, model_dir=models)
    found = load_checkpoint(checkpoint_file(settings))
    with replacing(out) as file:
        file.write(onnx_model(found))
    print(f"network {found.model_id} written to {out}")
