from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import typer
from sqlalchemy import select
from typer.testing import CliRunner

from tests.database import make_field, opened, read
from tests.factories import make_identity
from worker.cli.route import route
from worker.database.models import CorrectionRow, ReadingRow
from worker.database.session import transaction
from worker.errors import ConfigError, NoSuchResultError
from worker.thresholds import REVIEW_ALL, read_thresholds
from worker.types import FieldStatus

APP = typer.Typer()
APP.command()(route)
IDENTITY = make_identity()


def confirm_all(sessions):
    """Let a person agree with every reading."""
    with transaction(sessions) as session:
        session.add_all(
            CorrectionRow(
                reading_id=row.id,
                text=row.text,
                status=FieldStatus.READ,
                corrected_by="kim",
                corrected_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
            )
            for row in session.execute(select(ReadingRow.id, ReadingRow.text))
        )


@pytest.fixture
def url(tmp_path):
    """Thirty forms whose first field people agreed with; the second was seen once only."""
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        for number in range(30):
            field = make_field("first", f"Ada {number}", confidence=0.9 + number / 1000)
            read(sessions, field, uri=f"file:///{number}.jpg")
        read(sessions, make_field("second", "Byron"), uri="file:///s.jpg")
        confirm_all(sessions)
        read(sessions, make_field("first", "Eve", confidence=0.5), uri="file:///e.jpg")
    return url


def run(*arguments):
    return CliRunner().invoke(APP, [*map(str, arguments)], catch_exceptions=False)


def test_each_field_is_one_line_and_one_without_a_threshold_says_what_it_lacks(url):
    done = run("--target-error", "0.1", "--db", url)

    head, first, second, advice = done.stdout.splitlines()
    assert done.exit_code == 0
    assert head.split() == [
        "template", "field", "threshold", "audited", "accepted", "errors", "bound", "through"
    ]  # fmt: skip
    assert first.split() == ["clinic", "first", "0.9000", "30", "30", "0", "0.0950", "96.8%"]
    assert second.split() == ["clinic", "second", "-", "1", "0", "0", "-", "0.0%"]
    assert advice.startswith("send all of clinic/second to review: at least 28 more")


def test_json_holds_the_same_in_one_object(url):
    report = json.loads(run("--target-error", "0.1", "--db", url, "--json").stdout)

    assert (report["error"], report["level"]) == (0.1, 0.95)
    assert report["model"] == IDENTITY.model_id
    assert report["decoder"] == IDENTITY.decoder_version
    first, second = report["fields"]
    assert (first["threshold"], first["audited"]) == (0.9, 30)
    assert (second["threshold"], second["more_needed"]) == (None, 28)


def test_the_file_is_what_reading_takes(url, tmp_path):
    out = tmp_path / "thresholds.toml"

    run("--target-error", "0.1", "--db", url, "--out", out)

    thresholds = read_thresholds(out)
    assert thresholds.model_id == IDENTITY.model_id
    assert thresholds.decoder_version == IDENTITY.decoder_version
    assert thresholds.fields == {("clinic", "first"): 0.9, ("clinic", "second"): REVIEW_ALL}
    assert "Ada" not in out.read_text()


def test_to_be_surer_takes_more_audited_readings(url):
    report = json.loads(
        run("--target-error", "0.1", "--level", "0.99", "--db", url, "--json").stdout
    )

    assert report["fields"][0]["threshold"] is None


def test_only_the_model_that_read_last_counts_and_the_others_are_named(url):
    with opened(url) as sessions:
        newer = make_identity(model_id="ba9876543210")
        read(sessions, make_field("first", "Eve"), uri="file:///n.jpg", identity=newer)

    done = run("--target-error", "0.1", "--db", url)

    assert "passed by: 31 audited readings by other than model ba9876543210" in done.stdout
    assert done.stdout.splitlines()[1].split()[:4] == ["clinic", "first", "-", "0"]


def test_a_batch_that_is_not_there_is_named(url):
    with pytest.raises(NoSuchResultError, match="no batch 'may'"):
        run("--target-error", "0.1", "--db", url, "--batch", "may")


def test_a_database_without_readings_says_so(tmp_path):
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url):
        pass

    with pytest.raises(NoSuchResultError, match="no readings"):
        run("--target-error", "0.1", "--db", url)


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        run("--target-error", "0.1", "--db", f"sqlite:///{tmp_path}/typo.db")


@pytest.mark.parametrize("target", ["0", "1", "90"])
def test_a_target_is_a_share_of_errors_that_makes_sense(target, url):
    assert run("--target-error", target, "--db", url).exit_code == 2
