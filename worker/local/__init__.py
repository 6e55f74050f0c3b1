"""The whole path in one process and its children: ``penname read``."""

from __future__ import annotations

from worker.local.read import read_documents
from worker.local.run import Run
from worker.local.tally import FailedDocument, Tally

__all__ = ["FailedDocument", "Run", "Tally", "read_documents"]
