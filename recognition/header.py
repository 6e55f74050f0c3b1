"""What a release says of itself, read without the network: no torch is needed for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors import SafetensorError, safe_open

from recognition.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT: Final = "penname-crnn-1"
RELEASE: Final = Path(__file__).parent / "release" / "penname.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Header:
    """Which model a file holds, and what builds it."""

    model_id: str  # first 12 hex digits of the file's SHA-256
    sha256: str
    config: Mapping[str, Any]  # of a ``ModelConfig``, as JSON has it


def read_header(path: Path) -> Header:
    """Read what a release says of itself; its weights are checked when it is loaded.

    Raises:
        CheckpointError: the file is missing or damaged, or no release.
    """
    try:
        data = path.read_bytes()
        with safe_open(path, "np") as file:
            metadata = file.metadata() or {}
        config = json.loads(metadata["config"])
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"cannot read {path.name}: {error!r}") from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path.name} is of format {metadata.get('format')}, not {FORMAT}")
    sha256 = hashlib.sha256(data).hexdigest()
    return Header(model_id=sha256[:12], sha256=sha256, config=config)
