"""Weigh what the ink says against what names say: the prior's or the lexicon's reading.

The raw text is the best path's. A rival replaces it only where two things hold: rival and
names together outweigh raw text and names, and the ink itself leaves room, since its own log
probability of the rival is at most ``margin_nats`` below that of the raw text. So a rare true
name in clear ink stays, however odd the prior finds it, or though a list lacks it. Where the ink
shows no letter, nothing is read, whatever names say.

Rivals are folded texts; the ink decides how each of their letters is written (``scoring``).
A rival that folds to the raw text changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from recognition.beam import BeamParams, search
from recognition.decode import best_path
from recognition.folding import fold_letters
from recognition.ink import cut_ink
from recognition.normal import normalise
from recognition.scoring import ink_log_probs, written_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.alphabet import Alphabet
    from recognition.ink import Ink, LogProbs
    from recognition.lexicon import Lexicon
    from recognition.prior import NamePrior
    from recognition.types import CharReading


_UNCLEAR_NATS = 0.1  # a letter of the raw text, on average: less probable ink is unclear
_MOST_ALTERNATIVES = 3  # as many as a person takes in at a glance
_LEAST_SHARE = 1e-3  # of a rival worth showing; clear ink has none, and none is spelt out for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """How far a name prior is believed; ``training.tune_prior`` fits it to a network."""

    weight: float = 0.4  # of the prior's log probability beside the ink's
    letter_bonus: float = 0.8  # nats a letter: the prior alone would favour short names
    margin_nats: float = 6.0  # the ink's log probability may fall this far for a rival


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorParams:
    """How far a name prior is believed, by how clear the ink is."""

    clear: Belief = field(default_factory=Belief)
    unclear: Belief = Belief(weight=0.9, letter_bonus=1.8, margin_nats=12.0)
    label_floor: float = 2e-3  # labels less probable in a frame are not searched there
    beam: BeamParams = field(default_factory=BeamParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconParams:
    """How far a lexicon is believed."""

    weight: float = 0.5  # of a name's log share beside the ink's log probability
    unlisted_nats: float = 6.0  # how much worse than the rarest name a value in no list weighs
    margin_nats: float = 12.0  # as for the prior: a value in no list may be true ...
    clear_margin_nats: float = 4.0  # ... and is, where the ink is clear and less near a name
    edits: int = 2  # names this near the raw text are weighed, whatever the beam finds
    label_floor: float = 2e-3  # as for the prior
    beam: BeamParams = field(default_factory=BeamParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """A line's reading with names taken into account, and what was weighed."""

    text: str = field(repr=False)  # NFC; equals the raw text where nothing was rewritten
    raw_text: str = field(repr=False)  # the best path's text
    chars: tuple[CharReading, ...] = field(repr=False)  # of ``text``
    probability: float  # [0, 1], share of ``text`` in all texts weighed, by ink and names
    alternatives: tuple[tuple[str, float], ...] = field(repr=False)  # next best texts, shares
    margin_nats: float  # how much less probable the ink finds ``text`` than the raw text; or < 0
    backed: bool = True  # names speak for ``text``; False for one that the lexicon lacks

    @property
    def changed(self) -> bool:
        """Say whether the raw text was rewritten."""
        return self.text != self.raw_text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rival:
    """A text weighed."""

    letters: str
    ink: float
    score: float  # by ink and names


def with_prior(
    log_probs: LogProbs, *, alphabet: Alphabet, prior: NamePrior, params: PriorParams
) -> Rewriting:
    """Read a line with a name prior.

    Args:
        log_probs: (T, C) of the line's own frames.
        alphabet: of C labels.
        prior: judges names.
        params: how far it is believed.

    Raises:
        ValueError: C is not the alphabet's size, or a frame holds no distribution.
    """
    raw_chars = best_path(log_probs, alphabet)[1]
    raw = _folded(raw_chars)
    ink = cut_ink(log_probs, alphabet.characters, floor=params.label_floor)
    belief = params.clear if _is_clear(ink, raw) else params.unclear
    found = search(ink, _PriorGuide(prior, belief), params.beam, kept=raw)
    rivals = [_Rival(letters=f.letters, ink=f.ink, score=f.score) for f in found]
    return _decide(ink, raw_chars, rivals, alphabet, margin_nats=belief.margin_nats)


def _is_clear(ink: Ink, raw: str) -> bool:
    """Say whether the ink itself is sure of its raw text."""
    return float(ink_log_probs(ink, [raw])[0]) >= -_UNCLEAR_NATS * len(raw)


def with_lexicon(
    log_probs: LogProbs, *, alphabet: Alphabet, lexicon: Lexicon, params: LexiconParams
) -> Rewriting:
    """Read a line whose value most likely stands in a lexicon.

    Names are weighed that a beam along the lexicon finds, or that stand within a few edits of
    the raw text; all of them exactly (Shi, Bai and Yao 2015, arXiv:1507.05717, section 2.3.2).

    Args:
        log_probs: (T, C) of the line's own frames.
        alphabet: of C labels.
        lexicon: the names.
        params: how far they are believed.

    Raises:
        ValueError: C is not the alphabet's size, or a frame holds no distribution.
    """
    raw_chars = best_path(log_probs, alphabet)[1]
    raw = _folded(raw_chars)
    ink = cut_ink(log_probs, alphabet.characters, floor=params.label_floor)
    guide = _LexiconGuide(lexicon, params)
    weights = {found.letters: found.weight for found in search(ink, guide, params.beam)}
    for entry, _ in lexicon.within(raw, params.edits):
        weights[entry.letters] = params.weight * entry.log_share
    listed = frozenset(weights)
    unlisted = params.weight * lexicon.least_log_share - params.unlisted_nats
    weights.setdefault(raw, unlisted)
    texts = sorted(weights)
    inks = ink_log_probs(ink, texts).tolist()
    rivals = [
        _Rival(letters=text, ink=own, score=own + weights[text])
        for text, own in zip(texts, inks, strict=True)
        if own > -math.inf
    ]
    # A list says what may stand there, so all else that the ink may say is weighed as unlisted.
    rest = max(0.0, 1 - math.fsum(math.exp(rival.ink) for rival in rivals))
    found = _decide(
        ink,
        raw_chars,
        rivals,
        alphabet,
        margin_nats=params.clear_margin_nats if _is_clear(ink, raw) else params.margin_nats,
        others=unlisted + math.log(rest) if rest else -math.inf,
    )
    return replace(found, backed=fold_letters(found.text) in listed)


class _PriorGuide:
    """Lets a beam ask the prior."""

    def __init__(self, prior: NamePrior, belief: Belief) -> None:
        self._prior = prior
        self._belief = belief
        self.start = prior.start

    def step(self, state: int, letter: str) -> tuple[int, float]:
        after, log_prob = self._prior.step(state, letter)
        return after, self._belief.weight * log_prob + self._belief.letter_bonus

    def end(self, state: int) -> float:
        return self._belief.weight * self._prior.end(state)


class _LexiconGuide:
    """Keeps a beam to the names of a lexicon."""

    def __init__(self, lexicon: Lexicon, params: LexiconParams) -> None:
        self._lexicon = lexicon
        self._weight = params.weight
        self.start = lexicon.start

    def step(self, state: int, letter: str) -> tuple[int, float]:
        after = self._lexicon.step(state, letter)
        return (state, -math.inf) if after is None else (after, 0.0)

    def end(self, state: int) -> float:
        entry = self._lexicon.entry_at(state)
        return -math.inf if entry is None else self._weight * entry.log_share


def _folded(chars: Sequence[CharReading]) -> str:
    return fold_letters("".join(char.char for char in chars))


def _decide(  # noqa: PLR0913, all that is weighed
    ink: Ink,
    raw_chars: tuple[CharReading, ...],
    rivals: Sequence[_Rival],
    alphabet: Alphabet,
    *,
    margin_nats: float,
    others: float = -math.inf,
) -> Rewriting:
    """Take the best rival for which the ink leaves room; the raw text is one of them.

    A raw text without letters stays, since names are no ink; its share tells how near others are.
    ``others`` is the score of all texts that are no rival; shares leave room for it.
    Ink so unclear that the search lost the raw text in it says nothing: the raw text stays.
    """
    raw = _folded(raw_chars)
    raw_text = _text(raw_chars)
    raw_ink = next((rival.ink for rival in rivals if rival.letters == raw), None)
    if raw_ink is None:
        return Rewriting(
            text=raw_text,
            raw_text=raw_text,
            chars=raw_chars,
            probability=0.0,
            alternatives=(),
            margin_nats=0.0,
        )
    allowed = [rival for rival in rivals if raw_ink - rival.ink <= margin_nats]
    allowed.sort(key=lambda rival: (-rival.score, rival.letters != raw, rival.letters))
    best = allowed.pop(0 if raw else [rival.letters for rival in allowed].index(raw))
    total = 1 + math.fsum(math.exp(rival.score - best.score) for rival in allowed)
    total += math.exp(others - best.score)

    def spelt(rival: _Rival) -> tuple[CharReading, ...]:
        if rival.letters == raw:
            return raw_chars
        return written_as(ink, rival.letters, alphabet.characters)

    chars = spelt(best)
    found = {_text(chars): 1 / total}  # spaces apart, two folded texts may be one text
    for rival in allowed:
        share = math.exp(rival.score - best.score) / total
        if share < _LEAST_SHARE or len(found) > _MOST_ALTERNATIVES:
            break
        found.setdefault(_text(spelt(rival)), share)
    return Rewriting(
        text=_text(chars),
        raw_text=raw_text,
        chars=chars,
        probability=1 / total,
        alternatives=tuple(found.items())[1:],
        margin_nats=raw_ink - best.ink,
    )


def _text(chars: Sequence[CharReading]) -> str:
    return normalise("".join(char.char for char in chars))
