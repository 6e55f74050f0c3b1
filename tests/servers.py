"""Real servers for tests: each starts in a temporary folder on a free port, and ends by pid.

The fixtures are for a ``conftest.py`` to import: ``postgresql_url``, ``s3_options``, ``bucket``.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from worker.storage.s3 import S3Options, connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOST = "127.0.0.1"
PASSWORD = "a-secret-nobody-may-see"  # noqa: S105, of a server that lives as long as its test
_START_S = 60.0
_STOP_S = 10.0
_numbers = count(1)


@pytest.fixture(scope="session")
def postgresql_url():
    """Give the URL of a PostgreSQL server's first database."""
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def s3_options():
    """Tell how to talk to an S3 server, whose credentials stand in the environment."""
    with pytest.MonkeyPatch.context() as environment, s3() as endpoint_url:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield S3Options(endpoint_url=endpoint_url)


@pytest.fixture
def bucket(s3_options):
    """Make a bucket of the test's own."""
    name = f"forms-{next(_numbers)}"
    connect(s3_options).create_bucket(Bucket=name)
    return name


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL of its own and give the URL of its database."""
    with postgresql_server() as (_, url):
        yield url


@contextmanager
def postgresql_server() -> Iterator[tuple[Server, str]]:
    """Run a PostgreSQL that may be killed and started again, and give the URL of its database."""
    programs, port = _postgresql_programs(), free_port()
    as_user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with _folder(as_user) as folder:
        password_file, data = folder / "password", folder / "data"
        password_file.write_text(PASSWORD)
        initdb = [
            *(f"{programs}/initdb", "--pgdata", f"{data}", "--username", "penname", "--no-sync"),
            *("--auth", "scram-sha-256", "--pwfile", f"{password_file}"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8"),
        ]
        subprocess.run(  # noqa: S603, our own arguments
            initdb, check=True, stdout=subprocess.DEVNULL, user=as_user, cwd=folder
        )
        command = [
            *(f"{programs}/postgres", "-D", f"{data}", "-p", f"{port}"),
            *("-h", HOST, "-k", f"{folder}"),
            "-F",  # what a test writes need not survive a power cut
        ]
        url = f"postgresql://penname:{PASSWORD}@{HOST}:{port}/postgres"
        server = Server(command, port, folder, user=as_user)
        server.start()
        try:
            wait_for_logins(url)
            yield server, url
        finally:
            server.stop(signal.SIGINT)  # does not wait for who is connected


class Server:
    """A program that serves on a port, and that a test may kill and start again."""

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, *, user: str | None = None
    ) -> None:
        self._command = command
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port

    def start(self) -> None:
        """Start it, and wait until its port is open."""
        log = self._folder / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(  # noqa: S603, our own arguments
                self._command,
                stdout=out,
                stderr=subprocess.STDOUT,
                user=self._user,
                cwd=self._folder,
            )
        _wait_for(self._process, self.port, log)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it in order."""
        self._end(number)

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


@contextmanager
def redis() -> Iterator[Server]:
    """Run a Redis of its own, which keeps nothing when it is killed."""
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("these tests start a Redis of their own; run: make system")
    port = free_port()
    with _folder(None) as folder:
        command = [program, "--port", str(port), "--bind", HOST, "--dir", str(folder)]
        server = Server([*command, "--save", "", "--appendonly", "no"], port, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def s3() -> Iterator[str]:
    """Run moto's S3 over HTTP and give its endpoint."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with _folder(None) as folder, _running(command, port, folder):
        yield f"http://{HOST}:{port}"


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    """Make a folder apart from pytest's, which keeps other users out."""
    with tempfile.TemporaryDirectory(prefix="penname-") as name:
        if owner is not None:
            shutil.chown(name, owner)
        yield Path(name)


@contextmanager
def _running(command: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    server = Server(command, port, folder)
    server.start()
    try:
        yield
    finally:
        server.stop()


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def wait_for_logins(url: str) -> None:
    """Wait on: the port is open before the server is done with starting."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _postgresql_programs() -> Path:
    """Find Debian's PostgreSQL, the newest, or the one on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda at: float(at.parent.name))
    on_path = shutil.which("initdb")
    if not debian and on_path is None:
        raise RuntimeError("these tests start a PostgreSQL of their own; run: make system")
    return debian[-1] if debian else Path(str(on_path)).parent
