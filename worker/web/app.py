"""Join the routes into one application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from worker.web import (
    alike,
    api,
    batches,
    editor,
    health,
    login,
    people,
    quality,
    results,
    review,
)
from worker.web.failures import answer_failures
from worker.web.middleware import BodyLimit, SameOrigin, SecurityHeaders
from worker.web.openapi import describe
from worker.web.security import is_known

if TYPE_CHECKING:
    from worker.web.services import WebServices

_ROUTERS = (
    api.router,
    results.router,
    batches.router,
    editor.router,
    health.router,
    login.router,
    people.router,
    review.router,
    alike.router,
    quality.router,
)
_UPLOAD_PATHS = (
    "/api/v1/batches",
    "/api/v1/templates",
    "/batches",
    "/editor",
)  # how the paths begin that take files
_MAX_BODY_BYTES = 256 * 1024  # of any other request, and of whoever is not logged in


def create_app(services: WebServices) -> FastAPI:
    """Make the application over its ports; nothing is opened here."""
    app = FastAPI(
        title="penname",
        summary="Names read from scanned forms.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(SameOrigin),
            Middleware(
                BodyLimit,
                max_bytes=_MAX_BODY_BYTES,
                max_upload_bytes=services.max_upload_bytes,
                upload_paths=_UPLOAD_PATHS,
                is_known=is_known,
            ),
        ],
    )
    app.state.services = services
    answer_failures(app)
    for router in _ROUTERS:
        app.include_router(router)
    app.openapi = partial(describe, app)  # type: ignore[method-assign] # FastAPI's own way
    app.mount("/static", StaticFiles(packages=[("worker.web", "static")]), name="static")
    return app
