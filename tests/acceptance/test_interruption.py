"""``penname read`` is ended in the middle, in every way there is, and run again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from worker.errors import ExitCode

pytestmark = pytest.mark.acceptance

COPIES = 5  # of each scan, with other bytes and the same picture: enough to be caught at it


@pytest.fixture
def inbox(samples, tmp_path) -> Path:
    """A folder that takes a while to read."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for copy in range(COPIES):
        for scan in samples.scans:
            if scan.suffix == ".jpg":
                data = scan.read_bytes() + bytes([copy])  # behind the picture's end
                (folder / f"{scan.parent.name}-{scan.stem}-{copy}.jpg").write_bytes(data)
    return folder


def wait_until_half_way(command, running):
    """Wait until something is read and something is not."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and running.poll() is None:
        if Path(command.folder, "penname.db").exists():
            states = [row["status"] for row in command.rows("SELECT status FROM documents")]
            if len(states) - states.count("pending") > 0:
                return
        time.sleep(0.05)
    pytest.fail(f"it ended before it was interrupted: {running.communicate()}")


def segment_processes_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in children if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]


def wait_until_gone(pids):
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "a child outlived the command"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        pytest.param(signal.SIGKILL, -signal.SIGKILL, "", id="kill -9"),
        pytest.param(signal.SIGTERM, -signal.SIGTERM, "", id="kill"),
        pytest.param(
            signal.SIGINT,
            128 + signal.SIGINT,
            "stopped; the same command goes on where this one was\n",
            id="ctrl-c",
        ),
    ],
)
def test_a_command_that_was_ended_goes_on_when_it_is_run_again(penname, inbox, number, code, says):
    command = penname()
    running = command.start(inbox)
    wait_until_half_way(command, running)
    children = segment_processes_of(running.pid)

    os.kill(running.pid, number)
    _, said = running.communicate(timeout=60)
    wait_until_gone(children)
    kept = command.rows("SELECT id FROM documents WHERE status != 'pending'")
    again = command.read(inbox)

    assert len(children) >= 1
    assert (running.returncode, said) == (code, says)
    assert again.returncode == ExitCode.OK
    documents = command.rows("SELECT uri, status, attempt FROM documents")
    assert len(documents) == len(list(inbox.iterdir()))
    assert {row["status"] for row in documents} <= {"done", "needs_review"}
    assert {row["attempt"] for row in documents} <= {1, 2}
    assert 0 < len(kept) <= len(documents)
    fields = command.rows("SELECT document, page, field FROM current_readings")
    assert len({tuple(row.values()) for row in fields}) == len(fields)


def test_killed_segment_processes_cost_no_document(penname, inbox):
    command = penname()
    running = command.start(inbox)
    wait_until_half_way(command, running)

    for child in segment_processes_of(running.pid):
        os.kill(child, signal.SIGKILL)
    out, said = running.communicate(timeout=100)

    assert (running.returncode, said) == (ExitCode.OK, ""), out
    documents = command.rows("SELECT status FROM documents")
    assert len(documents) == len(list(inbox.iterdir()))
