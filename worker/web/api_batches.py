"""``/api/v1/batches``: hand scans in, see how far they are, try again, call off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, File, Path, Query, UploadFile

import worker.web.addresses  # noqa: F401, which knows {name:batch}
from worker.batches import Submitted
from worker.database.progress import BatchProgress
from worker.handing_in import (
    Intake,
    Upload,
    cancel,
    failures,
    hand_in_place,
    hand_in_uploads,
    progress,
    retry,
)
from worker.web.schemas import (
    Batch,
    BatchList,
    BatchName,
    Count,
    FailedDocument,
    FailureList,
    HandedIn,
    NewBatch,
    Retry,
    Short,
    problems,
)
from worker.web.security import Admin, Reviewer, Viewer
from worker.web.services import Services, intake_of

router = APIRouter(prefix="/batches", tags=["batches"])
Name = Annotated[BatchName, Path(description="The batch's name.")]


@router.get("", responses=problems())
def list_batches(caller: Viewer, services: Services) -> BatchList:  # noqa: ARG001, who may
    """List all batches with how far they are."""
    return BatchList(items=[_as_batch(one) for one in progress(services.sessions)])


@router.post("", status_code=202, responses=problems(404))
def make_batch(caller: Admin, services: Services, new: NewBatch) -> HandedIn:
    """Hand in the scans of a place that PENNAME_WEB_PLACES allows."""
    done = hand_in_place(
        services.sessions,
        intake_of(services),
        batch=new.name,
        place=new.place,
        urgent=new.urgent,
        by=caller.person.name,
    )
    return handed_in(new.name, done)


@router.get("/{name:batch}", responses=problems(404))
def show_batch(caller: Viewer, services: Services, name: Name) -> Batch:  # noqa: ARG001, who may
    """Tell how far one batch is."""
    return _as_batch(progress(services.sessions, name)[0])


@router.post("/{name:batch}/documents", status_code=202, responses=problems(404))
def upload(
    caller: Reviewer,
    services: Services,
    name: Name,
    files: Annotated[
        list[UploadFile], File(min_length=1, max_length=200, description="JPEG, PNG, TIFF or PDF.")
    ],
) -> HandedIn:
    """Hand in scans; they are kept in the object store until they are purged."""
    intake: Intake = intake_of(services)
    done = hand_in_uploads(
        services.sessions,
        services.store,
        intake,
        batch=name,
        files=[Upload(name=file.filename or "", data=file.file.read()) for file in files],
        today=datetime.now(UTC).date(),
        by=caller.person.name,
    )
    return handed_in(name, done)


@router.get("/{name:batch}/failures", responses=problems(404))
def list_failures(
    caller: Viewer,  # noqa: ARG001, who may
    services: Services,
    name: Name,
    code: Annotated[Short | None, Query(description="Only with this code.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> FailureList:
    """List documents that could not be read, with codes of docs/errors.md."""
    found = failures(services.sessions, name, code=code, limit=limit + 1, offset=offset)
    return FailureList(
        items=[FailedDocument.model_validate(one) for one in found[:limit]],
        next_offset=offset + limit if len(found) > limit else None,
    )


@router.post("/{name:batch}/retry", responses=problems(404))
def retry_failed(caller: Reviewer, services: Services, name: Name, which: Retry) -> Count:
    """Let failed documents be tried again; the code ``cancelled`` takes a cancellation back."""
    count = retry(
        services.sessions, intake_of(services), name, code=which.code, by=caller.person.name
    )
    return Count(documents=count)


@router.post("/{name:batch}/cancel", responses=problems(404))
def cancel_rest(caller: Admin, services: Services, name: Name) -> Count:
    """Call off what is not finished."""
    return Count(documents=cancel(services.sessions, name, by=caller.person.name))


def handed_in(batch: str, done: Submitted) -> HandedIn:
    """Say what became of scans that were handed in."""
    return HandedIn(batch=batch, listed=done.listed, added=done.added, nudged=done.nudged)


def _as_batch(found: BatchProgress) -> Batch:
    return Batch(
        name=found.name,
        created_at=found.created_at,
        total=found.total,
        finished=found.finished,
        by_status={status.value: count for status, count in found.by_status.items()},
        by_failure=dict(found.by_failure),
        per_second=found.per_second,
        seconds_left=found.seconds_left,
    )
