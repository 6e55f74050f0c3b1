"""Run the application until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from worker.web.app import create_app

if TYPE_CHECKING:
    from worker.web.services import WebServices

_STOP_S = 5  # how long requests under way may take once it shall stop
_MOST_AT_ONCE = 1000  # connections; who comes later is told 503


def serve(services: WebServices, *, host: str, port: int) -> None:
    """Answer requests on an address; returns after Ctrl-C or SIGTERM."""
    uvicorn.run(
        create_app(services),
        host=host,
        port=port,
        log_config=None,  # the process's own JSON logs
        access_log=False,  # a search holds a name
        server_header=False,
        ws="none",
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=_STOP_S,
    )
