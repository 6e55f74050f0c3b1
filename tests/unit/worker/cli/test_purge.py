from __future__ import annotations

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from tests.database import make_field, opened, read, rows
from worker.cli.purge import purge
from worker.database.session import transaction
from worker.errors import ConfigError, NoSuchResultError

app = typer.Typer()
app.command()(purge)


@pytest.fixture
def place(tmp_path):
    """Read one scan long ago, and give the options that lead to it."""
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        claim = read(sessions, make_field("full_name", "Ada"))
        with transaction(sessions) as session:
            session.execute(text("UPDATE documents SET finished_at = '2020-01-01 00:00:00.000000'"))
    crop = tmp_path / "store" / "crops" / str(claim.document_id) / "1.zip"
    crop.parent.mkdir(parents=True)
    crop.write_bytes(b"crops")
    return ["--db", url, "--store", str(tmp_path / "store")]


def run(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def readings(place):
    with opened(place[1]) as sessions:
        return rows(sessions, "SELECT text FROM readings")


def test_without_yes_it_only_counts(place, tmp_path):
    done = run("--older-than", "90d", *place)

    assert "1 documents, 1 readings, 0 corrections; nothing was removed" in done.output
    assert "Ada" not in done.output
    assert len(readings(place)) == 1
    assert list(tmp_path.glob("store/crops/*/1.zip"))


def test_with_yes_it_removes_names_and_crops(place, tmp_path):
    done = run("--older-than", "90d", "--yes", *place)

    assert done.exit_code == 0
    assert "1 readings, 0 corrections and 1 objects of the store removed" in done.output
    assert readings(place) == []
    assert list(tmp_path.glob("store/crops/*")) == []


def test_a_database_or_batch_that_is_not_there_is_refused(place, tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        run("--older-than", "90d", "--db", f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(NoSuchResultError, match="no batch"):
        run("--older-than", "90d", "--batch", "may", *place)
    with pytest.raises(ConfigError, match="no age"):
        run("--older-than", "soon", *place)
