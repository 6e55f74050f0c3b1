"""A segment pool that cuts nothing: a full double of ``worker.segment_pool.SegmentPool``."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Self

from tests.factories import make_crop, make_segmentation, make_segmented_page
from worker.errors import FailureCode
from worker.segment_process import Refusal

if TYPE_CHECKING:
    from worker.types import SegmentedPage

FIELDS = ("first_name", "last_name")
CRASHES = b"crashes"


class ScriptedPool:
    """Gives every document one page with two written fields, at once."""

    processes = 2

    def __init__(self) -> None:
        page = make_segmented_page(
            segmentation=make_segmentation(
                crops=tuple(make_crop(field_name=name) for name in FIELDS)
            )
        )
        self._pages = (page,)

    def submit(self, data: bytes) -> Future[tuple[SegmentedPage, ...] | Refusal]:
        """Answer by the script; ``CRASHES`` ends the process that has it in hand."""
        answer: Future[tuple[SegmentedPage, ...] | Refusal] = Future()
        crashed = Refusal(code=FailureCode.DOCUMENT_CRASHED, detail="ended 2 times", trace="bug")
        answer.set_result(crashed if data == CRASHES else self._pages)
        return answer

    def close(self) -> None:
        """There is nothing to end."""

    def __enter__(self) -> Self:
        """Give the pool itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the pool."""
        self.close()
