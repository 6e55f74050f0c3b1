"""Every command, setting and port that a deployment names is one of penname's."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer.main

from tests.unit.docker.files import (
    COMPOSE,
    DOCKER,
    DOCKERFILE,
    MANIFESTS,
    commands,
    option,
    ours,
)
from worker.cli.app import app
from worker.config import Settings

COMMANDS = commands()
PENNAME: Any = typer.main.get_command(app)


def parse(arguments):
    """Take a command line apart as the command itself does, without running it."""
    command, words = PENNAME, list(arguments)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command.make_context(command.name, words)


@pytest.mark.parametrize(
    "command", [found for found in COMMANDS if found.arguments != ("--help",)], ids=str
)
def test_a_command_line_is_understood(command):
    if command.arguments[0] == "web" and "web" not in PENNAME.commands:
        pytest.skip("this penname has no web application")

    assert parse(command.arguments).command.callback


def test_there_are_command_lines_to_look_at():
    assert len(COMMANDS) >= 14


def test_every_setting_is_one_of_penname():
    known = {f"PENNAME_{name.upper()}" for name in Settings.model_fields}
    of_compose = {"PENNAME_IMAGE", "PENNAME_CUDA_IMAGE"}
    named = {
        found
        for path in [COMPOSE, DOCKERFILE, DOCKER / ".env.example", *MANIFESTS]
        for found in re.findall(r"PENNAME_\w+", path.read_text("utf-8"))
    }

    assert len(named) >= 8
    assert named - of_compose <= known


def test_a_port_is_published_as_the_command_opens_it():
    published = {name: service["ports"] for name, service in ours().items() if "ports" in service}

    assert set(published) == {"metrics", "web"}
    for name, ports in published.items():
        [command] = [found for found in COMMANDS if found.place == f"compose {name}"]
        port = option(command, "--port")
        assert ports == [f"127.0.0.1:{port}:{port}"]
        assert port in " ".join(ours()[name]["healthcheck"]["test"])
