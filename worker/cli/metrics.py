"""``penname metrics``: how much work there is, for Prometheus and for whatever scales workers."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def metrics(
    *,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Serve /metrics on this port; else print it once."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
) -> None:
    """Say how much work there is and who is at work, in Prometheus's text format."""
    from worker.config import read_settings
    from worker.database.session import reading
    from worker.database.workload import read_workload
    from worker.logs import configure_logs
    from worker.metrics import metrics_text
    from worker.metrics_server import metrics_server

    settings = read_settings(database_url=db)
    configure_logs(settings.log_level)
    url = settings.database_url.get_secret_value()

    def page() -> bytes:
        with reading(url) as session:
            return metrics_text(read_workload(session))

    if port is None:
        sys.stdout.buffer.write(page())
        return
    with metrics_server(page, host=host, port=port) as server:
        print(f"http://{host}:{server.server_port}/metrics", file=sys.stderr)
        server.serve_forever()
