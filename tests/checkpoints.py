"""A network that was never trained: the real code path in a second, and no meaning in its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from recognition.checkpoint import save_checkpoint
from recognition.model import Crnn
from recognition.types import ModelConfig

if TYPE_CHECKING:
    from pathlib import Path


def save_untrained(path: Path, *, seed: int = 0) -> Path:
    """Write a checkpoint of a small network; each seed is another model."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = ModelConfig(
            alphabet=" '-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            conv_channels=(8, 8, 16, 16),
            frame_features=32,
            rnn_units=16,
            rnn_layers=1,
        )
        save_checkpoint(path, Crnn(config), config, {"seed": seed})
    return path
