"""The whole path in one process and its children: ``penname read``."""

from __future__ import annotations

from worker.local.pool import SegmentPool
from worker.local.process import SegmentJob
from worker.local.read import read_documents
from worker.local.run import Run
from worker.local.tally import FailedDocument, Tally

__all__ = ["FailedDocument", "Run", "SegmentJob", "SegmentPool", "Tally", "read_documents"]
