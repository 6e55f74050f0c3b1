"""The doctor on a real deployment: PostgreSQL, Redis and S3 over HTTP."""

from __future__ import annotations

import json

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from tests.database import opened
from tests.integration.worker.test_doctor_broker import redis
from tests.servers import HOST, PASSWORD, free_port
from tests.unit.worker.database.test_workload import LONG_AGO, add
from worker.cli.doctor import doctor
from worker.database.models import WorkerRow
from worker.database.session import transaction
from worker.database.workers import Worker, say_alive
from worker.doctor import DoctorCode, Level, check_all
from worker.doctor.facts import QueueTimes
from worker.doctor.gather import Deployment, gather
from worker.storage.folder import FolderStore
from worker.types import DocumentStatus

pytestmark = pytest.mark.integration
app = typer.Typer()
app.command()(doctor)


@pytest.fixture(scope="module")
def broker():
    with redis("--appendonly", "yes", password=PASSWORD) as url:
        yield url


@pytest.fixture
def deployment(monkeypatch, tmp_path, database_url, sessions, s3_options, bucket, broker):  # noqa: PLR0913, PLR0917, its parts
    """Set the parts as a deployment does."""
    monkeypatch.chdir(tmp_path)  # where no penname.toml lies
    monkeypatch.setenv("PENNAME_DATABASE_URL", database_url)
    monkeypatch.setenv("PENNAME_BROKER_URL", broker)
    monkeypatch.setenv("PENNAME_STORE", f"s3://{bucket}/crops")
    monkeypatch.setenv("PENNAME_S3_ENDPOINT_URL", s3_options.endpoint_url)
    return sessions


def work(sessions, kind, *, host="node-1", **facts):
    said = {
        "version": "0.1.0",
        "threads": 1,
        "cores": 4,
        "cuda_in_parent": False,
        "settings": {"redeliver_after_s": 900},
        **facts,
    }
    with transaction(sessions) as session:
        say_alive(
            session,
            Worker(worker_id=f"{kind}:{host}", kind=kind, host=host, pid=1, facts=said),
        )


def examine(*options):
    done = CliRunner().invoke(app, [*options, "--json"], catch_exceptions=False)
    return done.exit_code, {(found["code"], found["level"]) for found in json.loads(done.stdout)}


def test_a_deployment_in_order_passes(deployment):
    for kind in ("segment", "recognize", "sweep"):
        work(deployment, kind)

    code, found = examine()

    assert code == 0
    assert {level for _, level in found} == {"ok"}
    assert len(found) >= 18


def test_without_workers_what_waits_is_a_failure(deployment):
    add(deployment, {}, {})

    code, found = examine("--quiet")

    assert code == 1
    assert found == {("no_worker", "fail")}


def test_work_that_no_worker_can_do_is_found(deployment):
    add(deployment, {})
    for kind in ("segment", "recognize", "sweep"):
        work(deployment, kind, models=["another"], templates=["another/0:ff"])

    assert examine("--quiet") == (1, {("work_without_worker", "fail")})


def test_a_lease_that_ran_out_is_found(deployment):
    add(deployment, {"status": DocumentStatus.SEGMENTING, "lease_until": LONG_AGO})
    for kind in ("segment", "recognize", "sweep"):
        work(deployment, kind)

    assert examine("--quiet") == (0, {("leases_overdue", "warn")})


@pytest.mark.usefixtures("deployment")
def test_what_does_not_answer_is_said_and_the_rest_is_looked_at(monkeypatch):
    gone = free_port()
    monkeypatch.setenv("PENNAME_DATABASE_URL", f"postgresql://penname:{PASSWORD}@{HOST}:{gone}/a")
    monkeypatch.setenv("PENNAME_BROKER_URL", f"redis://:{PASSWORD}@{HOST}:{gone}/0")
    monkeypatch.setenv("PENNAME_STORE", "s3://no-such-bucket")

    code, found = examine("--quiet")

    assert code == 1
    assert found == {
        ("database_unreachable", "fail"),
        ("broker_unreachable", "fail"),
        ("store_unusable", "fail"),
    }


def test_tables_that_are_behind_are_found_and_left_as_they_are(deployment):
    with transaction(deployment) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    assert examine("--quiet") == (1, {("migrations_behind", "fail")})
    with transaction(deployment) as session:
        assert session.scalar(text("SELECT version_num FROM alembic_version")) == "0001"


def test_a_database_of_a_newer_penname_is_found(deployment):
    with transaction(deployment) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert examine("--quiet") == (1, {("migrations_ahead", "fail")})


@pytest.mark.usefixtures("deployment")
def test_a_misspelt_setting_is_found_before_anything_else(monkeypatch):
    monkeypatch.setenv("PENNAME_BROKERURL", "redis://somewhere")

    assert examine() == (1, {("unknown_settings", "fail")})


@pytest.mark.usefixtures("deployment")
def test_a_wrong_setting_is_named_without_its_value(monkeypatch):
    monkeypatch.setenv("PENNAME_LEASE_S", "a-secret")

    done = CliRunner().invoke(app, [], catch_exceptions=False)

    assert done.exit_code == 1
    assert "lease_s" in done.stdout
    assert "a-secret" not in done.stdout


@pytest.mark.usefixtures("deployment")
def test_people_are_told_what_to_do():
    done = CliRunner().invoke(app, ["--quiet"], catch_exceptions=False)

    assert done.exit_code == 0
    assert "no_worker" in done.stdout
    assert "penname worker segment" in done.stdout
    assert PASSWORD not in done.stdout


def test_where_no_queue_is_used_none_is_missed(tmp_path):
    with opened(f"sqlite:///{tmp_path}/penname.db"):
        pass

    facts = gather(
        Deployment(
            times=QueueTimes(lease_s=20, soft_limit_s=240, hard_limit_s=300, visibility_s=900),
            database_url=f"sqlite:///{tmp_path}/penname.db",
            broker_url=f"redis://{HOST}:{free_port()}/0",
            broker_is_set=False,
            broker_key_prefix="penname:",
            open_store=lambda _: FolderStore(tmp_path / "store"),
            checksums="when_required",
            store_is_folder=True,
            alive_s=30.0,
        )
    )

    bad = {finding.code for finding in check_all(facts) if finding.level is not Level.OK}
    assert bad == {DoctorCode.NO_BROKER}


class TestAlive:
    """What a container's health check asks."""

    @pytest.fixture(autouse=True)
    def host(self, monkeypatch):
        monkeypatch.setattr("socket.gethostname", lambda: "node-1")

    def ask(self, *options):
        done = CliRunner().invoke(app, ["--alive", *options], catch_exceptions=False)
        return done.exit_code, done.output.strip()

    def test_a_worker_of_this_machine_that_was_heard_of_lives(self, deployment):
        work(deployment, "segment")

        assert self.ask() == (0, "alive: segment")

    def test_a_worker_of_another_machine_does_not_count(self, deployment):
        work(deployment, "segment", host="node-2")

        assert self.ask()[0] == 1

    def test_a_worker_that_fell_silent_is_to_be_started_again(self, deployment):
        work(deployment, "segment")
        with transaction(deployment) as session:
            session.query(WorkerRow).update({"seen_at": LONG_AGO})

        assert self.ask()[0] == 1

    @pytest.mark.usefixtures("deployment")
    def test_while_the_database_is_away_no_worker_is_to_be_started_again(self):
        code, said = self.ask("--db", f"postgresql://penname@{HOST}:{free_port()}/a")

        assert code == 0
        assert said.startswith("cannot tell")
