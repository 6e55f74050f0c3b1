"""Small networks for tests: the real architecture, few channels, fixed seed."""

from __future__ import annotations

import torch

from recognition.alphabet import NAME_ALPHABET
from recognition.model import Crnn
from recognition.types import ModelConfig

SMALL = ModelConfig(
    alphabet=NAME_ALPHABET,
    height_px=32,
    conv_channels=(4, 8, 8, 12),
    frame_features=16,
    rnn_units=12,
    dropout=0.0,
)


def small_network(config: ModelConfig = SMALL, *, seed: int = 1) -> Crnn:
    """Build a network in eval mode whose normalisation has seen some data."""
    torch.manual_seed(seed)
    model = Crnn(config)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.uniform_(-0.3, 0.3)
    return model.eval()
