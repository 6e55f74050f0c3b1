"""Small networks for tests: the real architecture, few channels, fixed seed; or a scripted one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch
from torch import nn

from recognition.alphabet import NAME_ALPHABET
from recognition.model import AddedBothWays, Crnn
from recognition.types import FrameLogProbs, ModelConfig

if TYPE_CHECKING:
    import numpy as np

    from recognition.types import LineBatch

SMALL = ModelConfig(
    alphabet=NAME_ALPHABET,
    height_px=32,
    conv_channels=(4, 8, 8, 12),
    frame_features=16,
    rnn_units=12,
    dropout=0.0,
)

DEEP = dataclasses.replace(SMALL, more_convs=(1, 0, 2), more_rnn_layers=2)
"""``SMALL`` with layers that were added to it."""


def small_network(config: ModelConfig = SMALL, *, seed: int = 1) -> Crnn:
    """Build a network in eval mode whose normalisation has seen some data."""
    torch.manual_seed(seed)
    model = Crnn(config)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.uniform_(-0.3, 0.3)
    for layer in model.rnn:
        if isinstance(layer, AddedBothWays):
            nn.init.constant_(layer.gain, 0.7)  # what training makes of its 0
    return model.eval()


class ScriptedNetwork(nn.Module):
    """Says the same of every line; a trained network cannot be told what to be unsure of."""

    def __init__(self, log_probs: np.ndarray) -> None:  # (T, C)
        super().__init__()
        self._log_probs = torch.from_numpy(log_probs)
        self.project, self.project_norm = nn.Conv2d(1, 1, 1), nn.Identity()  # readers fold these

    def forward(
        self,
        batch: LineBatch,
        dtype: torch.dtype | None = None,  # noqa: ARG002, the network's own signature
    ) -> FrameLogProbs:
        count = len(batch.widths_px)
        return FrameLogProbs(
            values=self._log_probs[:, None].expand(-1, count, -1),
            frames=torch.full((count,), len(self._log_probs)),
        )
