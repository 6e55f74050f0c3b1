"""Pad line images of unequal width into a ``LineBatch``; sort crops so that little is padded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from recognition.types import LineBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from recognition.types import LineImage

WIDTH_STEP_PX = 16  # batches are padded to a multiple of this: few shapes, little waste


def pad_lines(
    lines: Sequence[LineImage],
    *,
    step_px: int = WIDTH_STEP_PX,
    device: str = "cpu",
) -> LineBatch:
    """Pad on the right with 0 (paper) and bring the batch to a device.

    What travels to a GPU is uint8 in pinned memory, a quarter of the bytes, and nobody waits
    for it.

    Args:
        lines: N images (H, w_i) uint8 of one height, 255 ink.
        step_px: the batch's width is a multiple of this.
        device: where the batch is wanted.

    Raises:
        ValueError: there are no lines, or their heights differ.
    """
    if not lines:
        raise ValueError("want at least one line")
    heights = {line.shape[0] for line in lines}
    if len(heights) != 1:
        raise ValueError(f"want lines of one height, got {sorted(heights)}")
    widths = [line.shape[1] for line in lines]
    images = np.zeros((len(lines), 1, heights.pop(), padded_px(max(widths), step_px)), np.uint8)
    for image, line in zip(images, lines, strict=True):
        image[0, :, : line.shape[1]] = line
    sent = _send(torch.from_numpy(images), device)
    return LineBatch(images=sent.float().div_(255), widths_px=_send(torch.tensor(widths), device))


def padded_px(width_px: int, step_px: int = WIDTH_STEP_PX) -> int:
    """Give the width of a batch whose widest line is ``width_px`` wide."""
    return -(-width_px // step_px) * step_px


def _send(tensor: Tensor, device: str) -> Tensor:
    if torch.device(device).type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)


def by_width(
    widths_px: Sequence[int], *, max_lines: int, max_pixels: int, group_px: int
) -> list[list[int]]:
    """Group line numbers so that reading costs least: few groups, and little padding in each.

    A group costs its lines times its widest, and ``group_px`` beyond that.

    Args:
        widths_px: width of each line.
        max_lines: lines in a group, at most.
        max_pixels: lines times widest width in a group, at most; a single line may exceed it.
        group_px: what a group costs whatever it holds, in columns of lines.

    Returns:
        Groups of indexes into ``widths_px``, narrow lines first; each index stands once.
    """
    order = np.argsort(np.asarray(widths_px), kind="stable")
    widths = np.asarray(widths_px, np.int64)[order]
    counts = np.arange(1, max_lines + 1)
    least = np.zeros(len(widths) + 1, np.int64)  # cost of the narrowest so many lines
    last = np.zeros(len(widths) + 1, np.int64)  # lines in the last group of these
    for end, wide in enumerate(widths, 1):
        fitting = counts[: min(end, max(1, max_pixels // wide))]
        costs = least[end - fitting] + fitting * wide
        best = costs.size - 1 - int(np.argmin(costs[::-1]))  # the largest of equals
        least[end], last[end] = costs[best] + group_px, fitting[best]
    groups: list[list[int]] = []
    end = len(widths)
    while end:
        groups.append(order[end - last[end] : end].tolist())
        end -= int(last[end])
    return groups[::-1]
