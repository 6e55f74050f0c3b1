"""What stands in ``docker/``, parsed: services, Kubernetes objects, and their commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
DOCKERFILE = DOCKER / "Dockerfile"
COMPOSE = DOCKER / "compose.yaml"
MANIFESTS = sorted((DOCKER / "kubernetes").glob("*.yaml"))
IMAGE = "penname"  # of every process of ours, whatever its registry and tag

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
OBJECTS: list[dict[str, Any]] = [
    found for path in MANIFESTS for found in yaml.safe_load_all(path.read_text("utf-8"))
]
CONTAINERS: list[dict[str, Any]] = [
    container
    for found in OBJECTS
    if found["kind"] == "Deployment"
    for container in found["spec"]["template"]["spec"]["containers"]
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command line of penname and where it stands."""

    place: str
    arguments: tuple[str, ...]  # after ``penname``

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.place}: {' '.join(self.arguments)}"


def ours() -> dict[str, dict[str, Any]]:
    """Give the services that run penname's image with its own entry point."""
    return {
        name: service
        for name, service in SERVICES.items()
        if IMAGE in service["image"] and "entrypoint" not in service
    }


def filled(text: str) -> str:
    """Put the default in the place of each variable of compose: ``${NAME:-default}``."""
    return re.sub(r"\$\{\w+(?::[-?]([^}]*))?\}", r"\1", text)


def commands() -> list[Command]:
    """List every command line of penname in the files."""
    found = [
        Command(place=f"compose {name}", arguments=tuple(map(filled, service["command"])))
        for name, service in ours().items()
    ]
    for container in CONTAINERS:
        place = f"kubernetes {container['name']}"
        found.append(Command(place=place, arguments=tuple(container["args"])))
        probe = container.get("livenessProbe")
        if probe:
            program, *arguments = probe["exec"]["command"]
            assert program == "penname"
            found.append(Command(place=f"{place} probe", arguments=tuple(arguments)))
    for line in re.findall(r"CMD (\[.*\])", DOCKERFILE.read_text("utf-8")):
        words = [word for word in yaml.safe_load(line) if word != "penname"]
        found.append(Command(place="Dockerfile", arguments=tuple(words)))
    return found


def option(command: Command, name: str) -> str:
    """Give the value of one option of a command line."""
    return command.arguments[command.arguments.index(name) + 1]
