"""CTC loss with the length check, one reduction, and targets that leave letter case open.

Connectionist temporal classification: Graves et al. 2006, doi:10.1145/1143844.1143891.
All losses are negative natural logs of a text's probability, one for each line: (N,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as nnf

from recognition.alphabet import BLANK, frames_needed
from recognition.errors import LineTooNarrowError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from recognition.types import FrameLogProbs


def ctc_losses(log_probs: FrameLogProbs, targets: Sequence[Sequence[int]]) -> Tensor:
    """Give each line's negative log probability of its target.

    Args:
        log_probs: (T, N, C) and the frames of each line.
        targets: N lists of labels without blanks; an empty one means no ink.

    Returns:
        (N,) float32.

    Raises:
        ValueError: there is not one target a line, or a label is out of range.
        LineTooNarrowError: a line gives fewer frames than its target needs.
    """
    labels_count = log_probs.values.shape[2]
    if len(targets) != log_probs.values.shape[1]:
        raise ValueError(f"want {log_probs.values.shape[1]} targets, got {len(targets)}")
    for line, (target, own) in enumerate(zip(targets, log_probs.frames.tolist(), strict=True)):
        if any(not BLANK < label < labels_count for label in target):
            raise ValueError(f"target {line} holds labels out of 1..{labels_count - 1}")
        if (needed := frames_needed(target)) > own:
            raise LineTooNarrowError(line=line, frames=own, needed=needed)
    flat = torch.tensor([label for target in targets for label in target], dtype=torch.int64)
    lengths = torch.tensor([len(target) for target in targets], dtype=torch.int64)
    return nnf.ctc_loss(
        log_probs.values,
        flat.to(log_probs.values.device),
        log_probs.frames,
        lengths,
        blank=BLANK,
        reduction="none",
    )


def mixture_losses(
    log_probs: FrameLogProbs, variants: Sequence[Sequence[Sequence[int]]], weights: Sequence[float]
) -> Tensor:
    """Give each line's negative log of a weighted sum over spellings of its text.

    Args:
        log_probs: (T, N, C) and the frames of each line.
        variants: K spellings, each a list of N targets.
        weights: K positive weights; each is how far its spelling is believed beforehand.

    Returns:
        (N,) float32: ``-log sum_k weight_k p(variant_k)``.

    Raises:
        ValueError: the numbers of variants and weights differ, or as ``ctc_losses``.
        LineTooNarrowError: as ``ctc_losses``.
    """
    each = [
        torch.log(torch.tensor(weight)) - ctc_losses(log_probs, targets)
        for targets, weight in zip(variants, weights, strict=True)
    ]
    return -torch.logsumexp(torch.stack(each), dim=0)
