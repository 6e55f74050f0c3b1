"""How well texts were read: edit distance, character error rate, exact match.

*Folded* measures forgive what a name's spelling varies in: marks over letters, letter case and
signs beyond space, hyphen and apostrophe. Strict ones compare NFC texts as they stand.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from recognition.folding import NOT_DECOMPOSED

if TYPE_CHECKING:
    from collections.abc import Sequence

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
