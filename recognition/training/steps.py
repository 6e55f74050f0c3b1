"""One step of an optimiser, and state that is saved whole: what every run of training shares."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import torch

from recognition.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn


def learning_pace(done: float, warmup: float, *, cosine: bool = True) -> float:
    """Give the share of the full learning rate: a straight rise, then half a cosine to 0.

    Args:
        done: share of the steps done, in [0, 1].
        warmup: share of the steps in which the rate rises.
        cosine: False keeps the rate up to the end instead.
    """
    if done < warmup:
        return max(done / warmup, 0.01)
    if not cosine:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - warmup) / max(1e-9, 1 - warmup))))


def take_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, *, rate: float, clip_norm: float
) -> None:
    """Follow the gradients that ``model`` holds, which are clipped first."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Save a run's state whole or not at all."""
    # Written by torch itself, a disk without room would end as a RuntimeError of its own.
    content = io.BytesIO()
    torch.save(dict(state), content)
    with replacing(path) as file:
        file.write_bytes(content.getbuffer())
