"""How likely a letter is to come next in a name: a character n-gram model with backoff.

Names are judged folded (``folding``), word by word: spaces, hyphens, apostrophes and periods
end a word, and the next begins afresh. After each letter stand 32 possible outcomes, whose
probabilities sum to 1: 26 letters, any other letter, and the word's end in one of five ways.

The model is an automaton. A state is a remembered run of letters, the longest one known that
ends the word so far; moving on is two table look-ups. Links to shorter runs are computed as
by Aho and Corasick 1975, doi:10.1145/360825.360855, when the file is read, level by level.
The probabilities come from ``training.build_prior``.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from recognition.errors import CheckpointError
from recognition.folding import SPELT, fold_letters

RELEASE: Final = Path(__file__).parent / "release" / "name-prior.npz"
BOUNDARY: Final = 0  # the symbol that begins and ends a word; A to Z are 1 to 26
OTHER: Final = 27  # any letter that plain capitals lack
SYMBOLS: Final = 28
ENDINGS: Final = ("", " ", "-", "'", ".")  # ways a word ends; "" is the end of the value
STEPS_PER_NAT: Final = 16.0  # stored probabilities are whole numbers of 1/16 nat

_STORED: Final = {
    "backoffs": np.dtype(np.uint8),
    "follower_counts": np.dtype(np.uint8),
    "symbols": np.dtype(np.uint8),
    "costs": np.dtype(np.uint8),
    "is_state": np.dtype(np.bool_),
    "endings": np.dtype(np.float32),
}
_SYMBOL_OF: Final = {chr(ord("A") + place): place + 1 for place in range(26)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriorTables:
    """What a prior file holds: the runs that are states, and what was seen to follow each.

    Followers stand state by state, their symbols ascending. State 0 is the empty run, and the
    followers flagged as states are states 1, 2, ... in the order they stand: short runs first.
    """

    backoffs: npt.NDArray[np.uint8]  # (S,) cost of asking the shorter run instead
    follower_counts: npt.NDArray[np.uint8]  # (S,) number of followers of each state
    symbols: npt.NDArray[np.uint8]  # (F,) the follower's symbol
    costs: npt.NDArray[np.uint8]  # (F,) its cost after the run: -log p in 1/STEPS_PER_NAT nats
    is_state: npt.NDArray[np.bool_]  # (F,) whether the run with the follower is a state too
    endings: npt.NDArray[np.float32]  # (5,) p of each of ENDINGS, given that a word ends


class NamePrior:
    """A name prior ready for use; never changes once made. ``digest`` tells it from others."""

    def __init__(self, tables: PriorTables) -> None:
        """Link the states.

        Raises:
            CheckpointError: the tables contradict each other.
        """
        _check(tables)
        self.digest = _digest(tables)
        self._next, self._log_probs = _unfold(tables)
        shares = tables.endings.astype(np.float64)
        self._endings = dict(zip(ENDINGS, np.log(shares / shares.sum()).tolist(), strict=True))
        self.start = int(self._next[0, BOUNDARY])

    def __len__(self) -> int:
        """Count the states."""
        return len(self._next)

    def step(self, state: int, letter: str) -> tuple[int, float]:
        """Move over one folded letter, or over a sign that ends a word.

        Returns:
            The next state, and the natural log of the letter's probability.
        """
        if letter in self._endings:
            return self.start, float(self._log_probs[state, BOUNDARY]) + self._endings[letter]
        log_prob = 0.0
        for symbol in symbols_of(letter):
            log_prob += float(self._log_probs[state, symbol])
            state = int(self._next[state, symbol])
        return state, log_prob

    def end(self, state: int) -> float:
        """Give the log probability that the value ends here."""
        return self.step(state, "")[1]

    def score(self, text: str) -> float:
        """Give the log probability of a whole text, its end included; case and marks are free."""
        state, total = self.start, 0.0
        for letter in fold_letters(text):
            state, log_prob = self.step(state, letter)
            total += log_prob
        return total + self.end(state)


def symbols_of(letters: str) -> list[int]:
    """Give the symbols of folded letters, none of which ends a word."""
    return [_SYMBOL_OF.get(c, OTHER) for letter in letters for c in SPELT.get(letter, letter)]


def read_prior(path: Path | None = None) -> NamePrior:
    """Read a prior file; None is the one inside the package.

    Raises:
        CheckpointError: the file is missing, damaged or no prior file.
    """
    source = path or RELEASE
    try:
        with np.load(io.BytesIO(source.read_bytes()), allow_pickle=False) as arrays:
            tables = PriorTables(**{name: arrays[name] for name in _STORED})
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(f"{source.name} is no readable name prior") from error
    return NamePrior(tables)


def write_prior(path: Path, tables: PriorTables) -> None:
    """Write a prior file: compressed arrays, no pickle."""
    with path.open("wb") as file:
        np.savez_compressed(file, **{name: getattr(tables, name) for name in _STORED})


def _digest(tables: PriorTables) -> str:
    """Give the SHA-256 over the tables, in hex: the same for any file that holds them."""
    digest = hashlib.sha256()
    for name in _STORED:
        digest.update(np.ascontiguousarray(getattr(tables, name)).tobytes())
    return digest.hexdigest()


def _check(tables: PriorTables) -> None:
    """Refuse tables of unequal length, of the wrong kind, or without a word's beginning."""
    states, followers = len(tables.backoffs), len(tables.symbols)
    kinds = {name: getattr(tables, name).dtype for name in _STORED}
    whole = (
        kinds == _STORED
        and tables.follower_counts.shape == tables.backoffs.shape == (states,)
        and tables.costs.shape == tables.is_state.shape == tables.symbols.shape == (followers,)
        and tables.endings.shape == (len(ENDINGS),)
        and bool((tables.endings > 0).all())
        and int(tables.follower_counts.sum(dtype=np.int64)) == followers
        and int(tables.is_state.sum()) == states - 1
        and bool((tables.symbols < SYMBOLS).all())
        and bool((tables.is_state & (tables.symbols == BOUNDARY))[:1].all())
        and _ascends(tables.symbols, tables.follower_counts)
    )
    if not whole:
        raise CheckpointError("the tables of the name prior contradict each other")


def _ascends(symbols: npt.NDArray[np.uint8], follower_counts: npt.NDArray[np.uint8]) -> bool:
    """Say whether the followers of each state ascend."""
    state = np.repeat(np.arange(len(follower_counts)), follower_counts)
    return bool((np.diff(state * SYMBOLS + symbols) > 0).all())


def _unfold(tables: PriorTables) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """Fill in each state's next state and log probability for each symbol: (S, SYMBOLS) each."""
    states = len(tables.backoffs)
    bounds = np.concatenate([[0], np.cumsum(tables.follower_counts, dtype=np.int64)])
    child = np.where(tables.is_state, np.cumsum(tables.is_state), 0)  # 0: the run is no state
    follow = np.zeros((states, SYMBOLS), np.int32)
    probs = np.full((states, SYMBOLS), 1 / SYMBOLS, np.float32)
    shorter = np.zeros(states, np.int32)  # the state that forgets the run's first symbol
    first, last = 0, 1
    while first < last:  # one turn for each length of run
        inside = slice(bounds[first], bounds[last])
        state = np.repeat(np.arange(first, last), tables.follower_counts[first:last])
        symbol, born = tables.symbols[inside], child[inside]
        follow[first:last] = follow[shorter[first:last]]
        probs[first:last] = probs[shorter[first:last]] * _probability(
            tables.backoffs[first:last, None]
        )
        shorter[born] = follow[state, symbol]
        follow[state[born > 0], symbol[born > 0]] = born[born > 0]
        probs[state, symbol] = _probability(tables.costs[inside])
        probs[first:last] /= probs[first:last].sum(axis=1, keepdims=True)  # undoes the rounding
        first, last = last, last + int(np.count_nonzero(born))
    return follow, np.log(probs, out=probs)


def _probability(costs: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Undo the storing of a probability as a whole number of steps."""
    return np.exp(costs.astype(np.float64) / -STEPS_PER_NAT)
