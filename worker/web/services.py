"""What the routes work with: made once by whoever starts the application."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from worker.document_images import DecodeLimits
from worker.people import LOGIN_LIMITS, LoginLimits

if TYPE_CHECKING:
    from worker.database.session import Sessions
    from worker.storage.base import ObjectStore
    from worker.storage.sources import Sources

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


def services_of(request: Request) -> WebServices:
    """Give the ports of the application that serves a request."""
    services: WebServices = request.app.state.services
    return services


Services = Annotated[WebServices, Depends(services_of)]
