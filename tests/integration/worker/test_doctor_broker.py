"""What the doctor learns from a real Redis, set up well or badly."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.servers import HOST, PASSWORD, free_port
from worker.doctor.broker import ask_broker
from worker.doctor.facts import BrokerFacts, Unreachable

pytestmark = pytest.mark.integration


@contextmanager
def redis(*options, password=""):
    """Run a Redis of its own and give its URL."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="penname-redis-") as folder:
        command = [
            *("redis-server", "--port", f"{port}", "--bind", HOST, "--dir", folder, "--save", ""),
            *options,
        ]
        if password:
            command += ["--requirepass", password]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603, our own
        try:
            url = f"redis://{f':{password}@' if password else ''}{HOST}:{port}/0"
            _wait(url)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def _wait(url):
    deadline = time.monotonic() + 20
    while True:
        try:
            with Redis.from_url(url) as client:
                client.ping()
        except RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def ask(url):
    return ask_broker(url, key_prefix="penname:")


@pytest.fixture(scope="module")
def plain():
    if shutil.which("redis-server") is None:
        raise RuntimeError("these tests start a Redis of their own; run: make system")
    with redis() as url:
        yield url


def test_a_server_as_it_comes_keeps_nothing_and_asks_no_password(plain):
    found = ask(plain)

    assert isinstance(found, BrokerFacts)
    assert (found.eviction, found.append_only, found.has_password) == ("noeviction", False, False)
    assert found.used_bytes > 0
    assert found.max_bytes == 0
    assert found.other_apps == ()


def test_a_server_tells_how_it_was_set_up():
    options = ("--appendonly", "yes", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")
    with redis(*options, password=PASSWORD) as url:
        found = ask(url)

    assert isinstance(found, BrokerFacts)
    assert (found.eviction, found.append_only) == ("allkeys-lru", True)
    assert found.max_bytes == 64 << 20
    assert found.has_password


def test_what_a_managed_server_keeps_to_itself_is_read_from_what_it_tells():
    with redis("--rename-command", "CONFIG", "") as url:
        found = ask(url)

    assert isinstance(found, BrokerFacts)
    assert found.eviction == "noeviction"  # INFO says it too
    assert found.append_only is False


def test_another_celery_app_in_the_same_database_is_seen(plain):
    with Redis.from_url(plain) as client:
        client.zadd("penname:unacked_index", {"ours": 1.0})
        client.zadd("shop:unacked_index", {"theirs": 1.0})
        client.zadd("unacked_index", {"of an app without a prefix": 1.0})
        found = ask(plain)
        client.flushall()

    assert isinstance(found, BrokerFacts)
    assert found.other_apps == ("(none)", "shop:")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param((f":{PASSWORD}@", ":a-wrong-one@"), "password", id="password"),
        pytest.param((f":{PASSWORD}@", ""), "password", id="no-password"),
        pytest.param(("redis://", "http://"), "URL", id="scheme"),
        pytest.param(("/0", "/999"), "Error", id="database"),
    ],
)
def test_a_server_that_refuses_is_said_to_and_no_password_is_shown(change, why):
    with redis(password=PASSWORD) as url:
        found = ask(url.replace(*change))

    assert isinstance(found, Unreachable)
    assert why in found.why
    assert PASSWORD not in found.why


def test_a_server_that_is_not_there_is_named_with_host_and_port():
    port = free_port()

    found = ask(f"redis://:{PASSWORD}@{HOST}:{port}/0")

    assert isinstance(found, Unreachable)
    assert f"{HOST}:{port}" in found.why
    assert PASSWORD not in found.why


def test_the_redis_of_the_compose_file_passes():
    options = ["--appendonly", "yes", "--maxmemory", "512mb", "--maxmemory-policy", "noeviction"]
    compose = (Path(__file__).parents[3] / "docker" / "compose.yaml").read_text("utf-8")
    assert all(option in compose for option in options)

    with redis(*options, password=PASSWORD) as url:
        found = ask(url)

    assert isinstance(found, BrokerFacts)
    assert (found.eviction, found.append_only, found.has_password) == ("noeviction", True, True)
