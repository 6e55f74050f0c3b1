"""How probable the ink makes given texts, and how it writes them: exact, no beam.

Texts are folded (``folding``): a text's probability sums over the cases and accents of its
letters, as in ``beam``. The recursion is CTC's forward algorithm (Graves et al. 2006,
doi:10.1145/1143844.1143891, equations 5 to 8) with one more axis, the label a letter is
written with; where it is one label, it is theirs.

Letters in shapes: N texts, L letters in the longest, V labels of the richest letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.types import CharReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.ink import Ink

Floats = npt.NDArray[np.float64]


def ink_log_probs(ink: Ink, texts: Sequence[str]) -> Floats:
    """Give the natural log of each folded text's probability: (N,), -inf for the impossible."""
    if not texts:
        return np.zeros(0)
    columns = _columns(ink, texts)  # (N, L, V)
    count, letters, ways = columns.shape
    doubled = (columns[:, 1:, 0] == columns[:, :-1, 0])[:, :, None]
    others = 1 - np.eye(ways)
    blanks = np.zeros((count, letters + 1))  # paths in the blank before each letter, or at the end
    blanks[:, 0] = 1
    written = np.zeros((count, letters, ways))  # paths in each letter, by the label they end in
    log_scale = np.full(count, ink.left_out)
    probs = np.concatenate([ink.probs, np.zeros((len(ink.probs), 1))], axis=1)
    for row in probs:
        totals = written.sum(axis=2)
        entering = np.repeat(blanks[:, :-1, None], ways, axis=2)
        # A letter follows the one before at once, unless both are written with one label.
        totals_but = written @ others
        entering[:, 1:] += np.where(doubled, totals_but[:, :-1], totals[:, :-1, None])
        blanks[:, 1:] += totals
        blanks *= row[0]
        written = (written + entering) * row[columns]
        size = np.maximum(blanks.max(axis=1), written.max(axis=(1, 2), initial=0))
        size[size == 0] = 1
        blanks /= size[:, None]
        written /= size[:, None, None]
        log_scale += np.log(size)
    ends = np.array([len(text) for text in texts])
    last = np.where(ends > 0, written.sum(axis=2)[np.arange(count), ends - 1], 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(blanks[np.arange(count), ends] + last) + log_scale, np.float64)


def written_as(ink: Ink, letters: str, characters: str) -> tuple[CharReading, ...]:
    """Say how the ink writes a folded text: the case and accents of its most probable path.

    Args:
        ink: the line.
        letters: the folded text, of positive probability.
        characters: the model's alphabet.
    """
    if not letters:
        return ()
    places = [(0, place) for place in range(len(letters) + 1)]  # blanks around the letters
    for place, letter in enumerate(letters):
        places += [(column, place) for column, own in enumerate(ink.letters) if own == letter]
    path = _best_path(ink, places, len(letters))
    return tuple(_read_letter(ink, path, place, characters) for place in range(len(letters)))


def _columns(ink: Ink, texts: Sequence[str]) -> npt.NDArray[np.intp]:
    """Give the columns that each letter may be written with: (N, L, V).

    What is missing points behind the last column, where every probability is 0.
    """
    nothing = len(ink.letters)
    by_letter: dict[str, list[int]] = {}
    for column, letter in enumerate(ink.letters[1:], start=1):
        by_letter.setdefault(letter, []).append(column)
    ways = max(map(len, by_letter.values()), default=1)
    longest = max(1, *map(len, texts))
    columns = np.full((len(texts), longest, ways), nothing, np.intp)
    for text, own in zip(texts, columns, strict=True):
        for letter, cells in zip(text, own, strict=False):
            found = by_letter.get(letter, [])
            cells[: len(found)] = found
    return columns


def _best_path(ink: Ink, places: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Find the most probable path through a text, a (column, place) for each frame."""
    columns = np.array([column for column, _ in places])
    order = np.array([place for _, place in places])
    step = order[None, :] - order[:, None]  # from row to column
    same = columns[None, :] == columns[:, None]
    from_blank, to_blank = (columns == 0)[:, None], (columns == 0)[None, :]
    # The blank before a letter has the letter's place: a letter leads to the next place's blank.
    allowed = (
        ((step == 0) & same)
        | ((step == 0) & from_blank & ~to_blank)
        | ((step == 1) & ~from_blank & (to_blank | ~same))
    )
    moves = np.where(allowed, 0.0, -np.inf)
    with np.errstate(divide="ignore"):
        log_probs = np.log(ink.probs[:, columns])
    score = np.where((order == 0), 0.0, -np.inf) + log_probs[0]
    came_from = []
    for row in log_probs[1:]:
        ways = score[:, None] + moves
        best = ways.argmax(axis=0)
        came_from.append(best)
        score = ways[best, np.arange(len(best))] + row
    final = np.where(order == length - (columns > 0), score, -np.inf)
    at = int(final.argmax())
    path = [at]
    for best in reversed(came_from):
        at = int(best[at])
        path.append(at)
    return [places[at] for at in reversed(path)]


def _read_letter(
    ink: Ink, path: Sequence[tuple[int, int]], place: int, characters: str
) -> CharReading:
    """Describe the frames that a path spends on one letter."""
    frames = [f for f, (column, own) in enumerate(path) if column and own == place]
    column = path[frames[0]][0]
    return CharReading(
        char=characters[int(ink.labels[column]) - 1],
        probability=float(ink.probs[frames, column].max()),
        start_frame=int(ink.frames[frames[0]]),
        end_frame=int(ink.frames[frames[-1]]) + 1,
    )
