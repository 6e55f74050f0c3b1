"""Crops of many documents to readings, in one batch, and what becomes of each document.

Statuses follow two rules. A field is only ever *read* when its surroundings are the form's and
the network is sure enough; anything else is for a person. A document is only ever *done* when
each page that carries anything was laid onto a form and nothing on it is for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from recognition.errors import DeviceMemoryError, FramesNotFiniteError
from recognition.types import Hint
from segmentation import BlankPageError, FieldState, Letters, as_line
from worker.errors import DocumentOutOfMemoryError, FailureCode, PermanentError
from worker.page_sets import missing_pages
from worker.thresholds import NO_THRESHOLDS
from worker.types import (
    DocumentReading,
    DocumentStatus,
    FieldReading,
    FieldStatus,
    PageReading,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recognition.types import Reading
    from segmentation import FieldCrop, GrayImage
    from worker.thresholds import Thresholds
    from worker.types import SegmentedPage

_NEVER_UNSEEN = {  # whatever the network makes of them
    FieldState.MISPLACED: FieldStatus.MISPLACED,
    FieldState.STRUCK_OUT: FieldStatus.STRUCK_OUT,
}
FOR_A_PERSON = frozenset({FieldStatus.LOW_CONFIDENCE, *_NEVER_UNSEEN.values()})


class ReadingNotFiniteError(PermanentError):
    """The network answers one of the document's crops with NaN or infinity."""

    code = FailureCode.READING_NOT_FINITE


class CropReader(Protocol):
    """What reads crops: ``recognition.recognizer.Recognizer``, or a double in a test."""

    @property
    def model_id(self) -> str:
        """First 12 hex digits of the checkpoint's SHA-256, and the prior's after a +."""
        ...

    def read(
        self, crops: Sequence[GrayImage], hints: Sequence[Hint] | None = None, /
    ) -> list[Reading]:
        """Read ``(h, w)`` uint8 crops, in their order, knowing what the hints say of each."""
        ...


def read_pages(
    documents: Sequence[Sequence[SegmentedPage]],
    recognizer: CropReader,
    *,
    review_below: float,
    thresholds: Thresholds = NO_THRESHOLDS,
) -> list[DocumentReading]:
    """Read every written field of every document in one batch, which the network likes wide.

    Args:
        documents: the pages of each document.
        recognizer: reads the crops; blank fields are not sent to it.
        review_below: a reading less confident than this, in [0, 1], is for a person.
        thresholds: what takes its place for some fields.
    """

    def least(page: SegmentedPage, crop: FieldCrop) -> float:
        template_id = page.segmentation.template_id if page.segmentation else ""
        return thresholds.least(template_id, crop.field_name, default=review_below)

    written = [crop for pages in documents for crop in _crops(pages) if not crop.blank]
    images = [as_line(crop.image, crop.cells) for crop in written]
    hints = [_hint(crop) for crop in written]
    readings = iter(recognizer.read(images, hints) if written else [])
    return [_document(pages, readings, least) for pages in documents]


def unwritten_document(pages: Sequence[SegmentedPage]) -> DocumentReading:
    """Give the reading of a document whose pages were refused, or whose fields are all blank."""
    return _document(pages, iter(()), lambda _page, _crop: 1.0)


def read_apart(
    documents: Sequence[Sequence[SegmentedPage]],
    read: Callable[[Sequence[Sequence[SegmentedPage]]], Sequence[DocumentReading]],
) -> list[DocumentReading | Exception]:
    """Read documents in one go; when that fails, halve until the one at fault is alone.

    Halving serves a device that is short of memory as well.

    Args:
        documents: the pages of each.
        read: reads several at once, as ``read_pages`` does.

    Returns:
        For each document its reading, or the error that it alone meets.
    """
    try:
        return list(read(documents))
    except Exception as error:  # noqa: BLE001, the edge of one document: a bug costs one, not all
        if len(documents) <= 1:
            return [error for _ in documents]
    half = len(documents) // 2
    return [
        *read_apart(documents[:half], read),
        *read_apart(documents[half:], read),
    ]


def as_ours(error: Exception) -> Exception:
    """Name what recognition met as the worker does, with a code to store; leave all else."""
    if isinstance(error, DeviceMemoryError):
        return DocumentOutOfMemoryError(str(error))
    if isinstance(error, FramesNotFiniteError):
        return ReadingNotFiniteError(str(error))
    return error


def failed_document(code: str, detail: str) -> DocumentReading:
    """Give the reading that stands for a document of which nothing could be read."""
    return DocumentReading(
        status=DocumentStatus.FAILED, failure_code=code, failure_detail=detail, pages=()
    )


def _crops(pages: Sequence[SegmentedPage]) -> Iterator[FieldCrop]:
    for page in pages:
        if page.segmentation is not None:
            yield from page.segmentation.crops


def _hint(crop: FieldCrop) -> Hint:
    return Hint(letters="upper" if crop.letters is Letters.UPPER else "any", lexicon=crop.lexicon)


def _document(
    pages: Sequence[SegmentedPage],
    readings: Iterator[Reading],
    least: Callable[[SegmentedPage, FieldCrop], float],
) -> DocumentReading:
    """Take the next readings, in the order in which their crops were sent."""
    read = tuple(
        PageReading(
            page_index=page.page_index,
            segmentation=page.segmentation,
            fields=tuple(_field(crop, readings, least(page, crop)) for crop in _crops([page])),
            failure_code=page.failure_code,
            failure_detail=page.failure_detail,
        )
        for page in pages
    )
    code, detail = _gravest_fault(read)
    return DocumentReading(
        status=_status(read, code), failure_code=code, failure_detail=detail, pages=read
    )


def _field(crop: FieldCrop, readings: Iterator[Reading], review_below: float) -> FieldReading:
    if crop.blank:
        # Nothing was read, so nothing is in doubt: a search for doubtful readings passes it by.
        return FieldReading(
            crop=crop,
            status=FieldStatus.BLANK,
            raw_text="",
            text="",
            alternatives=(),
            raw_confidence=1.0,
            confidence=1.0,
            chars=(),
        )
    reading = next(readings)
    status = _field_status(crop, reading, review_below)
    # The network is sure of what a crop says, never that the crop is the field it should be, nor
    # that what it says is meant to stand.
    confidence = 0.0 if crop.state in _NEVER_UNSEEN else reading.confidence
    return FieldReading(
        crop=crop,
        status=status,
        raw_text=reading.raw_text,
        text=reading.text,
        alternatives=reading.alternatives,
        raw_confidence=reading.raw_confidence,
        confidence=confidence,
        chars=reading.chars,
    )


def _field_status(crop: FieldCrop, reading: Reading, review_below: float) -> FieldStatus:
    if crop.state in _NEVER_UNSEEN:
        return _NEVER_UNSEEN[crop.state]
    if not reading.text or reading.confidence < review_below:  # ink, but no text, is in doubt
        return FieldStatus.LOW_CONFIDENCE
    return FieldStatus.READ


def _gravest_fault(pages: Sequence[PageReading]) -> tuple[str | None, str]:
    """Give the code and detail of what to blame, if anything: the first page that failed.

    The empty back of a sheet is no fault of a document whose front was read. A page that failed
    may be one that its form lacks, so it is named first.
    """
    failed = [page for page in pages if page.failure_code is not None]
    with_content = [page for page in failed if page.failure_code != BlankPageError.code]
    blamed = with_content or (failed if len(failed) == len(pages) else [])
    if blamed:
        first = blamed[0]
        return first.failure_code, f"page {first.page_index + 1}: {first.failure_detail}"
    lacking = missing_pages(page.segmentation for page in pages if page.segmentation is not None)
    return (FailureCode.PAGES_MISSING, "; ".join(lacking)) if lacking else (None, "")


def _status(pages: Sequence[PageReading], fault: str | None) -> DocumentStatus:
    if all(page.segmentation is None for page in pages):
        return DocumentStatus.FAILED
    doubtful = any(field.status in FOR_A_PERSON for page in pages for field in page.fields)
    return DocumentStatus.NEEDS_REVIEW if fault or doubtful else DocumentStatus.DONE
