"""``penname web`` as its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.database import opened
from tests.servers import HOST, free_port

ROOT = Path(__file__).parents[3]
START_S = 120.0


@pytest.fixture
def command(tmp_path):
    """Give a function that starts the command over a database, new or none."""
    started = []

    def start(*, database="penname.db"):
        port = free_port()
        server = subprocess.Popen(  # noqa: S603, our own arguments
            [
                *(sys.executable, "-m", "worker", "web", "--port", str(port)),
                *("--db", f"sqlite:///{tmp_path}/{database}", "--store", str(tmp_path / "store")),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(server)
        return server, f"http://{HOST}:{port}"

    yield start
    for server in started:
        server.kill()
        server.communicate()


def wait_for(url):
    deadline = time.monotonic() + START_S
    while True:
        try:
            return httpx.get(f"{url}/health", timeout=30.0)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.slow
def test_it_serves_until_it_is_told_to_stop_and_says_how_to_let_the_first_person_in(
    command, tmp_path
):
    with opened(f"sqlite:///{tmp_path}/penname.db"):
        pass
    server, url = command()

    answer = wait_for(url)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "server" not in answer.headers
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=60)
    assert url in out
    assert "penname user add" in err
    assert "Traceback" not in err
    assert server.returncode in {0, 130}


def test_a_database_that_is_not_there_is_not_made(command, tmp_path):
    server, _ = command(database="mistyped.db")

    _, err = server.communicate(timeout=60)

    assert server.returncode == 78
    assert "no database" in err
    assert not (tmp_path / "mistyped.db").exists()
