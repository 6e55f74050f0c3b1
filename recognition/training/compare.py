"""Compare two networks on the same crops, pair by pair, and say whether one is worse.

Crops on which both are right, or both wrong, tell nothing about which reads better. Of the
others an exact sign test (McNemar 1947, https://doi.org/10.1007/BF02295996) asks how likely so
many losses are among equals; for the character error rate a paired bootstrap over writers does
(Bisani and Ney 2004). Texts are folded, as in ``metrics``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from recognition.metrics import edit_distance, fold
from recognition.training.crop_store import read_crop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recognition.training.manifest import Sample
    from recognition.types import GrayImage, Reading

_SHARD = 1024  # crops decoded at once, so that a large set does not fill the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareParams:
    """What counts as worse."""

    significance: float = 0.05  # chance of so many losses among equals below which it is worse
    resamples: int = 2000  # of the bootstrap; its shares are then sure to about a hundredth
    seed: int = 1  # of the bootstrap, so that a comparison can be repeated


PARAMS = CompareParams()


class CropReader(Protocol):
    """What reads crops: ``recognition.recognizer.Recognizer``, or a double in a test."""

    def read(self, crops: Sequence[GrayImage], /) -> list[Reading]:
        """Read ``(h, w)`` uint8 crops, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One crop as two networks read it."""

    sample: Sample
    text_a: str = field(repr=False)
    text_b: str = field(repr=False)

    @property
    def right(self) -> tuple[bool, bool]:
        """Say whether each text is right, folded."""
        wanted = fold(self.sample.text)
        return fold(self.text_a) == wanted, fold(self.text_b) == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How two networks, A and B, read one set."""

    name: str
    n: int  # crops
    exact_a: float  # share read exactly, folded
    exact_b: float
    cer_a: float  # folded; all edits over all reference characters
    cer_b: float
    only_a: int  # crops that only A read exactly
    only_b: int
    mcnemar_p: float  # two-sided: chance of a split as uneven among equals
    b_loses_p: float  # one-sided: chance of as many losses of B among equals
    b_errs_less_share: float  # of the resamples, those in which B has no more edits than A
    significance: float  # what the two above were held against

    @property
    def faults(self) -> tuple[str, ...]:
        """Say in what B is worse than A, beyond chance; nothing where it is not."""
        found = []
        if self.exact_b < self.exact_a and self.b_loses_p < self.significance:
            found.append(
                f"{self.name}: exact {self.exact_a:.3f} to {self.exact_b:.3f}, "
                f"{self.only_a} lost and {self.only_b} won (p = {self.b_loses_p:.2g})"
            )
        if self.cer_b > self.cer_a and self.b_errs_less_share < self.significance:
            found.append(
                f"{self.name}: CER {self.cer_a:.3f} to {self.cer_b:.3f} "
                f"(p = {self.b_errs_less_share:.2g})"
            )
        return tuple(found)

    @property
    def lower(self) -> str | None:
        """Say where B is lower in both figures, be it by chance: small losses add up unseen."""
        if not (self.exact_b < self.exact_a and self.cer_b > self.cer_a):
            return None
        return (
            f"{self.name}: fewer are read exactly ({self.exact_a:.3f} to {self.exact_b:.3f}) and "
            f"more characters are wrong (CER {self.cer_a:.4f} to {self.cer_b:.4f})"
        )


def read_both(a: CropReader, b: CropReader, samples: Iterable[Sample]) -> list[Pair]:
    """Read the same crops with two networks.

    Raises:
        ManifestError: a file is missing or is no picture.
    """
    pairs: list[Pair] = []
    for shard in _shards(samples):
        crops = [read_crop(sample.image) for sample in shard]
        read = zip(shard, a.read(crops), b.read(crops), strict=True)
        pairs += [Pair(sample=s, text_a=x.text, text_b=y.text) for s, x, y in read]
    return pairs


def compare(name: str, pairs: Sequence[Pair], params: CompareParams = PARAMS) -> Comparison:
    """Count and weigh the differences on one set.

    Args:
        name: of the set, for people.
        pairs: each crop as both read it.
        params: what counts as worse.

    Raises:
        ValueError: there is nothing to compare, or no label holds a letter.
    """
    right = [pair.right for pair in pairs]
    only_a = sum(a and not b for a, b in right)
    only_b = sum(b and not a for a, b in right)
    wanted = [fold(pair.sample.text) for pair in pairs]
    if not (characters := sum(map(len, wanted))):
        raise ValueError(f"{name} holds no letter to compare")
    edits_a, edits_b = (
        [edit_distance(fold(text), label) for text, label in zip(texts, wanted, strict=True)]
        for texts in ([p.text_a for p in pairs], [p.text_b for p in pairs])
    )
    more = [b - a for a, b in zip(edits_a, edits_b, strict=True)]
    return Comparison(
        name=name,
        n=len(pairs),
        exact_a=sum(a for a, _ in right) / len(pairs),
        exact_b=sum(b for _, b in right) / len(pairs),
        cer_a=sum(edits_a) / characters,
        cer_b=sum(edits_b) / characters,
        only_a=only_a,
        only_b=only_b,
        mcnemar_p=mcnemar_p(only_a, only_b),
        b_loses_p=sign_p(only_a, only_b),
        b_errs_less_share=_share_not_more(_by_writer(pairs, more), params),
        significance=params.significance,
    )


def sign_p(losses: int, wins: int) -> float:
    """Give the chance of so many losses or more, where each is as likely as a win."""
    count = losses + wins
    ways, term = 0, math.comb(count, losses)
    for k in range(losses, count + 1):  # each binomial from the one before: large ones are slow
        ways += term
        term = term * (count - k) // (k + 1)
    return float(ways / 2**count)


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Give the chance of a split as uneven or more, either way, among equals: exact, two-sided."""
    return min(1.0, 2 * sign_p(max(only_a, only_b), min(only_a, only_b)))


def _by_writer(pairs: Sequence[Pair], values: Sequence[int]) -> list[int]:
    """Add up the values of each writer: crops of one hand are right or wrong together."""
    sums: dict[str, int] = {}
    for number, (pair, value) in enumerate(zip(pairs, values, strict=True)):
        writer = pair.sample.writer or f"crop {number}"
        sums[writer] = sums.get(writer, 0) + value
    return list(sums.values())


def _share_not_more(more: Sequence[int], params: CompareParams) -> float:
    """Draw the writers again and again, and give the share of draws without more edits.

    The reference characters of a draw are the same for both networks, so the sign of the
    difference of their rates is that of their edits.
    """
    rng = np.random.default_rng(params.seed)
    values = np.array(more)
    chances = np.full(len(values), 1 / len(values))
    not_more = sum(
        int(rng.multinomial(len(values), chances) @ values <= 0) for _ in range(params.resamples)
    )
    return not_more / params.resamples


def _shards(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    remaining = iter(samples)
    while shard := list(islice(remaining, _SHARD)):
        yield shard
