"""The image is built from what is here, locked, and runs without root."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.unit.docker.files import DOCKERFILE, ROOT

TEXT = DOCKERFILE.read_text("utf-8")
COPIED = [
    name
    for line in re.findall(r"^COPY (?!--from)(.+)$", TEXT, re.MULTILINE)
    for name in line.split()[:-1]
]
KEPT = [
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    if line.startswith("!")
]


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")

    linted = subprocess.run(  # noqa: S603, our own arguments
        [hadolint, DOCKERFILE], capture_output=True, text=True, check=False
    )

    assert linted.returncode == 0, linted.stdout


def test_what_it_copies_is_here_and_reaches_the_builder():
    assert len(COPIED) >= 7
    assert [name for name in COPIED if not (ROOT / name).exists()] == []
    assert set(COPIED) == set(KEPT)


def test_every_package_and_the_files_that_its_metadata_names_are_copied():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]

    for pattern in patterns:
        assert fnmatch.filter(COPIED, pattern)
    assert project["project"]["readme"] in COPIED
    assert set(project["project"]["license-files"]) <= set(COPIED)


def test_what_the_build_installs_is_pinned():
    pins = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()
    }
    steps = re.findall(r"pip install (.+)", TEXT)

    assert "setuptools" in pins
    assert len(steps) == 2
    assert "-c constraints.txt" in steps[0]
    assert "--no-deps --no-build-isolation" in steps[1]


def test_it_runs_as_a_user_with_a_number_that_kubernetes_can_check():
    users = re.findall(r"^USER (.+)$", TEXT, re.MULTILINE)

    assert users == ["10001:10001"]


@pytest.mark.parametrize("accelerator", ["cpu", "cuda"])
def test_the_readme_says_how_each_kind_is_built(accelerator):
    assert accelerator in re.findall(r"^ +(\w+)\) index=", TEXT, re.MULTILINE)
    assert f"penname:{accelerator}" in (ROOT / "docker" / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("accelerator", "index"),
    [
        pytest.param("cpu", "--extra-index-url=https://download.pytorch.org/whl/cpu", id="cpu"),
        pytest.param("cuda", "", id="cuda"),
    ],
)
def test_the_accelerator_decides_where_pytorch_comes_from(accelerator, index, tmp_path):
    done = first_step(accelerator, tmp_path)

    needed = (tmp_path / "needed.txt").read_text().splitlines()
    assert done.stdout.split() == [
        *("pip", "install", *index.split(), "-c", "constraints.txt"),
        *("-r", "needed.txt", "setuptools"),
    ]
    assert any(line.startswith("torch>=") for line in needed)
    assert len(needed) > 15


def test_an_accelerator_that_there_is_not_ends_the_build(tmp_path):
    done = first_step("tpu", tmp_path)

    assert done.returncode == 1
    assert "cpu or cuda" in done.stderr


def first_step(accelerator, folder):
    """Run the first installing step as the builder would, saying what pip would be told."""
    [step] = re.findall(r"^RUN (case.*?setuptools)$", TEXT, re.DOTALL | re.MULTILINE)
    script = re.sub(r"\\\n", "", step).replace("&& pip", "&& echo pip")
    shutil.copy(ROOT / "pyproject.toml", folder)
    programs = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(  # noqa: S603, the Dockerfile's own
        ["/bin/sh", "-c", script],
        env={"ACCELERATOR": accelerator, "PATH": programs},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
