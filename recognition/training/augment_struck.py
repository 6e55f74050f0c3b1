"""Set a struck-out first attempt beside the writing; only the writing is to be read.

Crops are ``(h, w)`` uint8, 0 ink on 255 paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.training.augment_paper import Framed, paper_of

if TYPE_CHECKING:
    from recognition.training.augment_params import AugmentParams
    from recognition.types import GrayImage


def strike_out(framed: Framed, rng: np.random.Generator, _: AugmentParams) -> Framed:
    """Repeat a part of the writing beside it, struck out."""
    crop = framed.crop
    left, top, right, bottom = framed.box
    tall, wide = bottom - top, right - left
    if wide < 1.5 * tall:
        return framed
    paper = paper_of(crop)
    length = int(max(tall, rng.uniform(0.25, 0.6) * wide))
    start = left if rng.random() < 0.6 else int(rng.integers(left, right - length + 1))
    part = crop[:, start : start + length]
    attempt = np.pad(part, ((0, 0), (4, 4)), constant_values=paper)
    _strike(attempt, (top, bottom), int(crop.min()), rng)
    gap = np.full((crop.shape[0], int(rng.uniform(0.2, 0.8) * tall)), paper, np.uint8)
    if rng.random() < 0.8:
        moved = attempt.shape[1] + gap.shape[1]
        return Framed(
            crop=np.hstack((attempt, gap, crop)), box=(left + moved, top, right + moved, bottom)
        )
    return Framed(crop=np.hstack((crop, gap, attempt)), box=framed.box)


def _strike(attempt: GrayImage, rows: tuple[int, int], ink: int, rng: np.random.Generator) -> None:
    """Cross the ink out in place: lines through its middle, or a scribble over all of it."""
    top, bottom = rows
    tall, width = bottom - top, attempt.shape[1]
    thick = int(rng.integers(1, max(2, tall // 14) + 1))
    if rng.random() < 0.6:
        for _ in range(int(rng.integers(1, 4))):
            ends = rng.uniform(top + 0.25 * tall, bottom - 0.2 * tall, 2)
            cv2.line(attempt, (0, int(ends[0])), (width, int(ends[1])), (ink,), thick, cv2.LINE_AA)
        return
    turns = max(4, int(width / (rng.uniform(0.15, 0.4) * tall)))
    xs = np.linspace(1, width - 2, turns) + rng.normal(0, 0.05 * tall, turns)
    ys = np.where(np.arange(turns) % 2, top + 0.1 * tall, bottom - 0.1 * tall)
    ys += rng.normal(0, 0.08 * tall, turns)
    path = np.column_stack([xs, ys]).astype(np.int32)
    cv2.polylines(
        attempt, [path], isClosed=False, color=(ink,), thickness=thick, lineType=cv2.LINE_AA
    )
