"""Rules of the house that no other tool checks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from recognition.errors import StudyFault
from segmentation.errors import Misfit, SegmentationError
from worker.cli.app import app
from worker.errors import FailureCode

ROOT = Path(__file__).parents[2]
PACKAGES = ("worker", "segmentation", "recognition")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LONGEST = 300  # lines; a module that outgrows it is split by noun


def commands(command: Any, path: str = "penname") -> list[tuple[str, Any]]:
    """List the commands that do something, each with its whole name."""
    below = getattr(command, "commands", None)
    if below is None:
        return [(path, command)]
    return [found for name, sub in below.items() for found in commands(sub, f"{path} {name}")]


COMMANDS = commands(typer.main.get_command(app))


def segmentation_codes() -> set[str]:
    def below(kind: type[SegmentationError]) -> set[type[SegmentationError]]:
        return {kind}.union(*(below(sub) for sub in kind.__subclasses__()))

    return {kind.code for kind in below(SegmentationError)} | {misfit.value for misfit in Misfit}


def test_there_are_modules_and_commands_to_look_at():
    assert len(MODULES) > 60
    assert len(COMMANDS) >= 9


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_enough_to_read_at_once(path):
    assert len(path.read_text("utf-8").splitlines()) < LONGEST


@pytest.mark.parametrize("code", sorted({*FailureCode, *StudyFault, *segmentation_codes()}))
def test_every_failure_code_says_what_to_do_in_the_docs(code):
    documented = (ROOT / "docs" / "errors.md").read_text("utf-8")

    assert f"`{code}`" in documented


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_every_command_has_help_and_stands_in_the_docs(name, command):
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]

    assert command.help
    assert all(parameter.help for parameter in command.params if parameter.name != "help")
    assert any(name in page.read_text("utf-8") for page in pages)


def test_links_of_the_docs_lead_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert not broken


def test_the_command_starts_without_the_libraries_that_only_some_of_its_work_needs():
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, worker.cli.app; print(*sys.modules)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout.split()

    assert "worker.cli.app" in loaded
    assert not {"torch", "sqlalchemy", "boto3", "pyarrow", "pydantic"}.intersection(loaded)
