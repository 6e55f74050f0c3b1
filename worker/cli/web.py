"""``penname web``: the application for the people who check and query."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.batches import Submission
    from worker.config import Settings
    from worker.database.session import Sessions
    from worker.handing_in import Intake
    from worker.web.services import WebServices

_MIB = 1024 * 1024


def web(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; put a proxy with TLS before any but this.")
    ] = "127.0.0.1",
    db: Annotated[str | None, typer.Option(help="Database URL.")] = None,
    store: Annotated[str | None, typer.Option(help="Where the crops are kept.")] = None,
) -> None:
    """Serve the pages on which people check what was read, until Ctrl-C."""
    from worker.config import read_settings
    from worker.database.session import closed_after, open_existing
    from worker.logs import configure_logs
    from worker.people import everybody
    from worker.web.serve import serve

    settings = read_settings(database_url=db, store=store)
    configure_logs(settings.log_level)
    sessions = open_existing(settings.database_url.get_secret_value())
    with closed_after(sessions):
        if not everybody(sessions):
            print("nobody may log in yet: penname user add NAME --role admin", file=sys.stderr)
        print(f"http://{host}:{port}")
        services = _services(settings, sessions)
        with _webhooks(services, every_s=settings.sweep_every_s):
            serve(services, host=host, port=port)


@contextmanager
def _webhooks(services: WebServices, *, every_s: float) -> Iterator[None]:
    """Send webhooks beside the pages, in a thread of their own."""
    from worker.webhooks import keep_delivering

    stopped = threading.Event()
    sender = threading.Thread(
        target=keep_delivering,
        args=(services.sessions, services.webhooks, stopped),
        kwargs={"every_s": every_s},
        name="webhooks",
        daemon=True,  # a receiver that is slow to answer keeps nobody from stopping
    )
    sender.start()
    try:
        yield
    finally:
        stopped.set()


def _services(settings: Settings, sessions: Sessions) -> WebServices:
    from worker.runtime import (
        decode_limits,
        find_unknown_forms,
        open_crops,
        open_sources,
        webhook_params,
    )
    from worker.web.services import WebServices

    return WebServices(
        sessions=sessions,
        store=open_crops(settings),
        sources=open_sources(settings),
        decode_limits=decode_limits(settings),
        max_upload_bytes=settings.max_document_mib * _MIB,
        audit_share=settings.audit_share,
        random=SystemRandom(),  # which field is an audit must not be guessed
        template_dir=settings.template_dir,
        find_reader=partial(find_unknown_forms, settings),
        intake=_intake(settings),
        webhooks=webhook_params(settings),
    )


def _intake(settings: Settings) -> Intake:
    from worker.celery_app import CeleryNudger
    from worker.handing_in import Intake
    from worker.runtime import open_sources
    from worker.submitting import describe_submission, list_scans

    def describe(batch: str, urgent: bool) -> Submission:  # noqa: FBT001, as the port has it
        folders = [settings.template_dir]
        return describe_submission(settings, folders, batch=batch, urgent=urgent)

    return Intake(
        describe=describe,
        list_place=lambda place: list_scans(open_sources(settings), place),
        nudger=CeleryNudger(),
        places=settings.web_places,
    )
