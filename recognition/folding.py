"""One letter for all its cases and accents, so that lists in plain capitals judge any writing.

A folded letter is always one character: ``é`` and ``E`` fold to ``E``, ``ł`` to ``L``. Letters
that plain capitals spell with two (``ß``, ``Œ``, ``Æ``) stay themselves, as one folded letter;
names are compared with them spelt out (``SPELT``), as ``metrics.fold`` compares whole texts.
"""

from __future__ import annotations

import unicodedata
from typing import Final

SPELT: Final = {"ß": "SS", "ẞ": "SS", "Œ": "OE", "Æ": "AE", "Þ": "TH"}  # folded, in capitals
NOT_DECOMPOSED = str.maketrans("ØŁĐÐıø", "OLDDIO")  # Unicode gives these no base letter


def fold_letter(char: str) -> str:
    """Fold one character: its upper case without marks, one character long."""
    base = unicodedata.normalize("NFD", char)[0]
    upper = base.upper()
    return (upper if len(upper) == 1 else base).translate(NOT_DECOMPOSED)


def fold_letters(text: str) -> str:
    """Fold every character of an NFC text: as many come out as went in."""
    return "".join(fold_letter(char) for char in unicodedata.normalize("NFC", text))


def spell_out(letters: str) -> str:
    """Spell folded letters as plain capitals do: ``LEBŒUF`` as ``LEBOEUF``."""
    return "".join(SPELT.get(letter, letter) for letter in letters)
