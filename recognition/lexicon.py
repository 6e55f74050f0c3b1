"""A list of names that a field's value is likely to stand in, as a tree of their letters.

A lexicon file is CSV in UTF-8, one ``NAME`` or ``NAME,COUNT`` a line, with or without a header over
the two; a name without a count counts once. Names are normalised as readings are (``normal``) and
looked up folded (``folding``), with letters spelt out that plain capitals spell with two: who
writes ``Lebœuf`` is found where the list has ``LEBOEUF``, and the other way round.

The tree answers two questions: which letters may follow a prefix, for a beam that must end in
a name; and which names lie within a few edits of a text, the tolerance that Shi, Bai and Yao
2015 (arXiv:1507.05717, section 2.3.2) get from a BK-tree. Here the edits are counted row by
row along the tree, a whole level at once, and branches beyond the limit are left (Schulz and
Mihov 2002, doi:10.1007/s10032-002-0082-8, do it with an automaton).
"""

from __future__ import annotations

import csv
import math
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.errors import LexiconError
from recognition.folding import SPELT, fold_letters, spell_out
from recognition.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Ints = npt.NDArray[np.intp]

_NO_PART_OF_NAMES = frozenset(';,:"/|=<>@#&*_')  # what other formats have around names


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name of a lexicon."""

    letters: str = field(repr=False)  # folded and spelt out
    log_share: float  # natural log of its share in all counts


class Lexicon:
    """Names as a tree. Nodes are numbered level by level; node 0 is the empty prefix."""

    start = 0

    def __init__(self, counts: Iterable[tuple[str, float]]) -> None:
        """Take names with their counts.

        Raises:
            LexiconError: there is no name, or a name is empty or its count not positive.
        """
        self.entries = _entries(counts)
        letters, parents, ends = _grow([entry.letters for entry in self.entries])
        self.least_log_share = min(entry.log_share for entry in self.entries)
        self._codes = letters
        self._letters = "".join(map(chr, letters))  # str.find beats searching an array
        self._child_count = np.bincount(parents[1:], minlength=len(parents))
        self._first_child = 1 + np.cumsum(self._child_count) - self._child_count
        self._entry = np.full(len(parents), -1, np.intp)
        self._entry[ends] = np.arange(len(ends))

    def step(self, node: int, letter: str) -> int | None:
        """Give the node one folded letter further; None where no name goes on so."""
        for one in SPELT.get(letter, letter):
            first = int(self._first_child[node])
            node = self._letters.find(one, first, first + int(self._child_count[node]))
            if node < 0:
                return None
        return node

    def entry_at(self, node: int) -> Entry | None:
        """Give the name that ends at a node."""
        index = int(self._entry[node])
        return self.entries[index] if index >= 0 else None

    def within(self, letters: str, edits: int) -> list[tuple[Entry, int]]:
        """Find the names that few insertions, deletions and substitutions part from a text.

        Args:
            letters: the folded text.
            edits: how many, at most.

        Returns:
            The names with their number of edits: fewest first, then by the names' letters.
        """
        goal = np.array([ord(letter) for letter in spell_out(letters)], np.int64)
        offsets = np.arange(len(goal) + 1)
        nodes, rows = np.zeros(1, np.intp), offsets[None, :]  # edits from prefix to text's prefixes
        found: list[tuple[int, int]] = []
        while len(nodes):
            near = (rows[:, -1] <= edits) & (self._entry[nodes] >= 0)
            found += zip(rows[near, -1].tolist(), self._entry[nodes[near]].tolist(), strict=True)
            alive = rows.min(axis=1) <= edits
            nodes, above = self._children(nodes[alive], rows[alive])
            differs = self._codes[nodes][:, None] != goal
            rows = above + 1
            rows[:, 1:] = np.minimum(rows[:, 1:], above[:, :-1] + differs)
            rows = np.minimum.accumulate(rows - offsets, axis=1) + offsets  # insertions
        return [(self.entries[index], distance) for distance, index in sorted(found)]

    def _children(self, nodes: Ints, rows: Ints) -> tuple[Ints, Ints]:
        """Give the nodes' children, each with its parent's row."""
        counts = self._child_count[nodes]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.repeat(self._first_child[nodes], counts) + within, np.repeat(rows, counts, axis=0)


def read_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file.

    Raises:
        LexiconError: the file is missing, not UTF-8 or holds no name, or a line is not
            ``NAME[,COUNT]`` with a positive count.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            counts = list(_read_rows(file, path))
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path} is no readable list; save it as CSV in UTF-8") from error
    if not counts:
        raise LexiconError(f"{path} holds no name")
    return Lexicon(counts)


def _read_rows(file: Iterable[str], path: Path) -> Iterator[tuple[str, float]]:
    """Read ``NAME[,COUNT]`` line by line; the first may be a header.

    Raises:
        LexiconError: a line is something else. It tells the line, never the name.
    """
    rows = csv.reader(file, strict=True)
    at_head = True
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not (at_head and _is_header(row)):
                yield _read_row(row)
            at_head = False
    except UnicodeDecodeError:  # a ValueError, of no line
        raise
    except (csv.Error, ValueError) as error:
        raise LexiconError(
            f"{path} line {rows.line_num}: {error}; write NAME or NAME,COUNT, one a line"
        ) from error


def _is_header(row: Sequence[str]) -> bool:
    """Tell a header such as ``name,count``: where the count should be stands a word."""
    return len(row) == 2 and row[1].strip().isalpha() and _count(row[1]) is None


def _read_row(row: Sequence[str]) -> tuple[str, float]:
    """Give name and count.

    Raises:
        ValueError: the row is something else; says what, without the name.
    """
    name, *counts = row
    if len(counts) > 1:
        raise ValueError("there are more than two columns")
    if not any(char.isalpha() for char in name):
        raise ValueError("no name stands there")
    if any(map(_is_foreign, name.strip())):
        raise ValueError("the name holds digits, quotes, tabs or other signs that no name has")
    if not (counts and counts[0].strip()):
        return name, 1.0
    count = _count(counts[0])
    if count is None or math.isnan(count):
        raise ValueError("the count is no number")
    if not 0 < count < math.inf:
        raise ValueError("the count is not above 0 and finite; leave rare names out or give them 1")
    return name, count


def _is_foreign(char: str) -> bool:
    return (
        char in _NO_PART_OF_NAMES
        or char.isnumeric()
        or unicodedata.category(char) in {"Cc", "Cn", "Co", "Zl", "Zp"}
    )


def _count(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def _entries(counts: Iterable[tuple[str, float]]) -> tuple[Entry, ...]:
    """Join names that fold alike; ascending by their letters."""
    sums: dict[str, float] = {}
    for raw, count in counts:
        name = normalise(raw)
        if not name:
            raise LexiconError("a name is empty")
        if not 0 < count < math.inf:
            raise LexiconError(f"the count {count:g} is not above 0 and finite")
        letters = spell_out(fold_letters(name))
        sums[letters] = sums.get(letters, 0.0) + count
    if not sums:
        raise LexiconError("the lexicon holds no name")
    total = math.fsum(sums.values())
    return tuple(
        Entry(letters=letters, log_share=math.log(own / total))
        for letters, own in sorted(sums.items())
    )


def _grow(texts: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """Build the tree of ascending texts, one letter of all of them at a time.

    Returns:
        Each node's letter as a code point, each node's parent, and each text's last node.
    """
    array = np.array(texts)
    grid = array.view(np.uint32).reshape(len(texts), -1).astype(np.intp)  # (E, L), 0 is no letter
    letters, parents = [np.zeros(1, np.intp)], [np.zeros(1, np.intp)]
    at = np.zeros(len(texts), np.intp)
    made = 1
    for column in grid.T:
        there = np.flatnonzero(column)
        above, letter = at[there], column[there]
        new = np.ones(len(there), np.bool_)
        new[1:] = (above[1:] != above[:-1]) | (letter[1:] != letter[:-1])
        at[there] = made - 1 + np.cumsum(new)
        letters.append(letter[new])
        parents.append(above[new])
        made += int(new.sum())
    return np.concatenate(letters), np.concatenate(parents), at
