"""What flows through the worker: documents, pages and fields as frozen values.

Pages count from 0 in code and tables (``page_index``), from 1 wherever a person reads them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recognition.types import CharReading
    from segmentation.types import FieldCrop, PageSegmentation


GREEDY = "greedy"  # the decoder that weighs no names: the ink's best path; stored, so never rename


class DocumentStatus(StrEnum):
    """Where a document stands; stored, so never rename a value."""

    PENDING = "pending"
    SEGMENTING = "segmenting"  # a worker of the queue is cutting it
    SEGMENTED = "segmented"  # its crops wait to be read
    RECOGNIZING = "recognizing"  # a worker of the queue is reading its crops
    DONE = "done"
    NEEDS_REVIEW = "needs_review"  # read, but a person should look
    FAILED = "failed"  # cannot be read; failure_code says why
    PURGED = "purged"  # was dealt with long ago; what was read on it is gone
    CANCELLED = "cancelled"  # a person called its batch off
    DUPLICATE = "duplicate"  # the same bytes stand in another row, which is read in its place


class Stage(StrEnum):
    """What a worker of the queue does with a document; stored, so never rename a value."""

    SEGMENT = "segment"
    RECOGNIZE = "recognize"

    @property
    def waiting(self) -> DocumentStatus:
        """Give the state of what is to be done."""
        segment = self is Stage.SEGMENT
        return DocumentStatus.PENDING if segment else DocumentStatus.SEGMENTED

    @property
    def at_work(self) -> DocumentStatus:
        """Give the state of what somebody is doing."""
        segment = self is Stage.SEGMENT
        return DocumentStatus.SEGMENTING if segment else DocumentStatus.RECOGNIZING


class FieldStatus(StrEnum):
    """What became of one field; stored, so never rename a value."""

    READ = "read"
    BLANK = "blank"
    LOW_CONFIDENCE = "low_confidence"
    STRUCK_OUT = "struck_out"  # in part or whole; what is meant to stand is not known
    MISPLACED = "misplaced"  # its place, or which ink is its own, is in doubt
    UNREADABLE = "unreadable"  # said by a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file to read, where it lies; listing it has read none of its bytes."""

    uri: str  # "file:///forms/a.jpg" or "s3://bucket/key"
    size_bytes: int
    version: str  # S3 version id or ETag; "" for files, whose bytes are hashed when read

    @property
    def name(self) -> str:
        """Last part of the URI, for tables and messages."""
        return self.uri.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """What decides a reading besides the bytes; a change of any of it reads a scan anew."""

    templates_version: str  # 12 hex digits over the versions of every template offered
    model_id: str  # first 12 hex digits of the checkpoint's SHA-256
    decoder_version: str  # 12 hex digits over the names weighed beside the ink, or GREEDY

    @property
    def read_with(self) -> ReadWith:
        """Give the part that confidences depend on."""
        return ReadWith(model_id=self.model_id, decoder_version=self.decoder_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWith:
    """What made a confidence; those of two of these do not compare."""

    model_id: str
    decoder_version: str  # as in ``RunIdentity``

    def __str__(self) -> str:
        """Say it in a message."""
        return f"model {self.model_id} with decoder {self.decoder_version}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentedPage:
    """One page cut into its fields, or the reason it could not be."""

    page_index: int  # from 0
    segmentation: PageSegmentation | None  # None exactly when failure_code is set
    failure_code: str | None  # a code from docs/errors.md
    failure_detail: str  # found and limit, for people; "" on success


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldReading:
    """One field as read, its picture and evidence still in memory."""

    crop: FieldCrop
    status: FieldStatus
    raw_text: str = field(repr=False)  # what the ink says; "" when blank; a name
    text: str = field(repr=False)  # after prior or lexicon; the same as raw_text without one
    alternatives: tuple[tuple[str, float], ...] = field(repr=False)  # next best texts, shares
    raw_confidence: float  # [0, 1], before calibration
    confidence: float  # [0, 1], calibrated
    chars: tuple[CharReading, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PageReading:
    """One page: its fields with the evidence of where they lay, or why there are none."""

    page_index: int  # from 0
    segmentation: PageSegmentation | None
    fields: tuple[FieldReading, ...]
    failure_code: str | None
    failure_detail: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocumentReading:
    """All pages of one document, and what became of the whole."""

    status: DocumentStatus
    failure_code: str | None  # set when failed, and when a page sent the document to review
    failure_detail: str
    pages: tuple[PageReading, ...]
    recognize_s: float | None = None  # its share of the time that reading its shard took
