"""Notice connections that a server has closed, before they are used.

SQLAlchemy's own ``pool_pre_ping`` asks before every transaction, which costs a busy worker a
tenth of what the transaction does. A connection that answered a moment ago is not asked here.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

_IDLE_S = 1.0
_USED = "used_at"  # in what the pool knows of a connection; by the monotonic clock


def ping_idle(engine: Engine) -> None:
    """Ask every connection that was idle whether its server is still there."""
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", partial(_ask, engine))


def _note_use(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _ask(
    engine: Engine,
    connection: DBAPIConnection,
    record: ConnectionPoolEntry,
    _: PoolProxiedConnection,
) -> None:
    used = record.info.get(_USED)
    if used is None or time.monotonic() - used < _IDLE_S:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error  # the pool makes another in its place
