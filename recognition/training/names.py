"""Make up names to draw: words from name lists, put together as people write them.

Lists are CSV or text files whose first column is a name and whose first number, where there
is one, its weight. Most are upper case without accents; case and accents are varied here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recognition.alphabet import NAME_ALPHABET, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

_ACCENTS = {
    base: [c for c in NAME_ALPHABET if c != base and c in variants]
    for base, variants in {
        "a": "àáâãäåæą", "c": "çćč", "d": "ď", "e": "èéêëęě", "g": "ğ", "i": "ìíîïı", "l": "ł",
        "n": "ñńň", "o": "òóôõöøœő", "r": "ř", "s": "ßśşš", "t": "ť", "u": "ùúûüůű", "y": "ýÿ",
        "z": "źżž",
    }.items()
}  # fmt: skip
_NAME = re.compile(r"[^\W\d_]+([' -][^\W\d_]+)*")
_LONGEST = 15
_COMMON = "éèëïçüöäñáíóúåøłşčšž"  # written far more often than the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class NameParams:
    """How often made-up names take each form."""

    two_words: float = 0.55
    three_words: float = 0.08
    hyphen: float = 0.08  # a double name in place of a word
    particle: float = 0.05  # O', D', Mc, de ...
    initial: float = 0.05  # one word is a letter and a period
    upper: float = 0.3
    lower: float = 0.05  # the rest is Title Case
    accented: float = 0.3  # share of names whose letters may take accents ...
    accent: float = 0.25  # ... each of them this often
    flatten: float = 0.4  # weights are raised to this power, so rare names are met too


NAMES = NameParams()


class NameMaker:
    """Draws names at random from lists that were read once."""

    def __init__(self, lists: Sequence[Path], params: NameParams = NAMES) -> None:
        """Read the lists; each counts the same, whatever its size."""
        self._params = params
        self._lists = [_weighted(path, params.flatten) for path in lists]

    def make(self, rng: np.random.Generator) -> str:
        """Make up one name, in NFC."""
        p = self._params
        roll = rng.random()
        count = 3 if roll < p.three_words else 2 if roll < p.three_words + p.two_words else 1
        words = [self._word(rng) for _ in range(count)]
        if count > 1 and rng.random() < p.initial * count:
            words[int(rng.integers(count))] = f"{words[0][0]}."
        roll = rng.random()
        if roll < p.upper:
            text = " ".join(words).upper()
        elif roll < p.upper + p.lower:
            text = " ".join(words).lower()
        else:
            text = " ".join(words)
        if rng.random() < p.accented:
            text = "".join(_accent(char, rng, p.accent) for char in text)
        return normalise(text)

    def _word(self, rng: np.random.Generator) -> str:
        """Draw one word in title case, perhaps a double name or one with a particle."""
        roll = rng.random()
        if roll < self._params.hyphen:
            return f"{self._title(rng)}-{self._title(rng)}"
        if roll < self._params.hyphen + self._params.particle:
            return str(rng.choice(["O'", "D'", "Mc", "Mac", "De ", "Van ", "St. "])) + self._title(
                rng
            )
        return self._title(rng)

    def _title(self, rng: np.random.Generator) -> str:
        names, weights = self._lists[int(rng.integers(len(self._lists)))]
        word = names[int(np.searchsorted(weights, rng.random() * weights[-1]))]
        return re.sub(r"[A-Za-z]+", lambda found: found[0].capitalize(), word)


def _weighted(path: Path, power: float) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Read one list: names of 2 to 15 letters and their running weights."""
    weights: dict[str, float | None] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.rpartition(",") if "," in line else line.partition(" ")
        if 2 <= len(name) <= _LONGEST and _NAME.fullmatch(name):
            number = re.search(r"\d+(\.\d+)?", rest)
            weights[name] = max(float(number[0]), 1e-3) ** power if number else None
    if any(weight is not None for weight in weights.values()):  # then one without heads the list
        weights = {name: weight for name, weight in weights.items() if weight is not None}
    return list(weights), np.cumsum([1.0 if w is None else w for w in weights.values()])


def _accent(char: str, rng: np.random.Generator, share: float) -> str:
    choices = _ACCENTS.get(char.lower())
    if not choices or rng.random() >= share:
        return char
    common = [c for c in choices if c in _COMMON]
    pool = common if common and rng.random() < 0.7 else choices
    accented = pool[int(rng.integers(len(pool)))]
    upper = accented.upper()
    return (
        upper
        if char.isupper() and len(upper) == 1 and upper in NAME_ALPHABET
        else (accented if char.islower() else char)
    )
