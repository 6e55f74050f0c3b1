"""The model folder: which weights are read with, and what may take their place.

``MODEL_ID.safetensors`` holds weights, ``MODEL_ID.json`` how they compare with the model that
was in use when they were trained, and ``current`` one line: the id of the promoted model, or
``release`` for the weights inside the package. Without ``current`` the release is read with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recognition.checkpoint import load_checkpoint
from recognition.errors import CheckpointError
from recognition.header import RELEASE
from recognition.training.compare import Comparison
from worker.errors import ConfigError, ModelRefusedError, StorageUnavailableError
from worker.storage.files import replacing, translated_reads
from worker.weights import (
    CURRENT_NAME,
    RELEASE_NAME,
    checkpoint_in_use,
    find_checkpoint,
    model_id_of,
    weights_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "CURRENT_NAME",
    "RELEASE_NAME",
    "ListedModel",
    "ModelRecord",
    "checkpoint_in_use",
    "faults",
    "find_checkpoint",
    "keep_model",
    "list_models",
    "model_id_of",
    "objections",
    "promote",
    "read_record",
    "remarks",
    "weights_path",
]

LEAST_HELD_OUT = 30  # reviewed values; with fewer, even a much worse model may look equal

_FORMAT = "penname-model-1"
_BESIDE = "beside the release"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """Where a model comes from, and how it compares with the one it would replace."""

    model_id: str
    base_model_id: str  # whose weights its training began with
    compared_with: str  # the model in use then: A in every comparison
    trained_at: str  # ISO 8601, UTC
    lines: int  # read in training, repeats counted
    reviewed_values: int  # that it learned from
    held_out_values: int  # reviewed values that it was judged on
    comparisons: tuple[Comparison, ...]
    # with the release as A, where another model was in use; records of older versions have none
    release_comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """One model that can be read with."""

    model_id: str
    place: Path
    in_use: bool
    is_release: bool
    training: Mapping[str, Any]  # the run's own record, inside the weights; empty if damaged
    record: ModelRecord | None  # None for the release and for files put there by hand
    record_fault: str | None  # what is wrong with the file that should hold it


def keep_model(model_dir: Path, weights: bytes, record: ModelRecord | None) -> Path:
    """Put a model into the folder: its record first, so that no weights stand there without.

    Returns:
        Where its weights lie now.
    """
    _make_folder(model_dir)
    model_id = hashlib.sha256(weights).hexdigest()[:12]
    if record is not None:
        text = json.dumps({"format": _FORMAT, **dataclasses.asdict(record)}, indent=2)
        with replacing(model_dir / f"{model_id}.json") as file:
            file.write(text.encode() + b"\n")
    place = weights_path(model_dir, model_id)
    with replacing(place) as file:
        file.write(weights)
    return place


def read_record(path: Path) -> ModelRecord | None:
    """Read a model's record; None where there is none.

    Raises:
        ConfigError: the file is no record.
    """
    if not path.is_file():
        return None
    with translated_reads(path):
        content = path.read_bytes()
    try:
        return _as_record(json.loads(content))
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"{path} is no record of a model; remove it, or train again") from error


def list_models(model_dir: Path, *, in_use: Path | None) -> list[ListedModel]:
    """List the release and the models of the folder, the latest trained last.

    Args:
        model_dir: may be missing.
        in_use: the weights that are read with; None where nobody can tell.
    """
    places = [RELEASE, *sorted(model_dir.glob("*.safetensors")), *([in_use] if in_use else [])]
    listed = [
        _listed(place, in_use=place == in_use) for place in dict.fromkeys(places) if place.is_file()
    ]
    return sorted(listed, key=lambda model: model.record.trained_at if model.record else "")


def _listed(place: Path, *, in_use: bool) -> ListedModel:
    """Describe one model; a damaged record is told of, since it must not hide the others."""
    record, fault = None, None
    if place != RELEASE:
        try:
            record = read_record(place.with_suffix(".json"))
        except ConfigError as error:
            fault = str(error)
    return ListedModel(
        model_id=model_id_of(place),
        place=place,
        in_use=in_use,
        is_release=place == RELEASE,
        training=_training_record(place),
        record=record,
        record_fault=fault,
    )


def promote(
    model_dir: Path, which: str | Path, *, checkpoint: Path | None = None, force: bool = False
) -> str:
    """Read with this model from now on.

    Args:
        model_dir: where models are kept; a file from elsewhere is copied there.
        which: as ``find_checkpoint`` takes it. The release needs no comparison, and whoever goes
            back to it need not have what is in use now: it may be gone or damaged.
        checkpoint: the weights that are read with now; None is what the folder says.
        force: whatever the comparison says, and whatever is in use.

    Returns:
        The model's id, or ``release``.

    Raises:
        NoSuchModelError: there is no such model, or the one in use is gone.
        ConfigError: the folder does not say which is in use.
        ModelRefusedError: it is worse than the one in use, or nobody knows.
        CheckpointError: its file is damaged.
    """
    place = find_checkpoint(model_dir, which)
    model_id = load_checkpoint(place).model_id
    name = RELEASE_NAME if place == RELEASE else model_id
    record = read_record(place.with_suffix(".json")) if place != RELEASE else None
    if place != RELEASE and not force:
        in_use = checkpoint_in_use(model_dir, checkpoint)
        if place != in_use:
            _refuse_if_worse(model_id, record, in_use_id=model_id_of(in_use))
    if place != RELEASE and place != weights_path(model_dir, name):
        keep_model(model_dir, place.read_bytes(), record)
    _make_folder(model_dir)
    with replacing(model_dir / CURRENT_NAME) as file:
        file.write(name.encode() + b"\n")
    return name


def objections(record: ModelRecord, *, in_use_id: str) -> list[str]:
    """Say what speaks against promoting a model; nothing where all is well."""
    found = faults(record)
    if record.compared_with != model_id_of(RELEASE) and not record.release_comparisons:
        found.append("it was never compared with the release; penname train --from-db does")
    if record.compared_with != in_use_id:
        found.append(
            f"it was compared with {record.compared_with}, not with {in_use_id}, which is in use"
        )
    if record.held_out_values < LEAST_HELD_OUT:
        found.append(
            f"it was judged on {record.held_out_values} reviewed values that it had not learned "
            f"from; {LEAST_HELD_OUT} are needed"
        )
    return found


def faults(record: ModelRecord) -> list[str]:
    """Say in what a model is worse, beyond chance, than the one in use then or the release."""
    found = [fault for c in record.comparisons for fault in c.faults]
    return found + [f"{_BESIDE}, {fault}" for c in record.release_comparisons for fault in c.faults]


def remarks(record: ModelRecord) -> list[str]:
    """Say on which sets a model is lower in both figures, though chance alone may do it."""
    found = [c.lower for c in record.comparisons if c.lower]
    return found + [f"{_BESIDE}, {c.lower}" for c in record.release_comparisons if c.lower]


def _refuse_if_worse(model_id: str, record: ModelRecord | None, *, in_use_id: str) -> None:
    if record is None or record.model_id != model_id:
        found: Sequence[str] = [
            "it was never compared with the model in use; penname train --from-db does"
        ]
    else:
        found = objections(record, in_use_id=in_use_id)
    if found:
        reasons = "; ".join(found)
        raise ModelRefusedError(
            f"model {model_id} is not promoted: {reasons}. --force does it all the same"
        )


def _training_record(place: Path) -> Mapping[str, Any]:
    """Read what a run wrote into its weights; one damaged file does not hide the others."""
    try:
        return load_checkpoint(place).record
    except CheckpointError:
        return {}


def _make_folder(model_dir: Path) -> None:
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnavailableError(
            f"the folder {model_dir} cannot be made: {error.strerror}; set another model_dir"
        ) from error


def _as_record(stored: Mapping[str, Any]) -> ModelRecord:
    if stored["format"] != _FORMAT:
        raise ValueError(f"want format {_FORMAT}")
    values = {name: value for name, value in stored.items() if name != "format"}
    for name in ("comparisons", "release_comparisons"):
        values[name] = tuple(Comparison(**found) for found in stored.get(name, ()))
    return ModelRecord(**values)
