"""Write a result down although the database is away for a while: the work is done, after all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from worker.database.session import transaction
from worker.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.database.session import Session, Sessions

T = TypeVar("T")

PATIENCE_S = 60.0  # under the time limits of a task; the lease thread settles what takes longer
_STEP_S = 1.0


def persist(
    sessions: Sessions,
    write: Callable[[Session], T],
    *,
    patience_s: float = PATIENCE_S,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Run a transaction until it succeeds.

    Args:
        sessions: the database.
        write: what to do in the transaction; may be called several times.
        patience_s: how long to go on.
        clock: counts seconds.
        sleep: waits.

    Raises:
        DatabaseUnavailableError: the database is away for longer.
    """
    give_up = clock() + patience_s
    while True:
        try:
            with transaction(sessions) as session:
                return write(session)
        except DatabaseUnavailableError:
            if clock() >= give_up:
                raise
            sleep(_STEP_S)
