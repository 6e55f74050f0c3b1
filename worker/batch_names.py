"""Names of batches: what may be one, so that a page, an address and a command can say it."""

from __future__ import annotations

_MOST_CHARS = 128
# What stands behind a batch's name in addresses; "2026/retry" would be taken for an order.
ORDERS = frozenset({"retry", "cancel", "failures", "documents"})


def fault_of_name(name: str) -> str:
    """Say what keeps a text from being a batch's name; "" where nothing does.

    Slashes may part a name, as in ``clinic/2026-11``. Its parts are neither empty nor dots, which
    browsers resolve before they ask.
    """
    if name != name.strip() or not 0 < len(name) <= _MOST_CHARS or not name.isprintable():
        return f"a batch's name has 1 to {_MOST_CHARS} printable characters, no blank at its ends"
    first, *others = name.split("/")
    if {"", ".", ".."} & {first, *others}:
        return "no part of a batch's name between slashes is empty, '.' or '..'"
    if others and others[-1] in ORDERS:
        return f"a batch's name does not end in /{others[-1]}"
    return ""
