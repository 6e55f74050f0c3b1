"""What the routes work with: made once by whoever starts the application."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from worker.document_images import DecodeLimits
from worker.errors import ConfigError
from worker.people import LOGIN_LIMITS, LoginLimits
from worker.webhooks import WebhookParams

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.database.session import Sessions
    from worker.handing_in import Intake
    from worker.storage.base import ObjectStore
    from worker.storage.sources import Sources
    from worker.unknown_forms import UnknownForms

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """The ports of the web application."""

    sessions: Sessions
    store: ObjectStore  # where crops lie
    sources: Sources  # where scans lie
    decode_limits: DecodeLimits = field(default_factory=DecodeLimits)
    max_upload_bytes: int = 64 * _MIB  # of one request to a path that takes files
    audit_share: float = 0.01  # of the fields that pass without a person, [0, 1]
    login_limits: LoginLimits = LOGIN_LIMITS
    random: Random
    template_dir: Path = Path("templates")
    find_reader: Callable[[], UnknownForms] | None = None  # of printed labels; raises ConfigError
    intake: Intake | None = None  # how scans get into the queue; None takes none
    webhooks: WebhookParams = field(default_factory=WebhookParams)


def services_of(request: Request) -> WebServices:
    """Give the ports of the application that serves a request."""
    services: WebServices = request.app.state.services
    return services


def intake_of(services: WebServices) -> Intake:
    """Give what takes scans in.

    Raises:
        ConfigError: this application takes none.
    """
    if services.intake is None:
        raise ConfigError("this server takes no scans; it was started without a queue")
    return services.intake


Services = Annotated[WebServices, Depends(services_of)]
