"""Use cases around results: search, look at the evidence, say what a field says, export."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from recognition.normal import normalise
from worker.answers import check_typed
from worker.database.audit_log import Action, write_log
from worker.database.batches import batch_names
from worker.database.corrections import add_correction, current_value
from worker.database.explanations import explain_result
from worker.database.result_pages import find_page
from worker.database.results import find_results
from worker.database.session import looking, transaction
from worker.errors import ObjectMissingError
from worker.exporting import write_csv, write_jsonl, write_parquet
from worker.page_views import crop_picture, page_picture
from worker.query_errors import AnswerRefusedError
from worker.types import FieldStatus, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from worker.database.explanations import Explanation
    from worker.database.result_pages import ResultPage, ResultSort
    from worker.database.results import ResultFilter, ResultRow
    from worker.database.session import Sessions
    from worker.document_images import DecodeLimits
    from worker.storage.base import ObjectStore
    from worker.storage.sources import Sources

_IN_MEMORY = 4 * 1024 * 1024  # bytes of an export; a longer one goes through a file


class ExportFormat(StrEnum):
    """What results go out as."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


_WRITERS: dict[ExportFormat, Callable[[Iterable[ResultRow], BinaryIO], int]] = {
    ExportFormat.CSV: write_csv,
    ExportFormat.JSONL: write_jsonl,
    ExportFormat.PARQUET: write_parquet,
}


def search(
    sessions: Sessions, wanted: ResultFilter, *, sort: ResultSort, limit: int, cursor: str | None
) -> ResultPage:
    """Give a page of results; ``worker.database.result_pages`` says more.

    Raises:
        BadQueryError: the cursor leads nowhere, or the sort does not go with the filter.
        LikenessUnavailableError: the database server cannot liken names.
    """
    with looking(sessions) as session:
        return find_page(session, wanted, sort=sort, limit=limit, cursor=cursor)


def known_batches(sessions: Sessions) -> list[str]:
    """List the names of all batches, the newest first."""
    with looking(sessions) as session:
        return batch_names(session)


def explain(sessions: Sessions, reading_id: UUID) -> Explanation:
    """Tell where a value came from.

    Raises:
        NoSuchResultError: the database holds no such result.
    """
    with looking(sessions) as session:
        return explain_result(session, reading_id.hex)


def say(
    sessions: Sessions, reading_id: UUID, *, status: FieldStatus, text: str, by: str
) -> Explanation:
    """Write down what somebody says of a result, and tell how it stands then.

    Args:
        sessions: the database.
        reading_id: of the result.
        status: read, blank or unreadable.
        text: what it says, where it is read.
        by: who says it.

    Raises:
        NoSuchResultError: there is none, or its scan was read anew since.
        AnswerRefusedError: the status and the text contradict each other, or nobody writes that.
    """
    plain = normalise(text)
    if status not in {FieldStatus.READ, FieldStatus.BLANK, FieldStatus.UNREADABLE}:
        raise AnswerRefusedError("people say read, blank or unreadable")
    if (status is FieldStatus.READ) != bool(plain):
        raise AnswerRefusedError("what is read has a text, and what is not has none")
    check_typed(plain)
    with transaction(sessions) as session:
        current_value(session, reading_id)  # refuses one that is not there, or was read anew
        add_correction(session, reading_id, text=plain, status=status, corrected_by=by)
        write_log(session, who=by, action=Action.FIELD_CORRECTED, subject=str(reading_id))
        return explain_result(session, reading_id.hex)


def crop_of(sessions: Sessions, store: ObjectStore, reading_id: UUID) -> bytes:
    """Give the picture that was read, as a PNG.

    Raises:
        NoSuchResultError: there is no such result.
        ObjectMissingError: it came without a crop, or that is gone.
    """
    found = explain(sessions, reading_id)
    return crop_picture(
        store, found.crop_key, page_index=found.page_index, field_name=found.field_name
    )


def page_of(
    sessions: Sessions,
    sources: Sources,
    reading_id: UUID,
    *,
    limits: DecodeLimits,
    max_bytes: int,
) -> bytes:
    """Give the part of the page around a result, as a PNG.

    Raises:
        NoSuchResultError: there is no such result.
        PermanentError: the scan is gone, or cannot be decoded any more.
    """
    found = explain(sessions, reading_id)
    source = Source(uri=found.uri, size_bytes=found.size_bytes, version=found.version)
    if "://" not in source.uri:
        raise ObjectMissingError("the scan was purged")
    scan = sources.read(source, max_bytes=max_bytes)
    return page_picture(scan, page_index=found.page_index, quad=found.page_quad, limits=limits)


def export(sessions: Sessions, wanted: ResultFilter, kind: ExportFormat, *, by: str) -> BinaryIO:
    """Write all results that are wanted to a file that is gone once it is closed.

    It is written whole before the first byte goes out, so that an error half way is one.
    """
    out: BinaryIO = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[assignment] # noqa: SIM115, closed by whoever sends it
    with looking(sessions) as session:
        _WRITERS[kind](find_results(session, wanted), out)
    with transaction(sessions) as session:
        write_log(session, who=by, action=Action.RESULTS_EXPORTED, subject=wanted.batch or "all")
    out.seek(0)
    return out
