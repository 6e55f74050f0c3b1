"""One letter for all its cases and accents, so that lists in plain capitals judge any writing.

A folded letter is always one character: ``é`` and ``E`` fold to ``E``, ``ł`` to ``L``. Letters
that plain capitals spell with two (``ß``, ``Œ``, ``Æ``) stay themselves, as one folded letter;
``metrics.fold``, which compares whole texts, folds by the same rule and spells those with two.
"""

from __future__ import annotations

import unicodedata

NOT_DECOMPOSED = str.maketrans("ØŁĐÐıø", "OLDDIO")  # Unicode gives these no base letter


def fold_letter(char: str) -> str:
    """Fold one character: its upper case without marks, one character long."""
    base = unicodedata.normalize("NFD", char)[0]
    upper = base.upper()
    return (upper if len(upper) == 1 else base).translate(NOT_DECOMPOSED)


def fold_letters(text: str) -> str:
    """Fold every character of an NFC text: as many come out as went in."""
    return "".join(fold_letter(char) for char in unicodedata.normalize("NFC", text))
