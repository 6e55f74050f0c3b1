"""Draw filled sample forms with known text: what the demo reads and the whole path is tested on."""

from __future__ import annotations

from worker.samples.write import SampleSummary, write_samples

__all__ = ["SampleSummary", "write_samples"]
