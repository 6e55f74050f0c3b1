"""Readings: what the machine read in each field, with what explains it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from worker.database.dialects import insert_into_table, is_postgresql, utc_now
from worker.database.models import ReadingRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Insert, Table
    from sqlalchemy.orm import Session

    from worker.types import FieldReading, PageReading

_READINGS: Final = cast("Table", ReadingRow.__table__)  # statements over it are built once


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingOrigin:
    """What all readings of one attempt share."""

    crop_key: str | None  # the archive that holds the crops
    model_id: str
    attempt: int


def write_readings(
    session: Session,
    page_ids: Mapping[int, int],
    pages: Sequence[PageReading],
    origin: ReadingOrigin,
) -> None:
    """Write every field of a document; a field written before keeps its id.

    Args:
        session: an open transaction.
        page_ids: page index to row id.
        pages: what was read.
        origin: what all of them share.
    """
    shared = asdict(origin)
    rows = [
        {"page_id": page_ids[page.page_index], **_field_as_row(field), **shared}
        for page in pages
        for field in page.fields
    ]
    if not rows:
        return
    upsert = _upsert(tuple(rows[0]), is_postgresql=is_postgresql(session))
    session.execute(upsert, rows)


@cache
def _upsert(names: tuple[str, ...], *, is_postgresql: bool) -> Insert:
    key = ["page_id", "field_name", "model_id"]
    new = insert_into_table(_READINGS, is_postgresql=is_postgresql).values(read_at=utc_now())
    changed = {name: new.excluded[name] for name in (*names, "read_at") if name not in key}
    return new.on_conflict_do_update(index_elements=key, set_=changed)


def _field_as_row(reading: FieldReading) -> dict[str, Any]:
    crop = reading.crop
    return {
        "field_name": crop.field_name,
        "label": crop.label,
        "page_quad": crop.page_box.tolist(),
        "status": reading.status,
        "doubt": crop.doubt.value,
        "raw_text": reading.raw_text,
        "text": reading.text,
        "alternatives": [list(rival) for rival in reading.alternatives],
        "raw_confidence": reading.raw_confidence,
        "confidence": reading.confidence,
        "chars": [[c.char, c.probability, c.start_frame, c.end_frame] for c in reading.chars],
        "ink_fraction": crop.ink_fraction,
        "agreement": crop.agreement,
    }
