"""Read handwritten names: public names of the package, without torch.

``Recognizer`` stands in ``recognition.recognizer``, which imports torch.
"""

from __future__ import annotations

from recognition.errors import (
    AlphabetError,
    CheckpointError,
    LineTooNarrowError,
    ManifestError,
    NonFiniteLossError,
    RecognitionError,
    TrainingConfigError,
)
from recognition.types import CharReading, GrayImage, Hint, ModelConfig, Reading

__all__ = [
    "AlphabetError",
    "CharReading",
    "CheckpointError",
    "GrayImage",
    "Hint",
    "LineTooNarrowError",
    "ManifestError",
    "ModelConfig",
    "NonFiniteLossError",
    "Reading",
    "RecognitionError",
    "TrainingConfigError",
]
