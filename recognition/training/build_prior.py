"""Build a name prior from lists of names with counts.

``python -m recognition.training.build_prior OUTPUT WEIGHT:LIST [WEIGHT:LIST ...]``

Lists are CSV files of ``NAME,COUNT`` under one header line, or the US Census's text files of
name, percentage, cumulative percentage and rank. Each list weighs in by its WEIGHT, whatever
its own total.

Smoothing is interpolated Witten-Bell (Witten and Bell 1991, doi:10.1109/18.87000; Chen and
Goodman 1999, doi:10.1006/csla.1999.0128): a run of letters is trusted the more often it was
seen and the fewer different letters followed; the rest is left to the shorter run. Unlike
Kneser-Ney it takes weighted counts.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.errors import ManifestError
from recognition.folding import fold_letters
from recognition.prior import (
    BOUNDARY,
    STEPS_PER_NAT,
    SYMBOLS,
    PriorTables,
    symbols_of,
    write_prior,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildParams:
    """How counts become probabilities."""

    run_letters: int = 9  # longest run remembered, the word's beginning counted as one
    damping: float = 0.85  # counts are raised to this, since the common names are too common
    people: float = 5e5  # all lists together weigh as much as this many values
    least_count: float = 1.5  # runs of letters met less often are no states: this bounds the size
    initials: float = 0.01  # share of values in which a name is one letter
    endings: tuple[float, ...] = (0.70, 0.15, 0.12, 0.01, 0.02)  # shares of ENDINGS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Level:
    """All runs of one length: K of them."""

    keys: npt.NDArray[np.int64]  # (K,) ascending; the run's symbols as digits of base SYMBOLS
    counts: npt.NDArray[np.float64]  # (K, SYMBOLS) times each symbol followed
    probs: npt.NDArray[np.float64]  # (K, SYMBOLS) of each symbol to follow
    backoffs: npt.NDArray[np.float64]  # (K,) share of ``probs`` that is the shorter run's


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the prior that the command line asks for."""
    parser = argparse.ArgumentParser(prog="recognition.training.build_prior", description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("lists", nargs="+", metavar="WEIGHT:LIST")
    options = parser.parse_args(arguments)
    weighted = [source.split(":", 1) for source in options.lists]
    lists = [(float(weight), read_counts(Path(path))) for weight, path in weighted]
    write_prior(options.output, build_tables(lists, BuildParams()))


def read_counts(path: Path) -> dict[str, float]:
    """Read a list of names: whole values, folded, with their counts or shares.

    Raises:
        ManifestError: the list holds no name, or a line is not a name with a number.
    """
    counts: defaultdict[str, float] = defaultdict(float)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines) if path.suffix == ".csv" else (line.split() for line in lines)
        for number, row in enumerate(rows):
            if number == 0 and path.suffix == ".csv":
                continue  # the header
            try:
                counts[fold_letters(row[0])] += max(float(row[1]), _LEAST_SHARE)
            except (IndexError, ValueError) as error:
                raise ManifestError(f"{path.name} line {number + 1} is no name,count") from error
    if not counts:
        raise ManifestError(f"{path.name} holds no name")
    return dict(counts)


_LEAST_SHARE = 0.0005  # the census rounds the percentage of rare names down to 0


def build_tables(
    lists: Sequence[tuple[float, Mapping[str, float]]], params: BuildParams
) -> PriorTables:
    """Turn weighted lists of folded names into the tables of a prior."""
    levels = [_kept(level, params) for level in _count_levels(_weigh_words(lists, params), params)]
    return _tables(levels, params)


def _weigh_words(
    lists: Sequence[tuple[float, Mapping[str, float]]], params: BuildParams
) -> dict[str, float]:
    """Split values into words and bring all lists onto one scale."""
    words: defaultdict[str, float] = defaultdict(float)
    total_weight = sum(weight for weight, _ in lists)
    for weight, counts in lists:
        damped = {value: count**params.damping for value, count in counts.items()}
        scale = weight / total_weight * params.people / sum(damped.values())
        for value, count in damped.items():
            for word in re.split(r"[ \-'.]+", value):
                words[word] += scale * count
    # An initial ends in a period and is followed by an empty word, before the space.
    firsts: defaultdict[str, float] = defaultdict(float)
    for word, count in words.items():
        firsts[word[:1]] += count
    for first, count in firsts.items():
        words[first] += params.initials * count
    words[""] += params.initials * params.people
    return dict(words)


def _count_levels(words: Mapping[str, float], params: BuildParams) -> list[_Level]:
    """Count what follows every run, the empty run first, and smooth each by the shorter."""
    coded = [[BOUNDARY, *symbols_of(word), BOUNDARY] for word in words]
    lengths = np.array([len(word) for word in coded])
    symbols = np.array([symbol for word in coded for symbol in word], np.int64)
    weights = np.repeat(np.fromiter(words.values(), np.float64), lengths)
    places = np.arange(len(symbols)) - np.repeat(np.cumsum(lengths) - lengths, lengths)

    levels: list[_Level] = []
    run = np.zeros(len(symbols), np.int64)  # key of the ``length`` symbols before each place
    for length in range(params.run_letters + 1):
        if length:
            run += np.roll(symbols, length) * SYMBOLS ** (length - 1)
        whole = places >= max(length, 1)  # what opens a word is given, never foretold
        keys, row = np.unique(run[whole], return_inverse=True)
        cells = row * SYMBOLS + symbols[whole]
        counts = np.bincount(cells, weights[whole], len(keys) * SYMBOLS)
        shorter = _shorter_probs(keys, levels)
        levels.append(_smoothed(keys, np.asarray(counts, np.float64), shorter))
    return levels


def _shorter_probs(
    keys: npt.NDArray[np.int64], levels: Sequence[_Level]
) -> npt.NDArray[np.float64]:
    """Give each run's probabilities without its first symbol; evenly spread for the empty run."""
    if not levels:
        return np.full((len(keys), SYMBOLS), 1 / SYMBOLS)
    above = levels[-1]
    places = np.searchsorted(above.keys, keys % SYMBOLS ** (len(levels) - 1))
    return np.asarray(above.probs[places], np.float64)


def _smoothed(
    keys: npt.NDArray[np.int64],
    counts: npt.NDArray[np.float64],
    shorter: npt.NDArray[np.float64],
) -> _Level:
    """Mix counts with the shorter run's probabilities as Witten and Bell do."""
    counts = counts.reshape(shorter.shape)
    kinds = (counts > 0).sum(axis=1)
    totals = counts.sum(axis=1) + kinds
    probs = (counts + kinds[:, None] * shorter) / totals[:, None]
    return _Level(keys=keys, counts=counts, probs=probs, backoffs=kinds / totals)


def _kept(level: _Level, params: BuildParams) -> _Level:
    """Drop the runs met too rarely. What is kept never has a part, at either end, that is not."""
    keep = level.counts.sum(axis=1) >= params.least_count
    return _Level(
        keys=level.keys[keep],
        counts=level.counts[keep],
        probs=level.probs[keep],
        backoffs=level.backoffs[keep],
    )


def _tables(levels: Sequence[_Level], params: BuildParams) -> PriorTables:
    """Store the runs' followers, shortest runs first."""
    symbols, costs, is_state = [], [], []
    for level, longer in zip(levels, [*levels[1:], None], strict=True):
        row, symbol = np.nonzero(level.counts)
        symbols.append(symbol)
        costs.append(_costs(level.probs[row, symbol]))
        longer_keys = longer.keys if longer is not None else np.zeros(0, np.int64)
        is_state.append(np.isin(level.keys[row] * SYMBOLS + symbol, longer_keys))
    return PriorTables(
        backoffs=_costs(np.concatenate([level.backoffs for level in levels])),
        follower_counts=np.concatenate(
            [np.count_nonzero(level.counts, axis=1) for level in levels]
        ).astype(np.uint8),
        symbols=np.concatenate(symbols).astype(np.uint8),
        costs=np.concatenate(costs),
        is_state=np.concatenate(is_state),
        endings=np.array(params.endings, np.float32),
    )


def _costs(probs: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Store probabilities as whole steps of cost."""
    return np.minimum(np.rint(-np.log(probs) * STEPS_PER_NAT), 255).astype(np.uint8)


if __name__ == "__main__":
    main()
