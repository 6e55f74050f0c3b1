"""Part a line of handwriting into its words by the gaps between them.

A line is parted only where the evidence is clear: as many wide gaps as the text has spaces,
each clearly wider than the gaps within words, and words about as wide as their letters ask.
Other lines stay whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recognition.preprocess import PARAMS, even_ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from recognition.types import GrayImage


@dataclass(frozen=True, slots=True, kw_only=True)
class GapParams:
    """What makes a gap between words."""

    ruling_quantile: float = 0.1  # columns as empty as this one hold at most a ruling line
    faint_px: int = 1  # ink rows beyond the ruling that still count as empty
    clear_ratio: float = 1.25  # narrowest word gap to widest letter gap
    min_gap: float = 0.12  # narrowest word gap, shares of the line's height
    width_spread: float = 2.2  # a word's width a letter, against the line's median


GAPS = GapParams()


def part_words(
    line: GrayImage, words: Sequence[str], params: GapParams = GAPS
) -> list[tuple[int, int]] | None:
    """Find where each word stands.

    Args:
        line: (h, w) uint8, 0 ink on 255 paper.
        words: what the line says, in order.
        params: what makes a gap.

    Returns:
        Left and right px (half open) of each word, or None where the gaps are not clear.
    """
    ink = even_ink(line, PARAMS) > 255 * PARAMS.ink_level
    filled = ink.sum(axis=0)
    written = filled > np.quantile(filled, params.ruling_quantile) + params.faint_px
    columns = np.flatnonzero(written)
    if len(columns) < len(words):
        return None
    starts, ends = columns[:-1][np.diff(columns) > 1] + 1, columns[1:][np.diff(columns) > 1]
    gaps = ends - starts
    wanted = len(words) - 1
    if len(gaps) < wanted:
        return None
    order = np.argsort(-gaps, kind="stable")
    chosen = np.sort(order[:wanted])
    if wanted:
        narrowest = int(gaps[order[wanted - 1]])
        widest_other = int(gaps[order[wanted]]) if len(gaps) > wanted else 1
        if narrowest < params.min_gap * line.shape[0]:
            return None
        if narrowest < params.clear_ratio * widest_other:
            return None
    lefts = np.concatenate([[columns[0]], ends[chosen]])
    rights = np.concatenate([starts[chosen], [columns[-1] + 1]])
    return _plausible(lefts, rights, words, params)


def _plausible(
    lefts: npt.NDArray[np.int64],
    rights: npt.NDArray[np.int64],
    words: Sequence[str],
    params: GapParams,
) -> list[tuple[int, int]] | None:
    """Refuse words that are far too wide or narrow for their letters."""
    each = (rights - lefts) / np.array([len(word) + 0.5 for word in words])
    ratio = each / np.median(each)
    if ratio.max() > params.width_spread or ratio.min() < 1 / params.width_spread:
        return None
    return [(int(a), int(b)) for a, b in zip(lefts, rights, strict=True)]
