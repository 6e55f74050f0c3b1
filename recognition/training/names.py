"""Make up names to draw: words from name lists, put together as people write them.

Lists are CSV or text files whose first column is a name and whose first number, where there
is one, its weight. Most are upper case without accents; case and accents are varied here.
Locales are Faker's: their names have accents and case, and first name and surname belong together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recognition.alphabet import NAME_ALPHABET
from recognition.normal import normalise
from recognition.training.faker_names import locale_names

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
_LETTERS = frozenset(NAME_ALPHABET)
_LONGEST = 15
_COMMON = "éèëïçüöäñáíóúåøłşčšž"  # written far more often than the rest


_PARTICLES = (
    "O'", "D'", "L'", "N'", "Mc", "Mac", "De ", "de ", "de la ", "De La ", "du ", "Van ", "van ",
    "van der ", "Van Der ", "van den ", "Von ", "von ", "zu ", "St. ", "St ", "Le ", "La ", "da ",
    "dos ", "di ", "Di", "del ", "Del ", "ter ", "al-", "El ", "Ben ", "Bin ", "Abu ", "Fitz",
)  # fmt: skip
_SUFFIXES = ("Jr.", "Jr", "Sr.", "II", "III", "IV")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameParams:
    """How often made-up names take each form."""

    two_words: float = 0.65
    three_words: float = 0.08
    locale: float = 0.5  # first name and surname of one locale, where locales are given
    hyphen: float = 0.06  # a double name in place of a word
    particle: float = 0.06  # O', D', Mc, van der ...
    initial: float = 0.05  # one word is a letter and a period ...
    bare_initial: float = 0.3  # ... or, of those, a letter alone
    suffix: float = 0.01  # Jr., III
    upper: float = 0.22
    lower: float = 0.05
    upper_surname: float = 0.06  # the last word alone is upper case
    mixed: float = 0.08  # small letters stand among the capitals; the rest is Title Case
    small: float = 0.25  # of the letters of those
    accented: float = 0.2  # share of names whose letters may take accents ...
    accent: float = 0.25  # ... each of them this often
    flatten: float = 0.4  # weights are raised to this power, so rare names are met too


NAMES = NameParams()
_Weighted = tuple[list[str], "npt.NDArray[np.float64]"]  # names and their running weights


class NameMaker:
    """Draws names at random from lists that were read once."""

    def __init__(
        self,
        lists: Sequence[Path],
        params: NameParams = NAMES,
        *,
        locales: Sequence[str] = (),
    ) -> None:
        """Read the lists and locales; each list counts the same, whatever its size.

        Raises:
            TrainingConfigError: a locale cannot be had.
        """
        self._params = params
        self._locales: list[tuple[_Weighted, _Weighted]] = []
        for locale in locales:
            names = locale_names(locale)
            first, last = (_flattened(n, params.flatten) for n in (names.first, names.last))
            if first[0] and last[0]:
                self._locales.append((first, last))
        self._lists = [_weighted(path, params.flatten) for path in lists]
        if not self._lists:
            self._lists = [names for pair in self._locales for names in pair]

    def make(self, rng: np.random.Generator) -> str:
        """Make up one name, in NFC."""
        p = self._params
        words = self._words(rng)
        if len(words) > 1 and rng.random() < p.initial * len(words):
            period = "" if rng.random() < p.bare_initial else "."
            words[int(rng.integers(len(words)))] = words[0][0].upper() + period
        if rng.random() < p.suffix:
            words.append(_SUFFIXES[int(rng.integers(len(_SUFFIXES)))])
        text = self._cased(words, rng)
        if rng.random() < p.accented:
            text = "".join(_accent(char, rng, p.accent) for char in text)
        return normalise(text)

    def _words(self, rng: np.random.Generator) -> list[str]:
        """Draw the words of a name, in Title Case."""
        p = self._params
        roll = rng.random()
        count = 3 if roll < p.three_words else 2 if roll < p.three_words + p.two_words else 1
        if not self._locales or rng.random() >= p.locale:
            pick = self._lists
            return [self._word(pick[int(rng.integers(len(pick)))], rng) for _ in range(count)]
        first, last = self._locales[int(rng.integers(len(self._locales)))]
        if count == 1:
            return [self._word(first if rng.random() < 0.5 else last, rng)]
        words = [self._word(first, rng) for _ in range(count - 1)]
        return [*words, self._word(last, rng)]

    def _word(self, names: _Weighted, rng: np.random.Generator) -> str:
        """Draw one word, perhaps a double name or one with a particle."""
        p = self._params
        roll = rng.random()
        if roll < p.hyphen:
            return f"{_title(names, rng)}-{_title(names, rng)}"
        if roll < p.hyphen + p.particle:
            return _PARTICLES[int(rng.integers(len(_PARTICLES)))] + _title(names, rng)
        return _title(names, rng)

    def _cased(self, words: list[str], rng: np.random.Generator) -> str:
        """Join the words in one of the ways that people use capitals."""
        p = self._params
        text = " ".join(words)
        shares = np.cumsum([p.upper, p.lower, p.upper_surname, p.mixed])
        way = int(np.searchsorted(shares, rng.random(), side="right"))
        if way == 0:
            return text.upper()
        if way == 1:
            return text.lower()
        if way == 2:
            return " ".join([*words[:-1], words[-1].upper()])
        if way == 3:
            return "".join(c.lower() if rng.random() < p.small else c for c in text.upper())
        return text


def _title(names: _Weighted, rng: np.random.Generator) -> str:
    """Draw one name in Title Case; a name that is in mixed case already stays."""
    texts, weights = names
    word = texts[int(np.searchsorted(weights, rng.random() * weights[-1]))]
    if not (word.isupper() or word.islower()):
        return word
    return re.sub(r"[^\W\d_]+", lambda found: found[0].capitalize(), word)


def _flattened(names: dict[str, int], power: float) -> _Weighted:
    """Keep the names of 2 to 15 letters that the alphabet covers, with running weights."""
    kept = {
        name: count
        for name, count in ((normalise(text), count) for text, count in names.items())
        if 2 <= len(name) <= _LONGEST and _NAME.fullmatch(name) and set(name) <= _LETTERS
    }
    return list(kept), np.cumsum([float(count) ** power for count in kept.values()])


def _weighted(path: Path, power: float) -> _Weighted:
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
