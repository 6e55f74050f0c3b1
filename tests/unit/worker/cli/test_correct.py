from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from tests.database import make_field, opened, read, rows
from worker.cli.correct import correct
from worker.errors import ConfigError, NoSuchResultError
from worker.types import FieldStatus

app = typer.Typer()
app.command()(correct)
CURRENT = "SELECT text, status, corrected_by FROM current_readings"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/penname.db"


def run(*arguments, typed=None):
    return CliRunner().invoke(app, arguments, input=typed, catch_exceptions=False)


@pytest.fixture
def reading(url):
    """Give a function that reads one field and gives the id of its reading."""

    def make(**changes):
        with opened(url) as sessions:
            read(sessions, make_field("full_name", **{"said": "Ado", **changes}))
            return rows(sessions, "SELECT id FROM readings")[0]["id"]

    return make


def current(url):
    with opened(url) as sessions:
        [row] = rows(sessions, CURRENT)
        return tuple(row.values())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(["Ada"], ("Ada", "read"), id="text"),
        pytest.param(["  Ada   Lovelace\u2010Byron "], ("Ada Lovelace-Byron", "read"), id="tidied"),
        pytest.param(["E\u0301mile"], ("\u00c9mile", "read"), id="one-code-for-a-letter"),
        pytest.param(["--blank"], ("", "blank"), id="blank"),
        pytest.param(["--unreadable"], ("", "unreadable"), id="unreadable"),
        pytest.param(["--confirm"], ("Ado", "read"), id="confirmed"),
    ],
)
def test_what_a_person_says_stands_in_the_view(url, reading, said, expected):
    reading_id = reading(status=FieldStatus.LOW_CONFIDENCE)

    done = run(reading_id[:10], *said, "--by", "nurse 7", "--db", url)

    assert done.exit_code == 0
    assert current(url) == (*expected, "nurse 7")


def test_a_text_on_stdin_is_never_an_argument_that_others_can_see(url, reading):
    run(reading(), "-", "--by", "nurse 7", "--db", url, typed="Ada\n")

    assert current(url)[0] == "Ada"


def test_what_is_printed_names_the_result_and_never_the_text(url, reading):
    reading_id = reading()

    done = run(reading_id, "Lovelace", "--db", url)

    assert reading_id in done.output.replace("-", "")
    assert "Lovelace" not in done.output


def test_who_says_so_is_the_login_unless_told(url, reading, monkeypatch):
    monkeypatch.setenv("LOGNAME", "nurse8")

    run(reading(), "--confirm", "--db", url)

    assert current(url)[2] == "nurse8"


def test_a_blank_field_can_be_confirmed(url, reading):
    run(reading(said="", status=FieldStatus.BLANK), "--confirm", "--by", "nurse 7", "--db", url)

    assert current(url) == ("", "blank", "nurse 7")


def test_later_words_win_and_earlier_ones_are_kept(url, reading):
    reading_id = reading()
    run(reading_id, "Ida", "--db", url)
    run(reading_id, "Ada", "--db", url)

    assert current(url)[0] == "Ada"
    with opened(url) as sessions:
        assert len(rows(sessions, "SELECT id FROM corrections")) == 2


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        pytest.param([], "give one of", id="nothing"),
        pytest.param(["Ada", "--blank"], "give one of", id="two-things"),
        pytest.param([" "], "--blank", id="empty"),
    ],
)
def test_what_says_nothing_clear_is_a_wrong_call(url, reading, said, advice):
    reading_id = reading()

    done = run(reading_id, *said, "--db", url)

    assert done.exit_code == 2
    assert advice in done.output
    assert current(url)[2] is None


def test_ink_without_a_text_cannot_be_confirmed(url, reading):
    reading_id = reading(said="", status=FieldStatus.LOW_CONFIDENCE)

    done = run(reading_id, "--confirm", "--db", url)

    assert done.exit_code == 2
    assert current(url)[2] is None


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        run("abc", "Ada", "--db", f"sqlite:///{tmp_path}/none.db")

    assert not (tmp_path / "none.db").exists()


def test_an_id_that_is_not_there_is_refused(url, reading):
    reading()

    with pytest.raises(NoSuchResultError, match="is no id of a result"):
        run("Lovelace", "Ada", "--db", url)
