"""Ports as a worker uses them: a database that may be away, and a store of its own crops."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from worker.database.session import transaction
from worker.errors import ConfigError, DatabaseUnavailableError, ObjectForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """Write a result down although the database is away for a while: the work is done, after all.

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


@contextmanager
def own_crops() -> Iterator[None]:
    """Take a refusal by the store of crops for what it is: no fault of one document.

    Raises:
        ConfigError: these credentials may not use the store of crops.
    """
    try:
        yield
    except ObjectForbiddenError as error:
        raise ConfigError(f"the store of crops refuses: {error}") from error
