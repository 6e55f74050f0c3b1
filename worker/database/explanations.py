"""Explanations: all that is known about where one reading came from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import exists, select

from worker.database.models import (
    BatchRow,
    CorrectionRow,
    DocumentRow,
    ModelRow,
    PageRow,
    ReadingRow,
    TemplateRow,
)
from worker.database.results import CURRENT
from worker.errors import NoSuchResultError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from worker.types import FieldStatus

_ID_DIGITS = 32
_OF_DOCUMENT = (
    "uri",
    "version",
    "sha256",
    "size_bytes",
    "registered_at",
    "started_at",
    "decoder_version",
)
_OF_PAGE = (
    *("page_index", "template_id", "template_version", "template_page_index"),
    *("page_to_template", "turn_deg", "skew_deg", "scan_dpi"),
    *("inlier_count", "inlier_spread", "rms_px"),
)
_OF_READING = (
    *("field_name", "page_quad", "ink_fraction", "doubt", "crop_key", "status"),
    *("raw_text", "text", "alternatives", "raw_confidence", "confidence", "chars"),
    *("model_id", "attempt", "read_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person said about a reading."""

    text: str = field(repr=False)
    status: FieldStatus
    corrected_by: str
    corrected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Where a name came from."""

    reading_id: UUID
    is_current: bool  # False once the same scan was read anew in the same batch
    # The bytes
    batch: str
    uri: str
    version: str  # S3 version id or ETag; "" for files
    sha256: str
    size_bytes: int
    registered_at: datetime
    # The page on its form
    page_index: int  # from 0
    template_id: str
    template_version: str
    template_page_index: int  # from 0
    page_to_template: Sequence[float]  # homography, 9 numbers by row
    turn_deg: int
    skew_deg: float
    scan_dpi: float
    inlier_count: int
    inlier_spread: float
    rms_px: float  # template px
    page_agreement: float
    # The field on the page
    field_name: str
    template_box: Sequence[int]  # x, y, width, height in template px
    letters: str  # what the template says of them: any, upper
    lexicon: str | None  # id of the name list it asks for
    label: str  # what is printed beside it, where that is known, else ""
    page_quad: Sequence[tuple[float, float]]  # 4 corners in page px, clockwise from top left
    field_agreement: float
    ink_fraction: float
    doubt: str  # why it is misplaced, else ""
    crop_key: str | None
    # The reading
    status: FieldStatus
    raw_text: str = field(repr=False)
    text: str = field(repr=False)
    alternatives: Sequence[tuple[str, float]] = field(repr=False)  # next best texts, shares
    raw_confidence: float
    confidence: float
    chars: Sequence[tuple[str, float, int, int]] = field(repr=False)  # as CharReading has them
    model_id: str
    model_sha256: str
    decoder_version: str  # digest of the names weighed, or "greedy"
    attempt: int
    started_at: datetime
    read_at: datetime
    # What people said, the latest last
    corrections: tuple[Correction, ...]

    @property
    def is_by_label(self) -> bool:
        """Tell whether the page had no template, so that only a printed label placed the field.

        No page is laid onto a known form without pairs.
        """
        return self.inlier_count == 0


def explain_result(session: Session, reading_id: str) -> Explanation:
    """Gather everything about one reading.

    Args:
        session: an open session.
        reading_id: its id, or as many of the first digits as tell it from the others.

    Raises:
        NoSuchResultError: the database holds no such result, or several.
    """
    whole_id = find_reading_id(session, reading_id)
    row = session.execute(_everything().where(ReadingRow.id == whole_id)).one()
    known = dict(row._mapping)  # noqa: SLF001, SQLAlchemy's public way to the names
    specs = {spec["name"]: spec for spec in known.pop("template_fields")}
    spec = specs[known["field_name"]]
    return Explanation(
        **known,
        template_box=spec["box"],
        letters=spec.get("letters", "any"),  # not stored by the first versions
        lexicon=spec["lexicon"],
        label=spec.get("label", ""),  # the same
        corrections=_corrections(session, whole_id),
    )


def find_reading_id(session: Session, digits: str) -> UUID:
    """Complete an id from its first digits, by a range that the primary key serves.

    Raises:
        NoSuchResultError: the database holds no such result, or several.
    """
    plain = digits.replace("-", "").lower()
    if not re.fullmatch(rf"[0-9a-f]{{1,{_ID_DIGITS}}}", plain):
        raise NoSuchResultError(f"{digits!r} is no id of a result; penname results prints them")
    first, last = (UUID(plain.ljust(_ID_DIGITS, digit)) for digit in "0f")
    found = session.scalars(
        select(ReadingRow.id).where(ReadingRow.id.between(first, last)).limit(2)
    ).all()
    if not found:
        raise NoSuchResultError(f"no result {digits} in this database; penname results prints ids")
    if len(found) > 1:
        raise NoSuchResultError(f"several results start with {digits}; give more of its digits")
    return found[0]


def _everything() -> Select[Any]:
    """Select what an explanation holds, each column under its name there."""
    return (
        select(
            ReadingRow.id.label("reading_id"),
            exists().where(CURRENT.c.reading_id == ReadingRow.id).label("is_current"),
            BatchRow.name.label("batch"),
            *(getattr(DocumentRow, name) for name in _OF_DOCUMENT),
            *(getattr(PageRow, name) for name in _OF_PAGE),
            PageRow.agreement.label("page_agreement"),
            *(getattr(ReadingRow, name) for name in _OF_READING),
            ReadingRow.agreement.label("field_agreement"),
            ModelRow.sha256.label("model_sha256"),
            TemplateRow.fields.label("template_fields"),
        )
        .join(PageRow, PageRow.id == ReadingRow.page_id)
        .join(DocumentRow, DocumentRow.id == PageRow.document_id)
        .join(BatchRow, BatchRow.id == DocumentRow.batch_id)
        .join(ModelRow, ModelRow.model_id == ReadingRow.model_id)
        .join(
            TemplateRow,
            (TemplateRow.template_id == PageRow.template_id)
            & (TemplateRow.version == PageRow.template_version),
        )
    )


def _corrections(session: Session, reading_id: UUID) -> tuple[Correction, ...]:
    rows = session.scalars(
        select(CorrectionRow)
        .where(CorrectionRow.reading_id == reading_id)
        .order_by(CorrectionRow.id)
    )
    return tuple(
        Correction(
            text=row.text,
            status=row.status,
            corrected_by=row.corrected_by,
            corrected_at=row.corrected_at,
        )
        for row in rows
    )
