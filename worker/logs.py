"""JSON logs on stderr: one object a line, with the ids of the work at hand bound to it.

Events are constant names and data goes into fields, so that logs can be counted:
``log.info("document_read", extra={"fields": 4, "ms": 87})``. Names of people never go here.
"""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOUND: ContextVar[dict[str, object]] = ContextVar("penname_log_ids", default={})  # noqa: B039, replaced, never changed
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_logs(level: str) -> None:
    """Send every log line of this process to stderr as JSON, from ``level`` upward."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Put ``ids`` (batch, document, page) on every line logged inside the block."""
    token = _BOUND.set({**_BOUND.get(), **ids})
    try:
        yield
    finally:
        _BOUND.reset(token)


class _JsonFormatter(logging.Formatter):
    """One line of JSON a record."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the record's event, its fields, the bound ids and the trace, if any."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "event": record.getMessage(),
            "logger": record.name,
            **_BOUND.get(),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD},
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)
