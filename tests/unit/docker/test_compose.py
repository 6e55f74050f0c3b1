"""The compose file is one, and starts a deployment without the known traps."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.unit.docker.files import COMPOSE, DOCKER, SERVICES, ours


def test_it_is_what_the_compose_specification_asks_for():
    tool = [sys.executable, "-m", "check_jsonschema"]

    checked = subprocess.run(  # noqa: S603, our own arguments
        [*tool, "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


def test_every_part_of_penname_stands_in_it():
    assert {"segment", "recognize", "recognize-gpu", "sweep", "metrics", "web"} <= set(ours())
    assert {"redis", "postgres", "s3"} <= set(SERVICES)


def test_redis_refuses_work_when_it_is_full_and_keeps_it_over_a_restart():
    command = SERVICES["redis"]["command"]

    assert "--maxmemory-policy noeviction" in command
    assert "--appendonly yes" in command
    assert "--requirepass" in command


def test_a_service_waits_for_services_that_say_when_they_are_ready():
    waits = {
        (other, how["condition"])
        for service in SERVICES.values()
        for other, how in service.get("depends_on", {}).items()
    }

    assert len(waits) >= 4
    for other, condition in waits:
        assert condition != "service_healthy" or "test" in SERVICES[other]["healthcheck"]


def test_only_this_machine_reaches_what_is_published():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]

    assert len(published) >= 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_it_asks_for_every_secret_and_the_example_names_each():
    text = COMPOSE.read_text("utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    named = set(re.findall(r"^(\w+)=", (DOCKER / ".env.example").read_text("utf-8"), re.MULTILINE))

    assert asked == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY"}
    assert asked <= named
    assert named - {"COMPOSE_PROFILES"} <= set(re.findall(r"\$\{(\w+)", text))


def test_only_the_gpu_profile_takes_a_gpu():
    with_gpu = {name for name, service in SERVICES.items() if "nvidia" in str(service)}

    assert with_gpu == {"recognize-gpu"}
    assert SERVICES["recognize-gpu"]["profiles"] == ["gpu"]
