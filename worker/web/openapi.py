"""What ``/api/v1/openapi.json`` says: FastAPI's description, with failures as we answer them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from worker.web.addresses import BATCH
from worker.web.schemas import Problem

if TYPE_CHECKING:
    from fastapi import FastAPI

_PARAMETER = re.compile(r"\\\{(\w+)\\\}")  # as ``re.escape`` leaves it
_KINDS = {"name": BATCH}  # of a batch; all others stand between slashes


def describe(app: FastAPI) -> dict[str, Any]:
    """Describe the JSON API."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version="1", summary=app.summary, routes=app.routes)
        parts = schema.setdefault("components", {}).setdefault("schemas", {})
        parts["Problem"] = Problem.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):  # every failure is a Problem
            parts.pop(name, None)
        app.openapi_schema = schema
    return app.openapi_schema


def methods_of(app: FastAPI, path: str) -> set[str]:
    """Name the methods that a path of the JSON API answers; none where it is no path of it."""
    paths = describe(app)["paths"].items()
    matching = (said for form, said in paths if _matches(form, path))
    return {method.upper() for said in matching for method in said}


def _matches(form: str, path: str) -> bool:
    pattern = _PARAMETER.sub(lambda found: _KINDS.get(found[1], "[^/]+"), re.escape(form))
    return re.fullmatch(pattern, path) is not None
