"""One way to write each text: whatever is read, listed or labelled is brought to it.

Text is NFC. Signs that mean the same are mapped to one: a typographic apostrophe is an
apostrophe, every dash a hyphen, every space a space.
"""

from __future__ import annotations

import re
import unicodedata

_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`\u2032", "'"),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
    }
)


def normalise(text: str) -> str:
    """Bring ``text`` to NFC with one apostrophe, one hyphen and single spaces, ends trimmed."""
    unified = unicodedata.normalize("NFC", text.translate(_SAME))
    return re.sub(r"\s+", " ", unified).strip()
