"""Which weights are read with, and where they lie; ``worker.models`` says what the folder holds.

No torch is needed to tell them apart.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from recognition.header import RELEASE
from worker.errors import ConfigError, NoSuchModelError
from worker.storage.files import translated_reads

RELEASE_NAME = "release"  # names the weights inside the package wherever an id is wanted
CURRENT_NAME = "current"  # names the promoted model, and the file that says which it is

_ID = re.compile(r"[0-9a-f]{12}")
_GO_BACK = "penname model promote release goes back to the model that penname ships"


def checkpoint_in_use(model_dir: Path, checkpoint: Path | None = None) -> Path:
    """Decide which weights are read with: those named, else those promoted, else the release.

    Raises:
        NoSuchModelError: the promoted model is no longer in the folder.
        ConfigError: ``current`` does not name a model.
    """
    if checkpoint is not None:
        return checkpoint
    current = model_dir / CURRENT_NAME
    if not current.is_file():
        return RELEASE
    with translated_reads(current):
        name = current.read_text("utf-8", errors="replace").strip()
    if name == RELEASE_NAME:
        return RELEASE
    if not _ID.fullmatch(name):
        raise ConfigError(f"{current} names no model; {_GO_BACK}")
    if not (weights := weights_path(model_dir, name)).is_file():
        raise NoSuchModelError(
            f"{current} names {name}, which is gone from {model_dir}; {_GO_BACK}"
        )
    return weights


def weights_path(model_dir: Path, model_id: str) -> Path:
    """Name the file of a model's weights."""
    return model_dir / f"{model_id}.safetensors"


def find_checkpoint(model_dir: Path, which: str | Path) -> Path:
    """Find weights by id, by ``release``, by ``current``, or by the path of their file.

    Raises:
        NoSuchModelError: there are none.
        ConfigError: ``current`` does not name a model.
    """
    name = str(which)
    if name == RELEASE_NAME:
        return RELEASE
    if name == CURRENT_NAME:
        return checkpoint_in_use(model_dir)
    if _ID.fullmatch(name) and (weights := weights_path(model_dir, name)).is_file():
        return weights
    if (file := Path(which)).is_file():
        return file
    if RELEASE.is_file() and name == model_id_of(RELEASE):
        return RELEASE
    raise NoSuchModelError(
        f"no model {name} in {model_dir}, and no such file; penname model list prints the ids"
    )


def model_id_of(path: Path) -> str:
    """Give the id of a checkpoint file: the first 12 hex digits of its SHA-256."""
    with translated_reads(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
