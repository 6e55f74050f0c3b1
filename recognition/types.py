"""What flows through recognition: crops in, line batches and log probabilities, readings out.

Letters in shapes: N lines in a batch, T frames, C labels with the blank, H and W pixels.
Tensors of frames are time first, ``(T, N, C)``, as ``ctc_loss`` takes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

GrayImage = npt.NDArray[np.uint8]  # (H, W), 0 black ink to 255 white paper
LineImage = npt.NDArray[np.uint8]  # (height_px, W), 0 paper to 255 ink: the network's view


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """All it takes to build the network again; stored inside every checkpoint."""

    alphabet: str  # characters in label order; label i + 1 is alphabet[i], so C = len + 1
    height_px: int = 32  # line images are scaled to this height
    conv_channels: tuple[int, int, int, int] = (32, 48, 96, 160)  # stem and three stages
    frame_features: int = 192  # each frame's column of features is projected to this many
    rnn_units: int = 192  # per direction
    rnn_layers: int = 2
    more_convs: tuple[int, int, int] = (0, 0, 0)  # of each stage; each adds to what it was given
    more_rnn_layers: int = 0  # each adds to what it was given
    dropout: float = 0.2

    @classmethod
    def from_plain(cls, settings: Mapping[str, Any]) -> ModelConfig:
        """Take settings as JSON or TOML has them, which know lists and no tuples.

        Raises:
            TypeError: there is no such setting, or the alphabet is missing.
        """
        lists = {name: tuple(v) for name, v in settings.items() if isinstance(v, list)}
        return cls(**{**settings, **lists})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineBatch:
    """Line images of unequal width, padded on the right with 0."""

    images: Tensor  # (N, 1, H, W) float32 in [0, 1], 1 is ink
    widths_px: Tensor  # (N,) int64, before padding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameLogProbs:
    """What the network says, frame by frame."""

    values: Tensor  # (T, N, C) float32, log softmax over C, as torch's ctc_loss wants it
    frames: Tensor  # (N,) int64, frames of each line that are not padding


@dataclass(frozen=True, slots=True, kw_only=True)
class CharReading:
    """One character of a reading."""

    char: str = field(repr=False)
    probability: float  # [0, 1], highest over its frames
    start_frame: int  # half open: start_frame <= t < end_frame
    end_frame: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for a reading's text; confidence is made of it."""

    ink_log_prob: float  # natural log of the text's probability by the ink, its case left open
    share: float | None  # [0, 1], of the text in all weighed by ink and names; None where
    # no name was asked, or a list that lacks the text


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What is known of one field before it is read."""

    letters: Literal["any", "upper"] = "any"  # "upper": it is written in capitals only
    lexicon: str | None = None  # id of a name list that its value most likely stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one crop says. Texts are NFC, may be empty, and are names, so kept out of logs."""

    text: str = field(repr=False)  # by ink and names, where a prior or a lexicon was asked
    raw_text: str = field(repr=False)  # by the ink alone: the best path
    alternatives: tuple[tuple[str, float], ...] = field(repr=False)  # next best of the texts
    # weighed, each with its share of their probability, [0, 1]; none where none was weighed
    raw_confidence: float  # [0, 1], before calibration
    confidence: float  # [0, 1], calibrated chance that text is right, but for case and marks
    evidence: Evidence  # that confidence was made of
    chars: tuple[CharReading, ...] = field(repr=False)  # of ``text``
    model_id: str  # first 12 hex digits of the checkpoint's SHA-256
