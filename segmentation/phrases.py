"""Join printed words to phrases: runs of one label, parted by colons, wide gaps and boxes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation.boxes import around, in_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.types import Box, PrintedWord


_TICKS = frozenset("lI1i")  # as what the ticks of a comb are read


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseParams:
    """When words belong together, and which are print."""

    min_confidence: float = 0.2  # of a word; below, it is a scribble
    max_gap: float = 1.1  # between words, in heights of the first
    max_step: float = 0.6  # how far their middles lie off level, in heights
    label_confidence: float = 0.5  # words read less surely drop out of a phrase with surer ones
    print_confidence: float = 0.85  # handwriting is read less surely,
    print_height: float = 1.7  # and stands higher than this many usual words


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that stand together on one row."""

    text: str = field(repr=False)
    box: Box
    printed: bool  # surely print, not handwriting that was read as if it were

    @property
    def left(self) -> int:
        """First column."""
        return self.box.x_px

    @property
    def right(self) -> int:
        """One past the last column."""
        return self.box.x_px + self.box.width_px

    @property
    def top(self) -> int:
        """First row."""
        return self.box.y_px

    @property
    def bottom(self) -> int:
        """One past the last row."""
        return self.box.y_px + self.box.height_px


def join_words(
    words: Sequence[PrintedWord], cells: Sequence[Box], params: PhraseParams
) -> tuple[Phrase, ...]:
    """Join words to phrases, in the order of the page.

    Args:
        words: as they were read.
        cells: boxes of the page; a phrase does not run from one into another.
        params: what belongs together.
    """
    usable = [
        w
        for w in words
        if w.confidence >= params.min_confidence
        and any(c.isalnum() for c in w.text)
        and w.text.strip() not in _TICKS
    ]
    sure = [w.box.height_px for w in usable if w.confidence >= params.print_confidence]
    usual_px = float(np.median(sure)) if sure else 0.0
    from_left = sorted(usable, key=lambda w: w.box.x_px)
    rows = in_rows(from_left, lambda last, word: _goes_on(last, word, cells, params))
    phrases = [_phrase(row, usual_px, params) for row in rows]
    return tuple(sorted(phrases, key=lambda p: (p.top, p.left)))


def cell_around(box: Box, cells: Sequence[Box]) -> Box | None:
    """Find the smallest cell that holds the middle of a box."""
    x, y = box.x_px + box.width_px / 2, box.y_px + box.height_px / 2
    holding = [
        c for c in cells if c.x_px <= x < c.x_px + c.width_px and c.y_px <= y < c.y_px + c.height_px
    ]
    return min(holding, key=lambda c: c.width_px * c.height_px, default=None)


def _goes_on(
    last: PrintedWord, word: PrintedWord, cells: Sequence[Box], params: PhraseParams
) -> bool:
    a, b = last.box, word.box
    height = max(min(a.height_px, b.height_px), a.height_px / 2)
    gap = b.x_px - (a.x_px + a.width_px)
    step = abs((a.y_px + a.height_px / 2) - (b.y_px + b.height_px / 2))
    return (
        not last.text.rstrip().endswith(":")
        and -height <= gap <= params.max_gap * height
        and step <= params.max_step * height
        and cell_around(a, cells) == cell_around(b, cells)
    )


def _phrase(row: list[PrintedWord], usual_px: float, params: PhraseParams) -> Phrase:
    legible = [w for w in row if w.confidence >= params.label_confidence] or row
    sure = [
        w.confidence >= params.print_confidence
        and w.box.height_px <= params.print_height * usual_px
        for w in legible
    ]
    return Phrase(
        text=" ".join(w.text for w in legible),
        box=around([w.box for w in legible]),
        printed=2 * sum(sure) >= len(sure),
    )
