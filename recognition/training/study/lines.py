"""Networks that read a line: an RNN with CTC, a CNN with a head a position, and the CRNN.

Each is told the lines of a batch and their labels, and gives each line's loss; and reads lines
to labels without blanks.
"""

from __future__ import annotations

from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as nnf

from recognition.alphabet import BLANK
from recognition.ctc import ctc_losses
from recognition.decode import best_path
from recognition.model import BothWays, Crnn, turned_order
from recognition.training.study.pictures import convolution, crnn_config
from recognition.training.study.types import LINE_PX
from recognition.types import FrameLogProbs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from recognition.alphabet import Alphabet
    from recognition.types import LineBatch

POSITIONS = 20  # heads of the CNN: enough for the longest names met
_FIXED_PX = 160  # width that a CNN with heads takes; it has to be one width for all lines
_END = BLANK  # what a head says where the text is over


class CtcReader(nn.Module):
    """A network of frames, taught and read with the project's CTC."""

    def __init__(self, network: nn.Module, alphabet: Alphabet) -> None:
        super().__init__()
        self.network = network
        self.alphabet = alphabet

    def forward(self, batch: LineBatch) -> FrameLogProbs:
        """Give log probabilities, frame by frame; always in float32, the same everywhere."""
        said = self.network(batch, dtype=torch.float32)
        if not isinstance(said, FrameLogProbs):
            raise TypeError(f"want a network of frames, got {type(said).__name__}")
        return said

    def losses(self, batch: LineBatch, texts: Sequence[str]) -> Tensor:
        """Give each line's loss: (N,)."""
        return ctc_losses(self(batch), [self.alphabet.encode(text) for text in texts])

    def read(self, batch: LineBatch) -> list[str]:
        """Read each line by its best path."""
        said = self(batch)
        values = said.values.numpy()
        return [
            best_path(values[: int(own), line], self.alphabet)[0]
            for line, own in enumerate(said.frames)
        ]


class ColumnRnn(nn.Module):
    """A bidirectional LSTM over bare columns of pixels; every column is a frame."""

    def __init__(self, *, units: int, labels: int) -> None:
        super().__init__()
        self.rnn = BothWays(LINE_PX, units)
        self.head = nn.Linear(2 * units, labels)

    def forward(self, batch: LineBatch, *, dtype: torch.dtype) -> FrameLogProbs:
        """Read a batch: images (N, 1, H, W) -> (W, N, C)."""
        x = batch.images.squeeze(1).permute(2, 0, 1).to(dtype)
        x = self.rnn(x, turned_order(x.shape[0], batch.widths_px))
        return FrameLogProbs(values=nnf.log_softmax(self.head(x), dim=-1), frames=batch.widths_px)


class PositionCnn(nn.Module):
    """Convolutions over a line of fixed width, and one head for each character of the text."""

    def __init__(self, *, width: int, alphabet: Alphabet) -> None:
        super().__init__()
        self.alphabet = alphabet
        sizes = [1, width, 2 * width, 3 * width, 4 * width]
        self.stages = nn.Sequential(
            *(nn.Sequential(*convolution(a, b), nn.MaxPool2d(2)) for a, b in pairwise(sizes))
        )
        cells = (LINE_PX // 16) * (_FIXED_PX // 16)  # four poolings by 2
        self.shared = nn.Linear(sizes[-1] * cells, 8 * width)
        self.heads = nn.Linear(8 * width, POSITIONS * alphabet.size)

    def forward(self, batch: LineBatch) -> Tensor:
        """Give log probabilities of each position's character: (N, POSITIONS, C)."""
        x = self.stages(of_width(batch, _FIXED_PX)).flatten(1)
        said = self.heads(nnf.relu(self.shared(x)))
        return nnf.log_softmax(said.view(len(x), POSITIONS, self.alphabet.size), dim=-1)

    def losses(self, batch: LineBatch, texts: Sequence[str]) -> Tensor:
        """Give each line's loss, over its characters and the ends after them: (N,)."""
        wanted = torch.full((len(texts), POSITIONS), _END)
        for line, text in enumerate(texts):
            labels = self.alphabet.encode(text)[:POSITIONS]
            wanted[line, : len(labels)] = torch.tensor(labels)
        said: Tensor = self(batch)
        return -said.gather(2, wanted[:, :, None]).sum(dim=(1, 2))

    def read(self, batch: LineBatch) -> list[str]:
        """Read each position's likeliest character, up to the first end."""
        best = self(batch).argmax(dim=2).tolist()
        return [self.alphabet.decode(list(takewhile(bool, labels))) for labels in best]


def of_width(batch: LineBatch, width_px: int) -> Tensor:
    """Bring every line to one width: (N, 1, H, width_px); longer ones are squeezed into it."""
    images = batch.images.new_zeros((len(batch.images), 1, batch.images.shape[2], width_px))
    for line, own in enumerate(batch.widths_px.tolist()):
        image = batch.images[line : line + 1, :, :, :own]
        if own > width_px:
            size = (image.shape[2], width_px)
            image = nnf.interpolate(image, size, mode="bilinear", antialias=True)
        images[line, :, :, : image.shape[3]] = image[0]
    return images


def column_rnn(alphabet: Alphabet, width: int) -> CtcReader:
    """Make an RNN of ``width`` units a direction."""
    return CtcReader(ColumnRnn(units=width, labels=alphabet.size), alphabet)


def small_crnn(alphabet: Alphabet, width: int) -> CtcReader:
    """Make the project's CRNN with ``width`` channels at its stem."""
    config = crnn_config(alphabet.characters, width=width, height_px=LINE_PX)
    return CtcReader(Crnn(config), alphabet)


def position_cnn(alphabet: Alphabet, width: int) -> PositionCnn:
    """Make a CNN of ``width`` channels at its first stage."""
    return PositionCnn(width=width, alphabet=alphabet)
