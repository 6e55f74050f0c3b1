"""``/api/v1/results``: search, evidence, crops, corrections, export."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, BinaryIO
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from starlette.background import BackgroundTask

from worker.database.result_pages import ResultSort
from worker.database.results import ResultFilter
from worker.querying import ExportFormat, crop_of, explain, export, say, search
from worker.types import FieldStatus
from worker.web.schemas import Evidence, Result, ResultList, Said, Short, problems
from worker.web.security import Reviewer, Viewer
from worker.web.services import Services

router = APIRouter(prefix="/results", tags=["results"])

_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
}
_CHUNK_BYTES = 64 * 1024


def asked_filter(
    batch: Annotated[Short | None, Query(description="Only of this batch.")] = None,
    field: Annotated[Short | None, Query(description="Only of this field.")] = None,
    below: Annotated[
        float | None, Query(ge=0, le=1, description="Only with less confidence.")
    ] = None,
    status: Annotated[FieldStatus | None, Query(description="As it stands now.")] = None,
    rewritten: Annotated[
        bool | None, Query(description="Whether names changed what the ink says.")
    ] = None,
    corrected: Annotated[
        bool | None, Query(description="Whether somebody said something of it.")
    ] = None,
    name: Annotated[
        Short | None,
        Query(description="Texts like this; * is any text, ? one character; case is ignored."),
    ] = None,
    similar_to: Annotated[
        Short | None, Query(min_length=1, description="Texts with a name like this in them.")
    ] = None,
) -> ResultFilter:
    """Read a filter from the parameters of a URL; one that is empty filters nothing."""
    return ResultFilter(
        batch=batch or None,
        field=field or None,
        below=below,
        status=status and status.value,
        rewritten=rewritten,
        corrected=corrected,
        name_glob=name or None,
        similar_to=similar_to or None,
    )


Wanted = Annotated[ResultFilter, Depends(asked_filter)]


@router.get("", responses=problems())
def list_results(
    caller: Viewer,  # noqa: ARG001, who may
    services: Services,
    wanted: Wanted,
    sort: Annotated[ResultSort, Query(description="place wants a batch.")] = ResultSort.NEWEST,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[Short | None, Query(description="next_cursor of the page before.")] = None,
) -> ResultList:
    """List results, some at a time."""
    page = search(services.sessions, wanted, sort=sort, limit=limit, cursor=cursor)
    return ResultList(
        items=[Result.model_validate(row) for row in page.rows], next_cursor=page.cursor
    )


@router.get(
    "/export",
    response_class=Response,
    responses=problems() | {200: {"content": {kind: {} for kind in _MEDIA_TYPES.values()}}},
)
def export_results(
    caller: Viewer,
    services: Services,
    wanted: Wanted,
    format: Annotated[ExportFormat, Query()] = ExportFormat.CSV,  # noqa: A002, as the URL has it
) -> StreamingResponse:
    """Give all results that are wanted as one file."""
    out = export(services.sessions, wanted, format, by=caller.person.name)
    moment = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    headers = {"Content-Disposition": f'attachment; filename="penname-{moment}.{format}"'}
    return StreamingResponse(
        _chunks(out),
        media_type=_MEDIA_TYPES[format],
        headers=headers,
        background=BackgroundTask(out.close),
    )


@router.get("/{reading_id}", responses=problems(404))
def explain_one(caller: Viewer, services: Services, reading_id: UUID) -> Evidence:  # noqa: ARG001, who may
    """Tell where a value came from."""
    return Evidence.model_validate(explain(services.sessions, reading_id))


@router.get(
    "/{reading_id}/crop",
    response_class=Response,
    responses=problems(404) | {200: {"content": {"image/png": {}}}},
)
def crop(caller: Viewer, services: Services, reading_id: UUID) -> Response:  # noqa: ARG001, who may
    """Give the picture that was read."""
    png = crop_of(services.sessions, services.store, reading_id)
    return Response(png, media_type="image/png")


@router.post("/{reading_id}/corrections", status_code=201, responses=problems(404))
def correct(caller: Reviewer, services: Services, reading_id: UUID, said: Said) -> Evidence:
    """Say what a field says; the machine's reading is kept beside it."""
    found = say(
        services.sessions, reading_id, status=said.status, text=said.text, by=caller.person.name
    )
    return Evidence.model_validate(found)


def _chunks(out: BinaryIO):  # type: ignore[no-untyped-def] # noqa: ANN202, an iterator of bytes
    while chunk := out.read(_CHUNK_BYTES):
        yield chunk
