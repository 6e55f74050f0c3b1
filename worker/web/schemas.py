"""What programs send and get under ``/api/v1``: the contract, as OpenAPI tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from segmentation import FieldKind, Letters, WritingStyle
from worker.types import FieldStatus

_NO_NUL = r"^[^\x00]*$"  # PostgreSQL keeps no such character
_URL = r"^https?://[!-~]+$"
_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"  # as templates have it

Short = Annotated[str, StringConstraints(max_length=256, pattern=_NO_NUL)]
BatchName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=_NO_NUL)]
Identifier = Annotated[str, StringConstraints(pattern=_ID)]


class Sent(BaseModel):
    """Something that a program sends: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class Given(BaseModel):
    """Something that a program gets."""

    model_config = ConfigDict(from_attributes=True)


class Problem(Given):
    """Why a request failed (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str = Field(description="One of docs/errors.md, or http_error or invalid_request.")


class Result(Given):
    """One field as it stands now: a row of the view ``current_readings``."""

    reading_id: UUID
    batch: str
    document: str
    page: int
    field: str
    label: str
    text: str
    raw_text: str
    rewritten: bool
    confidence: float
    status: str
    corrected_by: str | None
    corrected_at: datetime | None
    model: str
    template: str
    template_version: str
    read_at: datetime


class ResultList(Given):
    """Some results."""

    items: list[Result]
    next_cursor: str | None = Field(description="For the next page; null at the end.")


class SaidBefore(Given):
    """What somebody said of a result."""

    text: str
    status: FieldStatus
    corrected_by: str
    corrected_at: datetime


class Evidence(Given):
    """Where a value came from, down to the bytes."""

    reading_id: UUID
    is_current: bool
    batch: str
    uri: str
    sha256: str | None
    page_index: int
    field_name: str
    label: str
    template_id: str
    template_version: str
    template_box: list[int]
    page_quad: list[list[float]]
    scan_dpi: float
    rms_px: float
    page_agreement: float
    field_agreement: float
    ink_fraction: float
    doubt: str
    status: FieldStatus
    text: str
    raw_text: str
    alternatives: list[tuple[str, float]]
    confidence: float
    raw_confidence: float
    chars: list[tuple[str, float, int, int]]
    model_id: str
    model_sha256: str
    decoder_version: str
    attempt: int
    read_at: datetime
    corrections: list[SaidBefore]


class Said(Sent):
    """What somebody says of a result."""

    status: Literal[FieldStatus.READ, FieldStatus.BLANK, FieldStatus.UNREADABLE] = FieldStatus.READ
    text: Annotated[str, StringConstraints(max_length=1000, pattern=_NO_NUL)] = ""


class Batch(Given):
    """A batch and how far it is."""

    name: str
    created_at: datetime
    total: int
    finished: int
    by_status: dict[str, int]
    by_failure: dict[str, int]
    per_second: float
    seconds_left: float | None


class BatchList(Given):
    """All batches, the newest first."""

    items: list[Batch]


class NewBatch(Sent):
    """A batch of the scans of a place."""

    name: BatchName
    place: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=_NO_NUL)]
    urgent: bool = False


class HandedIn(Given):
    """What became of scans that were handed in."""

    batch: str
    listed: int
    added: int
    nudged: bool = Field(description="False while the queue's broker is away; nothing is lost.")


class FailedDocument(Given):
    """A document that could not be read."""

    document_id: UUID
    uri: str
    code: str
    detail: str
    attempts: int
    finished_at: datetime | None


class FailureList(Given):
    """Some documents that could not be read."""

    items: list[FailedDocument]
    next_offset: int | None


class Retry(Sent):
    """Which failed documents to try again."""

    code: Short | None = None


class Count(Given):
    """How many were changed."""

    documents: int


class BoxedField(Sent):
    """A field of a form: its box in pixels of the blank."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Identifier
    kind: FieldKind = FieldKind.FULL_NAME
    style: WritingStyle = WritingStyle.LINE
    letters: Letters = Letters.ANY
    lexicon: Identifier | None = None
    label: Annotated[str, StringConstraints(max_length=200, pattern=_NO_NUL)] = ""
    box: Annotated[
        list[Annotated[int, Field(ge=0, le=100_000)]], Field(min_length=4, max_length=4)
    ] = Field(description="x, y, width, height")


class FormTemplate(Given):
    """A form that pages are laid onto."""

    template_id: str
    version: str
    page_index: int
    dpi: float
    width_px: int
    height_px: int
    fields: list[BoxedField]


class TemplateList(Given):
    """All templates that are offered."""

    items: list[FormTemplate]


class NewWebhook(Sent):
    """An address to tell of finished batches."""

    url: Annotated[str, StringConstraints(max_length=2000, pattern=_URL)]


class MadeWebhook(Given):
    """A webhook with its secret, which is shown this once."""

    id: UUID
    url: str
    secret: str


class KnownWebhook(Given):
    """A webhook and how telling it went."""

    id: UUID
    url: str
    created_by: str
    created_at: datetime
    delivered: int
    waiting: int
    last_failure: str


class WebhookList(Given):
    """All webhooks."""

    items: list[KnownWebhook]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Say which failures a route may answer with; those of every route are among them."""
    known = {
        400: "The request contradicts itself; ``code`` says how.",
        401: "Nobody is logged in.",
        403: "The role is too low, or the CSRF token is missing.",
        404: "There is no such thing.",
        409: "Something is there already.",
        413: "The body is too long.",
        422: "A parameter is not what it may be.",
        503: "The database, the store or the queue does not answer.",
    }
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    wanted = sorted({400, 401, 403, 413, 422, 503, *statuses})
    return {status: {"description": known[status], "content": body} for status in wanted}
