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
    """Counts that grow while a run goes on; memory grows with failures and batches only."""

    documents: int = 0  # dealt with, however it went
    already_read: Counter[str] = field(default_factory=Counter)  # of them, by batch they are in
    fields: Counter[FieldStatus] = field(default_factory=Counter)
    failed: list[FailedDocument] = field(default_factory=list)

    def add_known(self, batch: str) -> None:
        """Count a document that was read before, in this or another batch."""
        self.documents += 1
        self.already_read[batch] += 1

    def add_reading(self, source: Source, reading: DocumentReading) -> None:
        """Count a document that was dealt with now."""
        self.fields.update(found.status for page in reading.pages for found in page.fields)
        if reading.failure_code is not None and reading.status is DocumentStatus.FAILED:
            self.add_failure(source, reading.failure_code, reading.failure_detail)
            return
        self.documents += 1

    def add_failure(self, source: Source, code: str, detail: str) -> None:
        """Count a document of which nothing could be read."""
        self.documents += 1
        self.failed.append(FailedDocument(uri=source.uri, code=code, detail=detail))

    @property
    def fields_for_review(self) -> int:
        """How many fields are for a person."""
        return sum(self.fields[status] for status in FOR_A_PERSON)
