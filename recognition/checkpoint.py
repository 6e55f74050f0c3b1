"""A release: one safetensors file with weights, ModelConfig, training record and checksum.

The settings stand as JSON in the file's own metadata, so a release is one file that cannot be
parted from its alphabet. The weights' digest is stored too: a file that was cut or changed is
refused, never read wrongly. No pickle is ever loaded.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from recognition.alphabet import Alphabet
from recognition.errors import AlphabetError, CheckpointError
from recognition.files import replacing
from recognition.header import FORMAT, RELEASE
from recognition.model import Crnn
from recognition.types import ModelConfig

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

__all__ = ["RELEASE", "Checkpoint", "load_checkpoint", "save_checkpoint"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A network ready to read, and where it comes from."""

    model: Crnn  # in eval mode
    config: ModelConfig
    record: Mapping[str, Any]  # training record: seed, versions, data checksum, metrics
    model_id: str  # first 12 hex digits of the file's SHA-256


def save_checkpoint(path: Path, model: Crnn, config: ModelConfig, record: Mapping[str, Any]) -> str:
    """Write a release whole or not at all.

    Returns:
        Its model id.
    """
    tensors = {name: t.detach().cpu().contiguous() for name, t in model.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "config": json.dumps(dataclasses.asdict(config), ensure_ascii=False),
        "record": json.dumps(record, ensure_ascii=False),
        "weights_sha256": _digest(tensors),
    }
    data = save(tensors, metadata)
    with replacing(path) as file:
        file.write_bytes(data)
    return hashlib.sha256(data).hexdigest()[:12]


def load_checkpoint(path: Path | None = None) -> Checkpoint:
    """Load a release; None is the one inside the package.

    Raises:
        CheckpointError: the file is missing, damaged, of another format, or its parts do not
            belong together.
    """
    source = path or RELEASE
    try:
        data = source.read_bytes()
        with safe_open(source, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot read {source.name}: {error}") from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{source.name} is of format {metadata.get('format')}, not {FORMAT}")
    if metadata.get("weights_sha256") != _digest(tensors):
        raise CheckpointError(f"the weights in {source.name} are not those that were saved")
    config, record = _settings(metadata, source)
    return Checkpoint(
        model=_network(config, tensors, source),
        config=config,
        record=record,
        model_id=hashlib.sha256(data).hexdigest()[:12],
    )


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _settings(metadata: Mapping[str, str], source: Path) -> tuple[ModelConfig, Mapping[str, Any]]:
    try:
        config = ModelConfig.from_plain(json.loads(metadata["config"]))
        Alphabet(config.alphabet)
        record: dict[str, Any] = json.loads(metadata["record"])
    except (AttributeError, KeyError, TypeError, ValueError, AlphabetError) as error:
        raise CheckpointError(f"the settings in {source.name} are damaged: {error}") from error
    return config, record


def _network(config: ModelConfig, tensors: Mapping[str, Tensor], source: Path) -> Crnn:
    try:
        model = Crnn(config)
        model.load_state_dict(dict(tensors))
    except (RuntimeError, ValueError, TypeError) as error:
        raise CheckpointError(f"{source.name}: weights do not fit the settings: {error}") from error
    return model.eval()
