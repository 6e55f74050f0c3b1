from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.fakes.hard_limits import short_of_memory, unable_to_start
from tests.scans import encode, endless_pdf
from worker import segment_process
from worker.document_images import DecodeLimits
from worker.errors import EmptyDocumentError, FailureCode
from worker.segment_process import Refusal, SegmentJob, SegmentProcess, prepare_child
from worker.segmenting import refused_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.types import SegmentedPage


@pytest.fixture
def job(forms):
    return SegmentJob(catalog=forms.catalog, params=forms.params, limits=DecodeLimits())


@pytest.fixture
def start(job):
    """Start children, and end them with the test."""
    started = []

    def start_child(*, prepare=prepare_child, **changes):
        started.append(SegmentProcess(replace(job, **changes), prepare))
        return started[-1]

    yield start_child
    for child in started:
        child.close()


@pytest.fixture(scope="module")
def sound(forms):
    return encode(forms.filled(0), "TIFF")


def test_a_child_cuts_one_document_after_the_other(start, sound, forms):
    child = start()

    for _ in range(2):
        (page,) = child.segment(sound)
        assert tuple(crop.field_name for crop in page.segmentation.crops) == forms.fields(0)


def test_a_document_at_fault_is_refused_with_its_code_and_the_child_lives_on(start, sound):
    child = start()

    refusal = child.segment(b"not a scan")

    assert refusal == Refusal(
        code=FailureCode.UNSUPPORTED_DOCUMENT,
        detail="the file is neither JPEG, PNG, TIFF nor PDF, whatever its name",
    )
    assert len(child.segment(sound)) == 1


def test_a_document_that_takes_for_ever_is_given_up(start, sound):
    child = start(limit_s=1.0)

    refusal = child.segment(endless_pdf())

    assert refusal.code is FailureCode.DOCUMENT_CRASHED
    assert refusal.detail == "cutting a page of the document took over 1 s"
    assert len(child.segment(sound)) == 1


def test_the_limit_is_that_of_a_page_however_many_a_document_has(start):
    child = start(prepare=slow_to_cut, limit_s=8.0)

    assert len(child.segment(bytes(4))) == 4  # of 3 s each


def test_a_program_that_the_child_waits_for_ends_with_it(start, tmp_path):
    child = start(prepare=partial(stuck_in_a_program, tmp_path / "pid"), limit_s=8.0)

    refusal = child.segment(b"")

    assert refusal.code is FailureCode.DOCUMENT_CRASHED
    _wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_document_larger_than_memory_is_refused_as_that_and_the_child_lives_on(start, sound):
    child = start(prepare=short_of_memory)

    refusal = child.segment(encode(np.full((8000, 8000), 255, np.uint8), "PNG", compress_level=1))

    assert refusal.code is FailureCode.DOCUMENT_OUT_OF_MEMORY
    assert len(child.segment(sound)) == 1


def test_a_child_killed_from_outside_is_replaced_and_its_document_is_cut(start, sound):
    child = start()
    child.segment(sound)

    os.kill(child.pid, signal.SIGKILL)

    assert len(child.segment(sound)) == 1


def test_children_that_cannot_start_are_no_fault_of_the_document(start, sound):
    child = start(prepare=unable_to_start)

    with pytest.raises(RuntimeError, match="cannot start: with exit code 1"):
        child.segment(sound)


def test_closing_frees_a_thread_that_waits_for_the_child(start):
    child = start()
    outcome = []

    def wait():
        with pytest.raises(RuntimeError, match="closed while it worked") as caught:
            child.segment(endless_pdf())
        outcome.append(caught.value)

    child.segment(b"")  # the child is up
    waiting = threading.Thread(target=wait)
    waiting.start()
    child.close()
    waiting.join(timeout=20)

    assert len(outcome) == 1


def test_a_child_loads_neither_torch_nor_sql_nor_the_commands(start, tmp_path):
    child = start(prepare=partial(list_modules, tmp_path / "modules.json"))

    child.segment(b"")

    loaded = set(json.loads((tmp_path / "modules.json").read_text()))
    assert {"cv2", "segmentation"} <= loaded
    assert not {"torch", "sqlalchemy", "typer", "rich", "boto3", "pydantic"} & loaded


def test_a_child_ends_with_its_parent_even_when_that_is_killed(tmp_path):
    pid_file = tmp_path / "pid"
    context = multiprocessing.get_context("spawn")
    parent = context.Process(target=start_and_be_killed, args=(pid_file,))

    parent.start()
    parent.join(timeout=60)

    assert parent.exitcode == -signal.SIGKILL
    _wait_until_gone(int(pid_file.read_text()))


@pytest.mark.parametrize(
    ("error", "code", "trace"),
    [
        pytest.param(
            ZeroDivisionError(), FailureCode.INTERNAL_ERROR, "ZeroDivisionError", id="bug"
        ),
        pytest.param(EmptyDocumentError("no bytes"), FailureCode.EMPTY_DOCUMENT, "", id="fault"),
    ],
)
def test_an_error_costs_one_document_and_a_bug_keeps_its_trace(
    job, monkeypatch, error, code, trace
):
    def segment_pages(*_):
        raise error

    monkeypatch.setattr(segment_process, "segment_pages", segment_pages)
    ours, theirs = multiprocessing.Pipe()
    serving = threading.Thread(target=segment_process.serve, args=(theirs, job))

    serving.start()
    ours.send_bytes(b"anything")
    refusal = ours.recv()
    ours.close()
    serving.join(timeout=20)

    assert refusal.code is code
    assert (trace in refusal.trace) if trace else refusal.trace == ""
    assert not serving.is_alive()


def slow_to_cut() -> None:
    """Take 3 s for each page, of which a document has as many as bytes."""

    def segment_pages(data: bytes, *_: object) -> Iterator[SegmentedPage]:
        for page_index in range(len(data)):
            time.sleep(3)
            yield refused_page(page_index, "blank_page", "")

    segment_process.segment_pages = segment_pages  # type: ignore[assignment, attr-defined] # in the child


def stuck_in_a_program(pid_file: Path) -> None:
    """Start a program that does not end, as Tesseract may, and wait for it."""

    def segment_pages(*_: object) -> Iterator[SegmentedPage]:
        with subprocess.Popen(["sleep", "600"]) as program:  # noqa: S607, wherever it is
            pid_file.write_text(str(program.pid))
            program.wait()
        yield from ()

    segment_process.segment_pages = segment_pages  # type: ignore[assignment, attr-defined] # in the child


def list_modules(path: Path) -> None:
    """Write down what a child has loaded before its first document."""
    path.write_text(json.dumps(sorted(sys.modules)))


def start_and_be_killed(pid_file: Path) -> None:
    """Be a parent: start a child, tell its pid, and die without a chance to end it."""
    job = SegmentJob(catalog=None, params=None, limits=DecodeLimits())  # type: ignore[arg-type] # nothing is cut
    child = SegmentProcess(job, prepare_child)
    child.segment(b"")
    pid_file.write_text(str(child.pid))
    os.kill(os.getpid(), signal.SIGKILL)


def _wait_until_gone(pid: int) -> None:
    for _ in range(200):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        threading.Event().wait(0.05)
    pytest.fail(f"process {pid} outlived its parent")
