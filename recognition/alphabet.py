"""Characters to labels and back; label 0 is CTC's blank.

Text is normalised (``recognition.normal``) before it is encoded.
"""

from __future__ import annotations

import itertools
import unicodedata
from typing import TYPE_CHECKING

from recognition.errors import AlphabetError
from recognition.normal import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

BLANK = 0

_PLAIN = "abcdefghijklmnopqrstuvwxyz"
# French, German, Spanish, Portuguese, Danish, Norwegian, Swedish, Finnish, Estonian, Polish, Czech,
# Hungarian, Turkish, Romanian. Not Icelandic ð þ, Croatian đ, Slovak ĺ ľ ŕ, Latvian, Lithuanian.
_ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿąăćčďęěğłńňőřśşšťůűźżžșț"
_UNPAIRED = "ßıİ"  # upper case is two letters, or belongs to another letter
NAME_ALPHABET = " '-." + _PLAIN.upper() + _PLAIN + _ACCENTED.upper() + _ACCENTED + _UNPAIRED


def frames_needed(labels: Sequence[int]) -> int:
    """Count the frames a text needs: one a label, one more between equal neighbours."""
    return len(labels) + sum(a == b for a, b in itertools.pairwise(labels))


class Alphabet:
    """The characters of a model, in label order."""

    def __init__(self, characters: str) -> None:
        """Take the characters in label order.

        Raises:
            AlphabetError: there are none, one comes twice, or they are not NFC.
        """
        if not characters:
            raise AlphabetError("an alphabet needs at least one character")
        if len(set(characters)) != len(characters):
            raise AlphabetError("a character stands twice in the alphabet")
        if unicodedata.normalize("NFC", characters) != characters:
            raise AlphabetError("the alphabet is not in NFC")
        self.characters = characters
        self._labels = {char: i + 1 for i, char in enumerate(characters)}

    @property
    def size(self) -> int:
        """Count the labels, the blank among them: C."""
        return len(self.characters) + 1

    def covers(self, text: str) -> bool:
        """Say whether every character of ``text``, as it stands, has a label."""
        return all(char in self._labels for char in text)

    def encode(self, text: str) -> list[int]:
        """Give the labels of ``text``, normalised first.

        Raises:
            AlphabetError: a character has no label.
        """
        normal = normalise(text)
        missing = sorted({char for char in normal if char not in self._labels})
        if missing:
            raise AlphabetError(f"no label for {missing}")
        return [self._labels[char] for char in normal]

    def decode(self, labels: Sequence[int]) -> str:
        """Give the text of labels that hold no blank.

        Raises:
            AlphabetError: a label is the blank or beyond the alphabet.
        """
        wrong = [label for label in labels if not 0 < label < self.size]
        if wrong:
            raise AlphabetError(f"labels out of 1..{self.size - 1}: {sorted(set(wrong))}")
        return "".join(self.characters[label - 1] for label in labels)
