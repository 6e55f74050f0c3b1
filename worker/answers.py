"""What people may say that a field says: the one rule for the pages, the API and the command."""

from __future__ import annotations

import unicodedata

from worker.query_errors import AnswerRefusedError

_NEVER_WRITTEN = ("Cc", "Cs", "Cn")  # controls, halves of pairs, no characters


def check_typed(text: str) -> None:
    """Refuse characters that nobody writes by hand and no table or export should hold.

    Args:
        text: as it would be kept; formatting such as a joiner between letters is part of names.

    Raises:
        AnswerRefusedError: it holds one.
    """
    if any(unicodedata.category(character) in _NEVER_WRITTEN for character in text):
        raise AnswerRefusedError("the text holds a control character; type it without")
