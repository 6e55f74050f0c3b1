"""Count what a run did, for its progress bar and its closing table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.recognizing import FOR_A_PERSON
from worker.types import DocumentStatus, FieldStatus

if TYPE_CHECKING:
    from worker.types import DocumentReading, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedDocument:
    """One document of which nothing could be read."""

    uri: str
    code: str
    detail: str


@dataclass(slots=True)
class Tally:
    """Counts that grow while a run goes on; memory grows with the failures only."""

    documents: int = 0  # dealt with, however it went
    already_read: int = 0  # of them, found read in the database
    for_review: int = 0  # of them, read now and for a person to look at
    pages: int = 0
    fields: Counter[FieldStatus] = field(default_factory=Counter)
    failed: list[FailedDocument] = field(default_factory=list)

    def add_known(self) -> None:
        """Count a document that was read before."""
        self.documents += 1
        self.already_read += 1

    def add_reading(self, source: Source, reading: DocumentReading) -> None:
        """Count a document that was dealt with now."""
        self.pages += len(reading.pages)
        self.fields.update(found.status for page in reading.pages for found in page.fields)
        if reading.failure_code is not None and reading.status is DocumentStatus.FAILED:
            self.add_failure(source, reading.failure_code, reading.failure_detail)
            return
        self.documents += 1
        self.for_review += reading.status is DocumentStatus.NEEDS_REVIEW

    def add_failure(self, source: Source, code: str, detail: str) -> None:
        """Count a document of which nothing could be read."""
        self.documents += 1
        self.failed.append(FailedDocument(uri=source.uri, code=code, detail=detail))

    @property
    def fields_for_review(self) -> int:
        """How many fields are for a person."""
        return sum(self.fields[status] for status in FOR_A_PERSON)
