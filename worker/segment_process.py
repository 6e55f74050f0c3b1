"""A process that cuts documents, and that may die of one without harm to the others.

Decoders are large C libraries that meet files from strangers; a crash of one must cost one
document. Each child serves one thread of its parent over a pipe, one document at a time, so
that when it dies it is plain which document it had in hand.

Children are spawned, not forked: OpenCV does not survive the fork of a parent with threads
(opencv issue 5150). They never import torch.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from worker.errors import FailureCode, PermanentError
from worker.segmenting import segment_pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from segmentation import Catalog, SegmentationParams
    from worker.document_images import DecodeLimits
    from worker.types import SegmentedPage
    from worker.unknown_forms import UnknownForms

_TRIES = 2  # a child may be killed for the memory that its neighbours took
_READY = "ready"
_PAGE_DONE = "page done"
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentJob:
    """All that a child needs besides the bytes of documents."""

    catalog: Catalog
    params: SegmentationParams
    limits: DecodeLimits
    unknown: UnknownForms | None = None  # how pages without a template are read, if at all
    # For each page; this ends what would never end. A page takes less than 1 s, and one without a
    # template up to four readings of its print, each with a limit of its own.
    limit_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a document has no pages; a value, since not every error survives the pipe."""

    code: FailureCode
    detail: str
    trace: str = ""  # of a bug, for the log


class SegmentProcess:
    """One child, started again whenever it dies. Used by one thread at a time."""

    def __init__(self, job: SegmentJob, prepare: Callable[[], None]) -> None:
        """Start the child, without waiting for it.

        Args:
            job: goes to the child once, at its start.
            prepare: the child calls it before anything else.
        """
        self._job = job
        self._prepare = prepare
        self._closed = False
        self._start()

    def segment(self, data: bytes) -> tuple[SegmentedPage, ...] | Refusal:
        """Have the child cut one document.

        Raises:
            RuntimeError: the child cannot start, or was closed meanwhile.
        """
        how = ""
        for _ in range(_TRIES):
            self._await_ready()
            try:
                self._pipe.send_bytes(data)
                answer = self._answer()
            except (EOFError, OSError):
                how = self._restart()
                continue
            if answer is not None:
                return answer
            self._restart()
            return _crashed(f"cutting a page of the document took over {self._job.limit_s:g} s")
        return _crashed(f"the process that cut the document ended {_TRIES} times, {how}")

    @property
    def pid(self) -> int | None:
        """Id of the child that serves now."""
        return self._process.pid

    def close(self) -> None:
        """End the child at once; a thread that waits for it gets an error."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        self._pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=_run, args=(theirs, self._job, self._prepare), daemon=True
        )
        self._process.start()
        theirs.close()  # so that the pipe ends with the child
        self._ready = False
        self._ended = False

    def _answer(self) -> tuple[SegmentedPage, ...] | Refusal | None:
        """Wait for the child's answer, as long as it goes on from page to page."""
        while self._pipe.poll(self._job.limit_s):
            said = self._pipe.recv()
            if said != _PAGE_DONE:
                return said  # type: ignore[no-any-return] # as serve sends it
        return None

    def _end(self) -> None:
        """End the child, and the outside programs that it runs."""
        if not self._ended and self._process.pid is not None:
            with suppress(ProcessLookupError):  # it had no time to lead a group of its own
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._ended = True  # its id may be another's from now on

    def _await_ready(self) -> None:
        """Tell a child that cannot work at all from one that a document killed."""
        if self._ready:
            return
        try:
            self._ready = self._pipe.recv() == _READY
        except (EOFError, OSError) as error:
            self._process.join()
            self._ended = True
            raise RuntimeError(f"a segment process cannot start: {self._exit()}") from error

    def _restart(self) -> str:
        """Start a fresh child, and say how the last one ended."""
        if self._closed:
            raise RuntimeError("the segment process was closed while it worked")
        self._end()
        self._pipe.close()
        how = self._exit()
        self._start()
        return how

    def _exit(self) -> str:
        code = self._process.exitcode or 0
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def prepare_child() -> None:
    """Keep a child to one core, and the terminal free of what C libraries print."""
    use_one_core()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)  # libtiff alone prints a line for every bad row of a fax
    os.close(nowhere)


def use_one_core() -> None:
    """Keep OpenCV to one core: there is a process for each already."""
    cv2.setNumThreads(1)


def _run(pipe: Connection, job: SegmentJob, prepare: Callable[[], None]) -> None:
    """Be the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    os.setpgid(0, 0)  # so that Tesseract can be ended with it
    prepare()
    pipe.send(_READY)
    serve(pipe, job)


def serve(pipe: Connection, job: SegmentJob) -> None:
    """Cut what comes until the parent is gone, however it went."""
    with suppress(EOFError, OSError):
        while True:
            pipe.send(_cut(pipe.recv_bytes(), job, lambda: pipe.send(_PAGE_DONE)))


def _cut(
    data: bytes, job: SegmentJob, page_done: Callable[[], None]
) -> tuple[SegmentedPage, ...] | Refusal:
    pages = []
    try:
        for page in segment_pages(data, job.catalog, job.params, job.limits, job.unknown):
            pages.append(page)
            page_done()
    except PermanentError as error:
        return Refusal(code=error.code, detail=str(error))
    except Exception:  # noqa: BLE001, the edge of one document: a bug costs one, not the batch
        return Refusal(
            code=FailureCode.INTERNAL_ERROR,
            detail="a bug in penname met this document; the log holds its trace",
            trace=traceback.format_exc(),
        )
    return tuple(pages)


def _crashed(detail: str) -> Refusal:
    return Refusal(code=FailureCode.DOCUMENT_CRASHED, detail=detail)
