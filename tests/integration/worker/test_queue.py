"""The commands around batches, and a worker's tasks, over a real Redis."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import Celery
from typer.testing import CliRunner

from tests.checkpoints import save_untrained
from tests.database import opened, rows
from tests.faults.deployment import connect_celery
from tests.faults.forms import draw_quick_forms, write_templates
from tests.faults.worker import CUT_TAKES_LONG
from tests.servers import HOST, free_port, redis
from worker import tasks
from worker.celery_app import CeleryNudger, app, configuration
from worker.cli.app import app as cli
from worker.config import read_settings
from worker.database.session import transaction
from worker.errors import DatabaseUnavailableError, NoSuchResultError, QueueUnavailableError
from worker.query_errors import BadQueryError
from worker.types import Stage

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def broker():
    with redis() as server:
        yield server


@pytest.fixture(scope="module")
def quick_forms():
    return draw_quick_forms()


@pytest.fixture
def office(broker, quick_forms, tmp_path, monkeypatch):
    """Scans, templates and settings; the database is a file."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for name, data in quick_forms.copies(3, label="office").items():
        (scans / name).write_bytes(data)
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/penname.db",
        "BROKER_URL": f"redis://{HOST}:{broker.port}/0",
        "STORE": str(tmp_path / "store"),
        "TEMPLATE_DIR": str(write_templates(quick_forms, tmp_path / "templates")),
        "CHECKPOINT": str(save_untrained(tmp_path / "untrained.safetensors")),
        "NAME_PRIOR": "off",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"PENNAME_{name}", value)
    connect_celery(app)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def penname(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=False)


def status_of(office):
    with opened(f"sqlite:///{office}/penname.db") as sessions:
        return sorted(row["status"] for row in rows(sessions, "SELECT status FROM documents"))


@pytest.fixture
def worker_process():
    """Let the tasks run in this process, and end what they opened."""
    for made in (tasks._process, tasks._segmenter, tasks._recognizer):  # noqa: SLF001, once a process
        made.cache_clear()
    yield
    tasks._end()  # noqa: SLF001, as Celery does
    for made in (tasks._process, tasks._segmenter, tasks._recognizer):  # noqa: SLF001, the same
        made.cache_clear()


def work_until_all_is_read(office):
    """Take one message after the other: each has a few seconds, and machines may be slow."""
    for _ in range(20):
        tasks.segment.run()
        tasks.recognize.run()
        if not {"pending", "segmented"} & set(status_of(office)):
            return


@pytest.mark.usefixtures("worker_process")
def test_a_batch_goes_through_the_commands_and_the_tasks(office):
    (office / "scans" / "torn.jpg").write_bytes(b"torn")

    said = penname("submit", "scans", "--name", "autumn", "--priority", "urgent")
    again = penname("submit", "scans", "--name", "autumn")
    tasks._begin()  # noqa: SLF001, as Celery does
    work_until_all_is_read(office)
    shown = penname("status", "autumn")
    failed = penname("failures", "autumn")

    assert "4 documents added to batch autumn" in said.stdout
    assert "0 documents added to batch autumn, 4 were there before" in again.stdout
    assert len(status_of(office)) == 4
    assert set(status_of(office)) <= {"done", "needs_review", "failed"}
    assert status_of(office).count("failed") == 1
    assert "autumn" in shown.stdout
    assert "torn.jpg\n  unsupported_document" in failed.stdout
    assert "1 documents" in penname("retry", "autumn").stdout
    assert "1 documents of batch autumn were cancelled" in penname("cancel", "autumn").stdout
    assert "0 documents" in penname("retry", "autumn").stdout
    assert "1 documents" in penname("retry", "autumn", "--code", "cancelled").stdout
    assert "nothing failed" in penname("failures", "autumn").stdout


@pytest.mark.usefixtures("office")
def test_a_failure_code_that_there_is_not_is_refused():
    for command in ("retry", "failures"):
        with pytest.raises(BadQueryError, match="object_missing"):
            penname(command, "autumn", "--code", "object_mising")


@pytest.mark.usefixtures("office")
def test_a_batch_that_is_not_there_is_named():
    penname("submit", "scans")

    for command in ("status", "failures", "cancel", "retry"):
        with pytest.raises(NoSuchResultError, match=r"no batch 'spring'.*there are scans"):
            penname(command, "spring")


def test_what_is_submitted_without_a_broker_waits(office, monkeypatch):
    away = f"redis://:hush@{HOST}:{free_port()}/0"
    lonely = Celery("lonely", amqp="worker.celery_app:PromptAmqp")
    lonely.conf.update(configuration(read_settings(broker_url=away)))
    monkeypatch.setattr("worker.celery_app.CeleryNudger", lambda: CeleryNudger(lonely))

    said = penname("submit", "scans")

    assert said.exit_code == 0
    assert "broker does not answer" in said.stderr
    assert status_of(office) == ["pending"] * 3
    with pytest.raises(QueueUnavailableError, match="PENNAME_BROKER_URL") as caught:
        CeleryNudger(lonely).backlog(Stage.SEGMENT, urgent=False)
    assert "hush" not in str(caught.value)


@pytest.mark.usefixtures("office")
def test_a_single_sweep_takes_back_what_a_dead_worker_had_in_hand(office, monkeypatch):
    monkeypatch.setenv("PENNAME_LEASE_S", "4")
    assert penname("submit", str(office / "scans"), "--name", "autumn").exit_code == 0
    with opened(f"sqlite:///{office}/penname.db") as sessions, transaction(sessions) as session:
        session.connection().exec_driver_sql(
            "UPDATE documents SET status = 'segmenting', lease_owner = 'dead/1', tries = 1, "
            "lease_until = '2020-01-01 00:00:00.000000'"
        )

    assert penname("worker", "sweep", "--once").exit_code == 0

    assert set(status_of(office)) == {"pending"}


@pytest.mark.usefixtures("office")
def test_a_single_sweep_without_a_database_exits_for_another_try():
    database = "postgresql://penname@127.0.0.1:9/penname"
    with pytest.raises(DatabaseUnavailableError) as told:
        penname("worker", "sweep", "--once", "--db", database)

    assert told.value.exit_code == 75


def test_messages_that_wait_are_counted():
    nudger = CeleryNudger()
    before = nudger.backlog(Stage.RECOGNIZE, urgent=True)

    nudger.nudge(Stage.RECOGNIZE, urgent=True, times=3)

    assert nudger.backlog(Stage.RECOGNIZE, urgent=True) == before + 3


def test_a_message_whose_acknowledgement_fails_does_not_keep_a_worker_from_the_next():
    with redis() as server:
        connection = app.connection_for_read(f"redis://{HOST}:{server.port}/0")
        channel = connection.channel()
        channel.qos.prefetch_count = 1
        connection.SimpleQueue("segment", channel=channel).put("look")
        message = connection.SimpleQueue("segment", channel=channel).get(timeout=5)
        assert not channel.qos.can_consume()
    with pytest.raises(connection.connection_errors):
        message.ack()

    assert channel.qos.can_consume()


def test_what_goes_wrong_in_a_task_never_reaches_celery(caplog):
    def fails(error):
        def work():
            raise error

        return work

    for error in (MemoryError(), ValueError("a bug"), QueueUnavailableError("away")):
        tasks._contained("segment", fails(error))  # noqa: SLF001, the edge of every task

    assert [record.message for record in caplog.records] == [
        "task_out_of_memory",
        "task_failed",
        "task_put_off",
    ]


def test_real_workers_read_a_batch_and_stop_when_they_are_told(office):
    penname("submit", "scans", "--name", "autumn")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PENNAME_LOG_LEVEL": "INFO"}
    started = {
        name: subprocess.Popen(  # noqa: S603, our own arguments
            [sys.executable, "-m", "worker", "worker", *name.split()],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("segment --concurrency 1", "recognize", "sweep")
    }
    deadline = time.monotonic() + 300
    while not set(status_of(office)) <= {"done", "needs_review"}:
        assert time.monotonic() < deadline, status_of(office)
        time.sleep(0.5)
    for process in started.values():
        process.send_signal(signal.SIGTERM)
    said = {name: process.communicate(timeout=60)[1] for name, process in started.items()}

    assert {process.returncode for process in started.values()} == {0}
    done = [json.loads(line) for line in said["recognize"].splitlines() if line[:1] == b"{"]
    assert sum(line.get("finished", 0) for line in done) == 3
    with opened(f"sqlite:///{office}/penname.db") as sessions:
        assert rows(sessions, "SELECT * FROM workers") == []


@contextmanager
def started(*command):
    """Run a process that is ended whatever happens."""
    process = subprocess.Popen(  # noqa: S603, our own arguments
        [sys.executable, "-m", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(office, statuses):
    deadline = time.monotonic() + 300
    while status_of(office) != statuses:
        assert time.monotonic() < deadline, status_of(office)
        time.sleep(0.25)


def test_the_second_signal_gives_back_what_is_in_hand(office):
    for path in (office / "scans").iterdir():
        path.unlink()
    (office / "scans" / "long.jpg").write_bytes(CUT_TAKES_LONG)
    penname("submit", "scans")

    with started("tests.faults.worker", "worker", "segment", "--concurrency", "1") as worker:
        wait_until(office, ["segmenting"])
        worker.send_signal(signal.SIGTERM)
        time.sleep(2)
        assert worker.poll() is None, "the first lets work at hand be finished"
        assert status_of(office) == ["segmenting"]
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)

    with opened(f"sqlite:///{office}/penname.db") as sessions:
        [row] = rows(sessions, "SELECT status, tries, lease_owner FROM documents")
        assert (row["status"], row["tries"], row["lease_owner"]) == ("pending", 0, None)
        assert rows(sessions, "SELECT * FROM workers") == []


def test_celerys_own_command_runs_the_same_worker(office):
    penname("submit", "scans")

    options = ("--concurrency", "1", "-Q", "segment")
    with started("celery", "-A", "worker.celery_app", "worker", *options) as worker:
        wait_until(office, ["segmented"] * 3)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
