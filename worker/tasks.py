"""The tasks, and what a worker process is made of: thin, since all work is in ``worker.queue``.

Everything is made on first use in the process that works, never in the parent of a pool: OpenCV
and CUDA do not survive a fork (opencv issue 5150, pytorch issue 40403).
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
from dataclasses import asdict
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from celery import signals
from celery.exceptions import SoftTimeLimitExceeded

from worker.celery_app import NODE, CeleryNudger, app
from worker.config import read_settings
from worker.errors import TransientError
from worker.logs import configure_logs
from worker.stations import (
    WorkerProcess,
    give_back_node,
    open_recognize_station,
    open_segment_station,
    open_worker_process,
)
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.queue.recognize import RecognizeStation
    from worker.queue.segment import SegmentStation

_log = logging.getLogger(__name__)
_OUT_OF_TIME = (SoftTimeLimitExceeded,)


@app.task(name="penname.segment")  # type: ignore[untyped-decorator] # celery ships no types
def segment(*, urgent_only: bool = False) -> None:
    """Cut the scans that wait."""
    from worker.queue.segment import segment_waiting  # noqa: PLC0415, OpenCV, not in the parent

    _contained("segment", lambda: asdict(segment_waiting(_segmenter(), urgent_only=urgent_only)))


@app.task(name="penname.recognize")  # type: ignore[untyped-decorator] # the same
def recognize(*, urgent_only: bool = False) -> None:
    """Read the crops that wait."""
    from worker.queue.recognize import recognize_waiting  # noqa: PLC0415, the same

    _contained("recognize", lambda: _recognize(partial(recognize_waiting, urgent_only=urgent_only)))


def _recognize(work: Callable[[RecognizeStation], Any]) -> dict[str, Any]:
    tally = work(_recognizer())
    if not tally.device_works:
        _renew_process()
    return asdict(tally)


def _contained(name: str, work: Callable[[], dict[str, Any]]) -> None:
    """Do the work of one message; nothing that goes wrong in it reaches Celery.

    Celery would end the worker for a MemoryError, and give the message back (celery 5.6).
    """
    try:
        _log.info(f"{name}_done", extra=work())
    except TransientError as error:  # the sweep sends another message
        _log.warning("task_put_off", extra={"task": name, "detail": str(error)})
    except MemoryError:
        _log.error("task_out_of_memory", extra={"task": name})
    except Exception as error:  # noqa: BLE001, the edge of one message
        _log.error("task_failed", extra={"task": name}, exc_info=error)


def _renew_process() -> None:
    """End this process, whose device fails, so that the pool starts another in its place."""
    _log.error("device_fails")
    _process().hand.stop()
    os.kill(os.getpid(), signal.SIGKILL)


@cache
def _process() -> WorkerProcess:
    """Open what both kinds of work need, once in each process."""
    return open_worker_process(read_settings(), worker_id=f"{NODE}/{os.getpid()}", kind=_kind())


@cache
def _segmenter() -> SegmentStation:
    return open_segment_station(_process(), CeleryNudger(), out_of_time=_OUT_OF_TIME)


@cache
def _recognizer() -> RecognizeStation:
    return open_recognize_station(_process(), CeleryNudger(), out_of_time=_OUT_OF_TIME)


def _kind() -> str:
    """Say what this worker does, by the queues that it listens to."""
    listens_to = set(app.amqp.queues.consume_from)
    reads = any(name.startswith(Stage.RECOGNIZE.value) for name in listens_to)
    return Stage.RECOGNIZE.value if reads else Stage.SEGMENT.value


@signals.setup_logging.connect  # type: ignore[untyped-decorator] # celery ships no types
def _set_up_logging(**_: Any) -> None:  # noqa: ANN401, celery's signature
    configure_logs(read_settings().log_level)


@signals.worker_process_init.connect  # type: ignore[untyped-decorator] # the same
def _begin(**_: Any) -> None:  # noqa: ANN401, the same
    """Say that this child lives before its first task."""
    try:
        _process()
    except TransientError as error:  # the first task tries again
        _log.warning("worker_without_database", extra={"detail": str(error)})


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator] # the same
def _end(**_: Any) -> None:  # noqa: ANN401, the same
    _process().hand.stop()


@signals.worker_init.connect  # type: ignore[untyped-decorator] # the same
def _prepare_parent(**_: Any) -> None:  # noqa: ANN401, the same
    """Give claims back when this worker ends, however many signals it takes."""
    atexit.register(_give_back_node, parent=os.getpid())


def _give_back_node(*, parent: int) -> None:
    if os.getpid() == parent:  # children inherit what is to be done at the exit
        give_back_node(read_settings(), NODE)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator] # the same
def _shutting_down(how: str, **_: Any) -> None:  # noqa: ANN401, the same
    """Take a second SIGTERM for what it means; Celery would pass it over."""
    if how == "Warm":
        signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGQUIT))
