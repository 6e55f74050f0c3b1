"""A rest for a process that meets one outage after the other, so that it leaves documents alone.

A worker that went on would put off the whole line, document by document, while the store is
away; and who was put off first would wait for all of them once it is back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_S = 2.0  # after the second outage in a row: one may be the object's own
_MOST_S = 8.0  # with the sweep's five seconds and a retry's fifteen still under half a minute


class Breather:
    """Says whether to rest; one a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start rested."""
        self._clock = clock
        self._outages = 0
        self._until = float("-inf")

    def went_well(self) -> None:
        """Note that the stores answer."""
        self._outages = 0
        self._until = float("-inf")

    def met_outage(self) -> None:
        """Note that one does not."""
        self._outages += 1
        if self._outages > 1:
            rest_s = min(_MOST_S, _FIRST_S * 2.0 ** min(self._outages - 2, 8))
            self._until = self._clock() + rest_s

    @property
    def resting(self) -> bool:
        """Tell whether to take nothing now; the sweep sends another message."""
        return self._clock() < self._until
