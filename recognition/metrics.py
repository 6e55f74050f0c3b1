"""How well texts were read: edit distance, character error rate, exact match, what is mistaken.

*Folded* measures forgive what a name's spelling varies in: marks over letters, letter case and
signs beyond space, hyphen and apostrophe. Strict ones compare NFC texts as they stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from recognition.folding import NOT_DECOMPOSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOTHING = ""  # in an edit: no letter on this side
_IN_TWO = str.maketrans({"Œ": "OE", "Æ": "AE"})  # ``str.upper`` makes SS of ß by itself


def fold(text: str) -> str:
    """Fold a text: NFKD without marks, upper case, only letters, space, hyphen, apostrophe.

    As ``folding`` folds letters, but for ``ß``, ``Œ`` and ``Æ``, which are spelt with two.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    capitals = plain.upper().translate(NOT_DECOMPOSED).translate(_IN_TWO)
    kept = (c if c.isalpha() or c in "-'" else " " if c.isspace() else "" for c in capitals)
    return re.sub(" +", " ", "".join(kept)).strip()


def edit_distance(a: str, b: str) -> int:
    """Count the insertions, deletions and substitutions that turn ``a`` into ``b``."""
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, start=1):
        corner, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (char != other))
    return row[-1]


def cer(texts: Sequence[str], references: Sequence[str]) -> float:
    """Give the character error rate: all edits over all reference characters.

    Raises:
        ValueError: the numbers differ, or the references hold no character.
    """
    if len(texts) != len(references):
        raise ValueError(f"got {len(texts)} texts for {len(references)} references")
    if not (characters := sum(map(len, references))):
        raise ValueError("the references hold no character")
    return sum(map(edit_distance, texts, references)) / characters


def exact(texts: Sequence[str], references: Sequence[str]) -> float:
    """Give the share of texts that equal their reference.

    Raises:
        ValueError: the numbers differ, or there is nothing to compare.
    """
    if len(texts) != len(references) or not references:
        raise ValueError(f"got {len(texts)} texts for {len(references)} references")
    return sum(a == b for a, b in zip(texts, references, strict=True)) / len(references)


def count_edits(pairs: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Count which letter was read as which, over pairs of wanted and read texts."""
    return Counter(edit for wanted, read in pairs for edit in edits(wanted, read))


def edits(wanted: str, read: str) -> list[tuple[str, str]]:
    """Give the fewest edits that turn one text into the other: (letter wanted, letter read).

    A letter without its other side stands against ``NOTHING``.
    """
    distance = np.zeros((len(wanted) + 1, len(read) + 1), np.int64)
    distance[:, 0], distance[0] = np.arange(len(wanted) + 1), np.arange(len(read) + 1)
    for i, a in enumerate(wanted, start=1):
        for j, b in enumerate(read, start=1):
            distance[i, j] = min(
                distance[i - 1, j] + 1, distance[i, j - 1] + 1, distance[i - 1, j - 1] + (a != b)
            )
    i, j = len(wanted), len(read)
    found: list[tuple[str, str]] = []
    while i or j:
        if i and j and distance[i, j] == distance[i - 1, j - 1] + (wanted[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            if wanted[i] != read[j]:
                found.append((wanted[i], read[j]))
        elif i and distance[i, j] == distance[i - 1, j] + 1:
            i -= 1
            found.append((wanted[i], NOTHING))
        else:
            j -= 1
            found.append((NOTHING, read[j]))
    return found[::-1]
