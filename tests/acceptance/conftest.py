"""The real command as its own process, over forms that ``penname sample`` draws."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.checkpoints import save_untrained
from tests.database import opened, rows
from tests.servers import bucket, postgresql_url, s3_options
from worker.samples import write_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["bucket", "postgresql_url", "s3_options"]

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 120.0  # for one command, on a machine that does other things as well
FORMS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A small batch of drawn forms."""

    folder: Path
    form_ids: tuple[str, ...]

    @property
    def inputs(self) -> list[str]:
        """The folders that hold the scans."""
        return [str(self.folder / form_id) for form_id in self.form_ids]

    @property
    def templates(self) -> Path:
        """The folder of their templates."""
        return self.folder / "templates"

    @property
    def scans(self) -> list[Path]:
        """Every scan."""
        return sorted(path for form in self.form_ids for path in (self.folder / form).iterdir())

    def expected_fields(self) -> set[tuple[str, int, str]]:
        """Tell document, page (from 1) and field of all that must be found."""
        with (self.folder / "truth.csv").open(encoding="utf-8", newline="") as file:
            return {
                ((self.folder / row["form"] / row["scan"]).as_uri(), int(row["page"]), row["field"])
                for row in csv.DictReader(file)
            }


@dataclass(slots=True, kw_only=True)
class Penname:
    """Runs ``penname read`` in a folder of its own."""

    folder: Path
    templates: Path
    checkpoint: Path
    database_url: str = ""
    store: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database_url = self.database_url or f"sqlite:///{self.folder}/penname.db"
        self.store = self.store or str(self.folder / "store")

    def read(self, *inputs: str | Path, **process: Any) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(  # noqa: S603, our own arguments
            self.command(*inputs),
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            **self._process(process),
        )

    def start(self, *inputs: str | Path) -> subprocess.Popen[str]:
        """Start it and leave it running."""
        return subprocess.Popen(  # noqa: S603, our own arguments
            self.command(*inputs),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **self._process({}),
        )

    def command(self, *inputs: str | Path) -> list[str]:
        """Give the command line."""
        return [
            *(sys.executable, "-m", "worker", "read", *map(str, inputs)),
            *("--template", str(self.templates), "--checkpoint", str(self.checkpoint)),
            *("--db", self.database_url, "--store", self.store, "--batch", "autumn"),
        ]

    def rows(self, sql: str) -> Sequence[Mapping[str, Any]]:
        """Ask the database that it wrote."""
        with opened(self.database_url) as sessions:
            return rows(sessions, sql)

    def _process(self, changes: dict[str, Any]) -> dict[str, Any]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        return {"cwd": self.folder, "env": environment, **changes}


@pytest.fixture(scope="session")
def samples(tmp_path_factory) -> Samples:
    folder = tmp_path_factory.mktemp("samples") / "forms"
    summary = write_samples(folder, forms=FORMS, seed=11)
    return Samples(folder=folder, form_ids=summary.form_ids)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    return save_untrained(tmp_path_factory.mktemp("model") / "untrained.safetensors")


@pytest.fixture
def penname(tmp_path, samples, checkpoint) -> Callable[..., Penname]:
    def make(**changes: Any) -> Penname:
        return Penname(
            **{
                "folder": tmp_path,
                "templates": samples.templates,
                "checkpoint": checkpoint,
                **changes,
            }
        )

    return make


@pytest.fixture
def database_url(postgresql_url, request) -> str:
    name = f"acceptance_{abs(hash(request.node.name))}"
    with psycopg.connect(postgresql_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return postgresql_url.rsplit("/", 1)[0] + "/" + name
