"""Results: search, filter, sort, export, and the evidence behind each value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import unquote, urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from worker.database.result_pages import ResultSort
from worker.database.results import ResultFilter
from worker.query_errors import BadQueryError
from worker.querying import ExportFormat, explain, known_batches, page_of, say, search
from worker.roles import Role
from worker.types import FieldStatus
from worker.web.rendering import render
from worker.web.security import Reviewer, Viewer
from worker.web.services import Services

router = APIRouter(include_in_schema=False)

_SEE_OTHER = 303
_A_PAGE = 50
_MOST_CHARS = 256
_PARAMETERS = ("q", "how", "batch", "field", "status", "below", "corrected", "rewritten", "sort")
_SORTS = {
    ResultSort.NEWEST: "Newest first",
    ResultSort.LEAST_SURE: "Least sure first",
    ResultSort.SUREST: "Surest first",
    ResultSort.NAME: "By name",
    ResultSort.PLACE: "By document (of one batch)",
    ResultSort.LIKENESS: "Likest first",
}
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form above the results asks for."""

    said: dict[str, str] = field(repr=False)  # its fields that are not empty
    wanted: ResultFilter
    sort: ResultSort


@router.get("/results")
def results_page(
    request: Request, caller: Viewer, services: Services, cursor: str | None = None
) -> Response:
    """Show results and the form that filters them."""
    asked = _asked(request)
    page = search(
        services.sessions, asked.wanted, sort=asked.sort, limit=_A_PAGE, cursor=cursor or None
    )
    following = urlencode({**asked.said, "cursor": page.cursor}) if page.cursor else ""
    return render(
        request,
        "results.html",
        caller,
        rows=page.rows,
        asked=asked,
        following=following,
        is_first=not cursor,
        batches=known_batches(services.sessions),
        statuses=list(FieldStatus),
        sorts=_SORTS,
        exports={kind: _export_url(asked.wanted, kind) for kind in ExportFormat},
        short=_short,
    )


@router.get("/results/{reading_id}")
def evidence_page(
    request: Request, caller: Viewer, services: Services, reading_id: UUID
) -> Response:
    """Show where a value came from."""
    found = explain(services.sessions, reading_id)
    return render(
        request,
        "evidence.html",
        caller,
        found=found,
        stands=found.corrections[-1] if found.corrections else found,
        may_correct=caller.person.role.may_act_as(Role.REVIEWER) and found.is_current,
        short=_short,
    )


@router.get("/results/{reading_id}/page.png")
def page_png(caller: Viewer, services: Services, reading_id: UUID) -> Response:  # noqa: ARG001, who may
    """Give the part of the page around a result."""
    png = page_of(
        services.sessions,
        services.sources,
        reading_id,
        limits=services.decode_limits,
        max_bytes=services.max_upload_bytes,
    )
    return Response(png, media_type="image/png")


@router.post("/results/{reading_id}")
def correct(
    caller: Reviewer,
    services: Services,
    reading_id: UUID,
    status: Annotated[FieldStatus, Form()] = FieldStatus.READ,
    text: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Write down what somebody says of a result."""
    plain = text if status is FieldStatus.READ else ""
    say(services.sessions, reading_id, status=status, text=plain, by=caller.person.name)
    return RedirectResponse(f"/results/{reading_id}", status_code=_SEE_OTHER)


def _asked(request: Request) -> Asked:
    """Read the form, in which an empty field filters nothing."""
    given = {name: request.query_params.get(name, "").strip() for name in _PARAMETERS}
    if any("\0" in value or len(value) > _MOST_CHARS for value in given.values()):
        raise BadQueryError(f"a field of the search has up to {_MOST_CHARS} characters")
    said = {name: value for name, value in given.items() if value}
    name, how = said.get("q"), said.get("how", "begins")
    like = name if how == "like" else None
    try:
        below = float(said["below"]) if "below" in said else None
        status = FieldStatus(said["status"]).value if "status" in said else None
        sort = ResultSort(said.get("sort", ResultSort.NEWEST))
    except ValueError as error:
        raise BadQueryError("a field of the search cannot be what was given") from error
    if like and "sort" not in said:
        sort = ResultSort.LIKENESS
    if sort is ResultSort.LIKENESS and not like:
        sort = ResultSort.NEWEST
    wanted = ResultFilter(
        batch=said.get("batch"),
        field=said.get("field"),
        below=below,
        status=status,
        corrected=_YES_NO.get(said.get("corrected", "")),
        rewritten=_YES_NO.get(said.get("rewritten", "")),
        name_glob=None if like or not name else _glob(name, how),
        similar_to=like,
    )
    return Asked(said=said, wanted=wanted, sort=sort)


def _glob(name: str, how: str) -> str:
    return name if "*" in name or "?" in name else f"*{name}*" if how == "holds" else f"{name}*"


def _export_url(wanted: ResultFilter, kind: ExportFormat) -> str:
    asked = {
        "format": kind.value,
        "batch": wanted.batch,
        "field": wanted.field,
        "below": wanted.below,
        "status": wanted.status,
        "corrected": wanted.corrected,
        "rewritten": wanted.rewritten,
        "name": wanted.name_glob,
        "similar_to": wanted.similar_to,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    return f"/api/v1/results/export?{urlencode(given)}"


def _short(uri: str) -> str:
    """Give the last part of a URI, for people."""
    return unquote(uri.rsplit("/", 1)[-1])
