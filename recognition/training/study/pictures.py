"""Networks that say what a picture shows, all about as large: RNNs, a CNN, and the CRNN.

Each takes (N, channels, 32, 32) float32 and gives (N, K) scores of the classes. An RNN reads a
picture as a time series; a folding says what its steps are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from recognition.model import Crnn, remembering_lstm
from recognition.training.study.types import SIDE_PX
from recognition.types import LineBatch, ModelConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Folding = Callable[[Tensor], Tensor]  # (N, channels, H, W) -> (T, N, F)

_GREEN = 1


def columns(images: Tensor) -> Tensor:
    """Make each column a step, its channels joined: (W, N, channels * H)."""
    return images.permute(3, 0, 1, 2).flatten(2)


def rows(images: Tensor) -> Tensor:
    """Make each row a step, its channels joined: (H, N, channels * W)."""
    return images.permute(2, 0, 1, 3).flatten(2)


def green_columns(images: Tensor) -> Tensor:
    """Make each column a step and keep the green channel alone: (W, N, H)."""
    return columns(images[:, _GREEN : _GREEN + 1])


def pixels(images: Tensor) -> Tensor:
    """Make each pixel a step, row after row: (H * W, N, channels)."""
    return images.permute(2, 3, 0, 1).flatten(0, 1)


class FoldedRnn(nn.Module):
    """An LSTM over the steps of a folding; its last state is classified."""

    def __init__(self, folding: Folding, *, channels: int, units: int, classes: int) -> None:
        super().__init__()
        self.folding = folding
        steps = folding(torch.zeros(1, channels, SIDE_PX, SIDE_PX))
        self.rnn = remembering_lstm(steps.shape[2], units)
        self.head = nn.Linear(units, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Score the classes: (N, channels, H, W) -> (N, K)."""
        states, _ = self.rnn(self.folding(images))
        scores: Tensor = self.head(states[-1])
        return scores


class Cnn(nn.Module):
    """Five convolutions in three stages, averaged over the picture and classified."""

    def __init__(self, *, channels: int, width: int, classes: int) -> None:
        super().__init__()
        self.stages = nn.Sequential(
            *convolution(channels, width),
            nn.MaxPool2d(2),
            *convolution(width, 2 * width),
            *convolution(2 * width, 2 * width),
            nn.MaxPool2d(2),
            *convolution(2 * width, 4 * width),
            *convolution(4 * width, 4 * width),
        )
        self.head = nn.Linear(4 * width, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Score the classes: (N, channels, H, W) -> (N, K)."""
        scores: Tensor = self.head(self.stages(images).mean(dim=(2, 3)))
        return scores


class PictureCrnn(nn.Module):
    """The project's own network; the classes are its characters, averaged over its frames."""

    def __init__(self, *, channels: int, width: int, classes: int) -> None:
        super().__init__()
        characters = "".join(chr(ord("A") + label) for label in range(classes))
        self.crnn = Crnn(crnn_config(characters, width=width), image_channels=channels)

    def forward(self, images: Tensor) -> Tensor:
        """Score the classes: (N, channels, H, W) -> (N, K)."""
        widths = torch.full((len(images),), images.shape[3])
        batch = LineBatch(images=images, widths_px=widths)
        said = self.crnn(batch, dtype=torch.float32)
        return torch.as_tensor(said.values[:, :, 1:].mean(dim=0))  # label 0 is the blank


def crnn_config(characters: str, *, width: int, height_px: int = SIDE_PX) -> ModelConfig:
    """Give a small CRNN about in the proportions of the project's; it grows with ``width``.

    It has one bidirectional LSTM, not two: with two, CTC does not leave its all-blank phase
    within a budget as small as a study's.
    """
    return ModelConfig(
        alphabet=characters,
        height_px=height_px,
        conv_channels=(-(-width // 2), width, 2 * width, 3 * width),
        frame_features=4 * width,
        rnn_units=4 * width,
        rnn_layers=1,
        dropout=0.0,
    )


def convolution(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    """Give a 3 x 3 convolution with its normalisation and ReLU."""
    conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
