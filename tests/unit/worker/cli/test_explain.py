from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from recognition.types import CharReading
from tests.database import correct, make_field, opened, read, rows
from tests.factories import make_identity
from worker.cli.explain import explain
from worker.crop_archive import pack_crops
from worker.database.models import PageRow, ReadingRow
from worker.database.session import transaction
from worker.errors import NoSuchResultError, ObjectMissingError
from worker.storage.folder import FolderStore
from worker.types import FieldStatus

app = typer.Typer()
app.command()(explain)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/penname.db"


@pytest.fixture
def field():
    chars = (CharReading(char="A", probability=0.8, start_frame=3, end_frame=5),)
    rivals = (("Ida", 0.125),)
    return make_field("full_name", "Ada", raw_text="Aba", chars=chars, alternatives=rivals)


@pytest.fixture
def reading_id(url, field, tmp_path):
    """Read one field and store its crop."""
    with opened(url) as sessions:
        claim = read(sessions, field)
        store = FolderStore(tmp_path / "store")
        store.put(f"crops/{claim.document_id}/1.zip", pack_crops([(0, [field.crop])]))
        with transaction(sessions) as session:
            [row] = session.query(ReadingRow).all()
            return row.id


def run(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_everything_that_explains_a_name_is_printed(url, reading_id):
    with opened(url) as sessions:
        correct(
            sessions,
            reading_id,
            text="Ida",
            status=FieldStatus.READ,
            corrected_by="nurse 7",
            corrected_at=datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
        )
        [document] = rows(sessions, "SELECT sha256 FROM documents")

    shown = run(reading_id.hex[:10], "--db", url).stdout

    for evidence in (
        str(reading_id),
        "'Ada'",
        "'Aba', before prior or lexicon",
        "rewritten         yes",
        "'Ida', share 0.125",
        "none, the ink alone was read",
        "0.9700, 0.9500 before calibration",
        "file:///scans/1.jpg",
        document["sha256"],
        "clinic, version aaaaaaaaaaaa, page 1",
        "1 0 0; 0 1 0; 0 0 1",
        "120 pairs over 80% of the form",
        "x 8, y 8, width 184, height 24 px",
        "(10.0, 20.0), (190.0, 20.0), (190.0, 50.0), (10.0, 50.0) px",
        "0.800, frames 3 to 5",
        "0123456789ab, SHA-256 0123456789ab",
        "1, begun 20",
        "2026-11-24 12:30",
        "nurse 7: 'Ida', read",
    ):
        assert evidence in shown


def test_a_field_of_a_page_without_a_template_is_said_to_be_placed_by_its_label(url, reading_id):
    with opened(url) as sessions, transaction(sessions) as session:
        session.query(PageRow).update({"inlier_count": 0, "inlier_spread": 0.0, "agreement": 0.0})

    shown = run(str(reading_id), "--db", url).stdout

    assert "none: placed by its label" in shown
    assert "none: the page has no template to be compared with" in shown
    assert "found in place" not in shown


def test_the_names_that_were_weighed_are_told_by_their_version(url):
    with opened(url) as sessions:
        read(
            sessions,
            make_field("full_name", "Ada"),
            identity=make_identity(decoder_version="dddddddddddd"),
        )
        [row] = rows(sessions, "SELECT reading_id FROM current_readings")

    shown = run(row["reading_id"], "--db", url).stdout

    assert "version dddddddddddd" in shown
    assert "rewritten         no" in shown


def test_the_crop_that_was_read_is_saved_pixel_for_pixel(url, reading_id, field, tmp_path):
    out = tmp_path / "crop.png"

    shown = run(str(reading_id), "--db", url, "--store", str(tmp_path / "store"), "--out", str(out))

    assert shown.exit_code == 0
    assert f"crop saved as {out}" in shown.stdout
    np.testing.assert_array_equal(cv2.imread(str(out), cv2.IMREAD_UNCHANGED), field.crop.image)


def test_a_crop_that_is_not_in_the_store_is_missing_and_leaves_no_file(url, reading_id, tmp_path):
    out = tmp_path / "crop.png"

    with pytest.raises(ObjectMissingError):
        run(str(reading_id), "--db", url, "--store", str(tmp_path / "empty"), "--out", str(out))

    assert not out.exists()


def test_a_reading_without_a_crop_says_so(url, reading_id, tmp_path):
    with opened(url) as sessions, transaction(sessions) as session:
        session.get_one(ReadingRow, reading_id).crop_key = None

    with pytest.raises(NoSuchResultError, match="came without a crop"):
        run(str(reading_id), "--db", url, "--out", str(tmp_path / "crop.png"))


def test_a_field_nobody_corrected_says_so(url, reading_id):
    shown = run(str(reading_id), "--db", url).stdout

    assert shown.rstrip().endswith("none")


@pytest.mark.usefixtures("reading_id")
def test_what_is_no_result_is_refused(url):
    with pytest.raises(NoSuchResultError, match="is no id of a result"):
        run("Lovelace", "--db", url)
