"""Segment processes side by side, and documents handed to whichever is free."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from worker.segment_process import SegmentProcess, prepare_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from worker.segment_process import Refusal, SegmentJob
    from worker.types import SegmentedPage


class SegmentPool:
    """A number of segment processes behind a queue. Close it, or use it in a ``with``."""

    def __init__(
        self, job: SegmentJob, *, processes: int, prepare: Callable[[], None] = prepare_child
    ) -> None:
        """Start the processes, without waiting for them."""
        self.processes = processes
        self._children = [SegmentProcess(job, prepare) for _ in range(processes)]
        self._idle: SimpleQueue[SegmentProcess] = SimpleQueue()
        for child in self._children:
            self._idle.put(child)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="segment")

    def submit(self, data: bytes) -> Future[tuple[SegmentedPage, ...] | Refusal]:
        """Queue one document; first come, first served."""
        return self._threads.submit(self._segment, data)

    def close(self) -> None:
        """Drop what waits and end every process at once."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for child in self._children:
            child.close()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        """Give the pool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        self.close()

    def _segment(self, data: bytes) -> tuple[SegmentedPage, ...] | Refusal:
        child = self._idle.get()  # never waits: there are as many threads as children
        try:
            return child.segment(data)
        finally:
            self._idle.put(child)
