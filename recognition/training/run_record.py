"""What a training run leaves beside its weights: settings, versions, data checksums, metrics."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from recognition.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recognition.training.config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What it takes to judge a release, and to run its training again with the same data."""

    seed: int
    settings: Mapping[str, Any]  # all of the run's, paths by their last name only
    start_model_id: str | None  # of the checkpoint that it began with; None began afresh
    steps: int  # done
    lines: int  # read in training, repeats counted
    data_sha256: Sequence[str]  # one a source, over files and labels
    fonts: int  # files drawn with
    versions: Mapping[str, str]
    metrics: Mapping[str, Mapping[str, float]]  # by validation set, with these calibrators
    calibrators: Mapping[str, Mapping[str, float]]  # of the confidence

    def as_dict(self) -> dict[str, Any]:
        """Give the record as JSON takes it."""
        return {name: getattr(self, name) for name in self.__slots__}


def settings_of(config: TrainingConfig) -> dict[str, Any]:
    """Give a run's settings as JSON takes them; a path says where somebody's files lie."""
    reduced: dict[str, Any] = _reduced(asdict(config))
    return reduced


def _reduced(value: Any) -> Any:  # noqa: ANN401 - JSON values
    if isinstance(value, Path):
        return value.name
    if isinstance(value, dict):
        return {name: _reduced(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_reduced(own) for own in value]
    return value


def versions() -> dict[str, str]:
    """Name what the run was made with."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def count_fonts(config: TrainingConfig) -> int:
    """Count the fonts that a run draws with."""
    return len(config.drawn.font_files()) if config.drawn else 0


def write_record(path: Path, record: RunRecord) -> None:
    """Write the record whole or not at all."""
    with replacing(path) as file:
        file.write_text(json.dumps(record.as_dict(), indent=2) + "\n", encoding="utf-8")
