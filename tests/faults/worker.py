"""``penname worker`` with a scripted network, and files that end the process that has them.

The scripted network answers at once, so that what is measured is the queue. Everything else is
the real thing: Celery, OpenCV, the store and the database.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from tests.fakes.scripted_recognizer import ScriptedRecognizer
from worker import stations
from worker.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.types import GrayImage, Hint, Reading
    from worker.database.submissions import Offer
    from worker.stations import WorkerProcess

CUT_KILLS = b"kills whoever cuts it"  # in the bytes of a file, behind its picture
CUT_WANTS_MEMORY = b"wants all the memory"
CUT_TAKES_LONG = b"takes for ever"
READ_S = 0.5  # of a shard, so that a worker can be killed at it
READ_KILLS_BELOW = 200.0  # mean of a crop: one with a black box in it kills whoever reads it


class DeadlyRecognizer(ScriptedRecognizer):
    """Dies of a black crop."""

    def read(
        self, crops: Sequence[GrayImage], hints: Sequence[Hint] | None = None
    ) -> list[Reading]:
        """Read by the script, or die."""
        if any(crop.mean() < READ_KILLS_BELOW for crop in crops):
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait(READ_S)  # time.sleep fails under libfaketime's clocks
        return super().read(crops, hints)


def _load(_process: WorkerProcess, _models: object, offer: Offer) -> DeadlyRecognizer:
    reader = DeadlyRecognizer()
    reader.model_id = offer.identity.model_id
    return reader


def _deadly_files() -> None:
    """Have what a decoder of another day may do happen to marked files."""
    from worker.queue import segment  # noqa: PLC0415, OpenCV, and only where it is cut
    from worker.segmenting import segment_document  # noqa: PLC0415, the same

    honest = segment_document

    def harmed(data: bytes, *others: object) -> object:
        if CUT_KILLS in data:
            os.kill(os.getpid(), signal.SIGKILL)
        if CUT_WANTS_MEMORY in data:
            raise MemoryError
        if CUT_TAKES_LONG in data:
            time.sleep(3600)
        return honest(data, *others)  # type: ignore[arg-type] # passed on as they came

    vars(segment)["segment_document"] = harmed


if __name__ == "__main__":
    stations._load_reader = _load  # type: ignore[assignment] # noqa: SLF001, the point of it
    _deadly_files()
    main()
