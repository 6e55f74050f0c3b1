"""How a label that leaves letter case open may be written; needs no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recognition.alphabet import Alphabet


def spellings(text: str, alphabet: Alphabet) -> tuple[str, str, str]:
    """Give a text in upper, title and lower case.

    A case that the alphabet cannot spell gives way to the text as it stands: the small letter of
    ``İ`` is two characters, one of them without a label. Others may be longer than the text, as
    ``WEISS`` for ``Weiß``.

    Args:
        text: normalised; the alphabet covers it.
        alphabet: of the network that learns.
    """
    upper, title, lower = (
        case if alphabet.covers(case) else text
        for case in (text.upper(), text.title(), text.lower())
    )
    return upper, title, lower
