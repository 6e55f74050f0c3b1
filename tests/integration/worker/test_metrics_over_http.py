"""The page of metrics, served over HTTP from a real database."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import HOST, PASSWORD, free_port
from tests.serving import serving
from tests.unit.worker.database.test_workload import add
from worker.database.session import reading
from worker.database.workload import read_workload
from worker.errors import ConfigError
from worker.metrics import metrics_text
from worker.metrics_server import metrics_server
from worker.types import DocumentStatus

pytestmark = pytest.mark.integration


def served(url):
    def page():
        with reading(url) as session:
            return metrics_text(read_workload(session))

    return serving(metrics_server(page, host=HOST, port=0))


def fetch(url):
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310, our own server
        return answer.read().decode()


def test_prometheus_gets_what_the_database_holds(sessions, database_url):
    add(sessions, {}, {}, {"status": DocumentStatus.FAILED, "failure_code": "internal_error"})

    with served(database_url) as url:
        page = fetch(f"{url}/metrics")

    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
    assert values["penname_outstanding_documents",] == 2
    assert values["penname_documents", "pending"] == 2
    assert values["penname_failures", "internal_error"] == 1
    assert values["penname_outstanding_cpu_seconds",] > 0


def test_a_database_that_is_away_is_an_answer_too(database_url):
    with (
        served(database_url.replace(PASSWORD, "a-wrong-one")) as url,
        pytest.raises(urllib.error.HTTPError) as caught,
    ):
        fetch(f"{url}/metrics")

    with caught.value as answer:
        assert answer.code == 503
        assert "a-wrong-one" not in answer.read().decode()


def test_the_command_serves_until_it_is_stopped(database_url):
    port = free_port()
    command = [sys.executable, "-m", "worker", "metrics", "--port", str(port), "--db", database_url]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603, our own
    try:
        assert server.stderr is not None
        address = server.stderr.readline().strip()
        page = fetch(address)
    finally:
        server.terminate()
        server.communicate(timeout=30)

    assert address == f"http://{HOST}:{port}/metrics"
    assert "penname_outstanding_documents 0.0" in page


def test_a_port_that_is_taken_is_said_to_be_so():
    with (
        metrics_server(lambda: b"", host=HOST, port=0) as first,
        pytest.raises(ConfigError, match="cannot listen"),
    ):
        metrics_server(lambda: b"", host=HOST, port=first.server_port)
