"""Prefix beam search: the folded texts that the ink and a guide like best.

A prefix is a run of folded letters (``folding``). Its probability sums over every path of
frames and over every case and accent its letters may be written in, so that ``e`` and ``E``
do not compete for places in the beam. A guide adds its own weight letter by letter: a name
prior that prefers, a lexicon that forbids.

Sources: prefix search, Graves et al. 2006, doi:10.1145/1143844.1143891; as a beam with a
language model, Hannun et al. 2014, arXiv:1408.2873.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.ink import Ink


class Guide(Protocol):
    """Weighs the letters of a text, one after the other; states are its own numbers."""

    start: int

    def step(self, state: int, letter: str) -> tuple[int, float]:
        """Give the state after a folded letter, and the letter's weight; -inf forbids it."""

    def end(self, state: int) -> float:
        """Give the weight of ending the text here; -inf forbids it."""


class NoGuide:
    """Weighs nothing: the ink alone decides."""

    start = 0

    def step(self, state: int, letter: str) -> tuple[int, float]:  # noqa: ARG002, the port's names
        """Let every letter pass."""
        return state, 0.0

    def end(self, state: int) -> float:  # noqa: ARG002, the port's names
        """Let every text end."""
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamParams:
    """How many prefixes go on from frame to frame."""

    width: int = 10  # prefixes kept, at most
    gap_nats: float = 9.0  # prefixes this far below the best are dropped before that, and
    # letters that leave a prefix this improbable by its ink alone are not tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One text found."""

    letters: str = field(repr=False)  # folded
    ink: float  # natural log of the text's probability, the ink alone
    weight: float  # the guide's, its end included

    @property
    def score(self) -> float:
        """What texts are ranked by."""
        return self.ink + self.weight


@dataclass(slots=True)
class _Mass:
    """Probability of the paths that spell a prefix so far."""

    blank: float = 0.0  # of those that end in a blank
    ends: dict[int, float] = field(default_factory=dict)  # by the column they end in
    total: float = 0.0  # of all; set once a frame is done

    def settle(self) -> float:
        """Count all paths."""
        self.total = self.blank + sum(self.ends.values())
        return self.total

    def total_but(self, column: int) -> float:
        """Leave out the paths that end in a column; a difference would lose digits."""
        return self.blank + sum(prob for own, prob in self.ends.items() if own != column)


class _Prefixes:
    """The tree of prefixes met; prefix 0 is empty."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._states = [guide.start]
        self._children: list[dict[str, int]] = [{}]
        self.texts = [""]
        self.weights = [0.0]

    def child(self, prefix: int, letter: str) -> int:
        """Give the prefix one letter longer; -1 where the guide forbids it."""
        known = self._children[prefix].get(letter)
        if known is not None:
            return known
        state, weight = self._guide.step(self._states[prefix], letter)
        made = len(self.texts) if weight > -math.inf else -1
        self._children[prefix][letter] = made
        if made > 0:
            self._states.append(state)
            self._children.append({})
            self.texts.append(self.texts[prefix] + letter)
            self.weights.append(self.weights[prefix] + weight)
        return made

    def final_weight(self, prefix: int) -> float:
        """Give the weight of a prefix as a whole text."""
        return self.weights[prefix] + self._guide.end(self._states[prefix])


def search(
    ink: Ink, guide: Guide, params: BeamParams, *, kept: str | None = None
) -> tuple[Found, ...]:
    """Find the best texts.

    Args:
        ink: the line.
        guide: weighs the texts.
        params: the beam.
        kept: a folded text whose prefixes are never dropped, so that it is found, with all of
            its paths, whatever the guide thinks of it; the guide must not forbid it.

    Returns:
        Up to ``params.width`` texts, best first, and ``kept`` among them or behind them. None
        where the guide forbids every text that the ink allows.
    """
    prefixes = _Prefixes(guide)
    spared = _spare(prefixes, kept)
    beam, largest, log_scale = {0: _Mass(blank=1.0, total=1.0)}, 1.0, ink.left_out
    least = math.exp(-params.gap_nats)
    for row in ink.probs.tolist():
        # Divided by what is largest so far, no probability runs out of digits.
        written = [
            (column, ink.letters[column], prob / largest)
            for column, prob in enumerate(row)
            if column and prob > 0
        ]
        beam = _advance(beam, prefixes, row[0] / largest, written, least)
        beam = _pruned(beam, prefixes, params, spared)
        log_scale += math.log(largest)
        largest = max((mass.total for mass in beam.values()), default=1.0)
    found = [
        Found(
            letters=prefixes.texts[prefix],
            ink=math.log(mass.total) + log_scale,
            weight=prefixes.final_weight(prefix),
        )
        for prefix, mass in beam.items()
    ]
    allowed = [text for text in found if text.weight > -math.inf]
    allowed.sort(key=lambda text: (-text.score, text.letters))
    behind = [text for text in allowed[params.width :] if text.letters == kept]
    return (*allowed[: params.width], *behind)


def _spare(prefixes: _Prefixes, kept: str | None) -> frozenset[int]:
    """Number the prefixes of a text that must not be lost."""
    if kept is None:
        return frozenset()
    spared = [0]
    for letter in kept:
        spared.append(prefixes.child(spared[-1], letter))
    return frozenset(spared)


def _advance(
    beam: dict[int, _Mass],
    prefixes: _Prefixes,
    blank: float,
    written: Sequence[tuple[int, str, float]],
    least: float,
) -> dict[int, _Mass]:
    """Move all prefixes over one frame: its blank's probability, and its written labels'.

    Prefixes are not begun below the probability ``least``; the likeliest one had 1.
    """
    after: dict[int, _Mass] = {}
    for prefix, mass in beam.items():
        total = mass.total
        stays = after.get(prefix)
        if stays is None:
            stays = after[prefix] = _Mass()
        stays.blank += total * blank
        for column, letter, prob in written:
            # The same label again is the same letter; anything else before it begins a new one.
            begins = total * prob
            if column in mass.ends:
                stays.ends[column] = stays.ends.get(column, 0.0) + mass.ends[column] * prob
                begins = mass.total_but(column) * prob
            if begins <= least or (child := prefixes.child(prefix, letter)) < 0:
                continue
            grown = after.get(child)
            if grown is None:
                grown = after[child] = _Mass()
            grown.ends[column] = grown.ends.get(column, 0.0) + begins
    return after


def _pruned(
    beam: dict[int, _Mass], prefixes: _Prefixes, params: BeamParams, spared: frozenset[int]
) -> dict[int, _Mass]:
    """Keep the best prefixes of those that are possible, and the spared ones."""
    scores = {
        prefix: math.log(total) + prefixes.weights[prefix]
        for prefix, mass in beam.items()
        if (total := mass.settle()) > 0
    }
    limit = max(scores.values(), default=0.0) - params.gap_nats
    near = [prefix for prefix, score in scores.items() if score >= limit]
    near.sort(key=lambda prefix: (-scores[prefix], prefix))
    kept = {prefix: beam[prefix] for prefix in near[: params.width]}
    kept.update({prefix: beam[prefix] for prefix in scores.keys() & spared})
    return kept
