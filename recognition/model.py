"""The network: convolutions, two bidirectional LSTMs, one row of characters a frame.

Convolutional recurrent network of Shi, Bai and Yao 2015 (arXiv:1507.05717), with batch
normalisation throughout, residual second convolutions (He et al. 2015, arXiv:1512.03385) and
a stem of stride 2, since full resolution costs most and tells least.

A line must read the same alone and in any batch, so whatever lies right of its own width is
set to 0 after every convolution, and the backward LSTMs start at the line's own last frame:
they run over sequences turned round within their own length, which on a CPU is much faster
than packing.

Shapes: (N, 1, H, W) -> stem (N, c0, H/2, W/2) -> stage 1 (N, c1, H/4, W/4) -> stage 2
(N, c2, H/8, W/4) -> stage 3 (N, c3, H/8, W/4) -> columns (T, N, F) -> (T, N, C).
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as nnf
from torch.nn.utils.fusion import fuse_conv_bn_eval

from recognition.types import FrameLogProbs

if TYPE_CHECKING:
    from torch import Tensor

    from recognition.types import LineBatch, ModelConfig

FRAME_PX = 4  # columns of the line image behind one frame
_HEIGHT_STEP = 8  # the image's height is divided by this before the LSTMs


def frames(width_px: int) -> int:
    """Give the number of frames of a line ``width_px`` wide: ceil(width / 4)."""
    return -(-width_px // FRAME_PX)


class Crnn(nn.Module):
    """Line images to frame-wise log probabilities."""

    def __init__(self, config: ModelConfig, *, image_channels: int = 1) -> None:
        """Build the network with fresh weights.

        Args:
            config: all sizes.
            image_channels: 1 for writing; the study reads colour pictures with 3.

        Raises:
            ValueError: the height is no multiple of 8.
        """
        super().__init__()
        if config.height_px % _HEIGHT_STEP:
            raise ValueError(f"want a height in multiples of 8 px, got {config.height_px}")
        c0, c1, c2, c3 = config.conv_channels
        self.stem = _Conv(image_channels, c0, kernel=5, stride=2)
        more1, more2, more3 = config.more_convs
        self.stage1 = nn.ModuleList([_Conv(c0, c1), *_more(c1, more1)])
        self.stage2 = nn.ModuleList([_Conv(c1, c2), _Residual(c2), *_more(c2, more2)])
        self.stage3 = nn.ModuleList([_Conv(c2, c3), _Residual(c3), *_more(c3, more3)])
        rows = config.height_px // _HEIGHT_STEP
        self.project = nn.Conv2d(c3, config.frame_features, (rows, 1), bias=False)
        self.project_norm: nn.Module = nn.BatchNorm2d(config.frame_features)
        self.dropout = nn.Dropout(config.dropout)
        outputs = 2 * config.rnn_units
        inputs = [config.frame_features] + [outputs] * (config.rnn_layers - 1)
        plain = [BothWays(size, config.rnn_units) for size in inputs]
        added = [AddedBothWays(config.rnn_units) for _ in range(config.more_rnn_layers)]
        self.rnn = nn.ModuleList([*plain, *added])
        self.head = nn.Linear(2 * config.rnn_units, len(config.alphabet) + 1)

    def forward(self, batch: LineBatch, *, dtype: torch.dtype | None = None) -> FrameLogProbs:
        """Read a batch.

        Args:
            batch: images (N, 1, H, W) and their widths, W at least the widest.
            dtype: what convolutions and LSTMs compute in, float32 or bfloat16; None is float32,
                except in training on a CPU that computes bfloat16 itself: that is twice as fast
                there, and ten times as slow on one that does not.

        Returns:
            (T, N, C) log probabilities with T = frames(W), and the frames of each line.
        """
        own = _ceil_half(_ceil_half(batch.widths_px.to(batch.images.device)))
        kind = batch.images.device.type
        if dtype is None and self.training and kind == "cpu" and _computes_bfloat16():
            dtype = torch.bfloat16
        with torch.autocast(kind, torch.bfloat16, enabled=dtype == torch.bfloat16):
            x = self._columns(batch).squeeze(2).permute(2, 0, 1)  # (N, F, 1, T) -> (T, N, F)
            turned = turned_order(x.shape[0], own)
            for layer in self.rnn:
                x = layer(self.dropout(x), turned)
        scores = self.head(self.dropout(x.float()))
        return FrameLogProbs(values=nnf.log_softmax(scores, dim=-1), frames=own)

    def _columns(self, batch: LineBatch) -> Tensor:
        """Run the convolutions: (N, 1, H, W) -> (N, F, 1, T)."""
        half = _ceil_half(batch.widths_px.to(batch.images.device))
        x = _mask(self.stem(batch.images.contiguous(memory_format=torch.channels_last)), half)
        for block in self.stage1:
            x = _mask(block(x), half)
        x = nnf.max_pool2d(x, 2, ceil_mode=True)  # values are 0 or more, so padding never wins
        quarter = _ceil_half(half)
        for block in self.stage2:
            x = _mask(block(x), quarter)
        x = nnf.max_pool2d(x, (2, 1))
        for block in self.stage3:
            x = _mask(block(x), quarter)
        return nnf.relu(self.project_norm(self.project(x)), inplace=True)


def fused(model: Crnn) -> Crnn:
    """Give a copy that only reads: every batch normalisation is part of its convolution.

    Log probabilities stay the same to within 1e-3, since float32 rounds elsewhere.
    """
    copy = deepcopy(model).eval().requires_grad_(requires_grad=False)
    for block in copy.modules():
        if isinstance(block, (_Conv, _Residual)):
            block.conv, block.norm = _joined(block.conv, block.norm)
    copy.project, copy.project_norm = _joined(copy.project, copy.project_norm)
    for weight in copy.parameters():
        if weight.ndim == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    return copy


def _joined(conv: nn.Conv2d, norm: nn.Module) -> tuple[nn.Conv2d, nn.Module]:
    """Fold a normalisation into its convolution, unless that was done before."""
    if not isinstance(norm, nn.BatchNorm2d):
        return conv, norm
    return fuse_conv_bn_eval(conv, norm), nn.Identity()


class _Conv(nn.Module):
    """Convolution, batch normalisation, ReLU; the size is kept, or halved and rounded up."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return nnf.relu(self.norm(self.conv(x)), inplace=True)


class _Residual(nn.Module):
    """A convolution that adds to what it was given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return nnf.relu(x + self.norm(self.conv(x)), inplace=True)


def _more(channels: int, count: int) -> list[_Residual]:
    """Make convolutions that change nothing yet, so that a trained network can be given them."""
    added = [_Residual(channels) for _ in range(count)]
    for block in added:
        nn.init.zeros_(block.norm.get_parameter("weight"))
    return added


class BothWays(nn.Module):
    """One bidirectional LSTM layer over lines of unequal length."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.ahead, self.back = remembering_lstm(inputs, units), remembering_lstm(inputs, units)

    def forward(self, x: Tensor, turned: Tensor) -> Tensor:
        """Run (T, N, F) -> (T, N, 2 * units); ``turned`` as ``turned_order`` gives it."""
        ahead = self.ahead(x)[0]
        back = _reorder(self.back(_reorder(x, turned))[0], turned)
        return torch.cat([ahead, back], dim=-1)


class AddedBothWays(BothWays):
    """A bidirectional LSTM layer that adds to what it was given, at first nothing.

    The gain that starts at 0 is that of Bachlechner et al. 2020 (ReZero, arXiv:2003.04887).
    """

    def __init__(self, units: int) -> None:
        """Take 2 * units features and give as many."""
        super().__init__(2 * units, units)
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, turned: Tensor) -> Tensor:
        """Run (T, N, 2 * units) -> the same shape."""
        return x + self.gain * super().forward(x, turned)


def remembering_lstm(inputs: int, units: int) -> nn.LSTM:
    """Make an LSTM that remembers from the start: CTC then leaves its all-blank phase sooner."""
    lstm = nn.LSTM(inputs, units)
    weights = dict(lstm.named_parameters())
    with torch.no_grad():
        nn.init.orthogonal_(weights["weight_hh_l0"])
        nn.init.xavier_uniform_(weights["weight_ih_l0"])
        weights["bias_ih_l0"][units : 2 * units] = 1.0  # the forget gate, second of four
    return lstm


def turned_order(frames_count: int, own: Tensor) -> Tensor:
    """Give (T, N): which frame stands at t once each line is turned round in its own length."""
    t = torch.arange(frames_count, device=own.device)[:, None]
    return torch.where(t < own[None], own[None] - 1 - t, t)


def _reorder(x: Tensor, order: Tensor) -> Tensor:
    return x.gather(0, order[:, :, None].expand(-1, -1, x.shape[2]))


@cache
def _computes_bfloat16() -> bool:
    """Say whether this CPU multiplies in bfloat16 by itself."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def _ceil_half(widths: Tensor) -> Tensor:
    return (widths + 1) // 2


def _mask(x: Tensor, widths: Tensor) -> Tensor:
    """Set to 0 what lies right of each line's own width; (N, c, h, w), widths (N,)."""
    columns = torch.arange(x.shape[-1], device=x.device)
    inside = columns[None] < widths[:, None]
    return x * inside[:, None, None, :].to(x.dtype)
