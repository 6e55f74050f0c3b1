from __future__ import annotations

import sys

import pytest
import typer

import worker.cli.app
from recognition.errors import CheckpointError
from segmentation.errors import BlankPageError
from worker.cli.app import main
from worker.errors import ConfigError, EmptyDocumentError, ExitCode, StorageFullError


@pytest.fixture
def failing(monkeypatch):
    """Give a command that raises what it is told."""

    def set_up(error):
        app = typer.Typer(pretty_exceptions_enable=False)

        @app.command()
        def fail() -> None:
            raise error

        monkeypatch.setattr(worker.cli.app, "app", app)
        monkeypatch.setattr(sys, "argv", ["penname"])

    return set_up


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(ConfigError("wrong"), ExitCode.CONFIG, id="settings"),
        pytest.param(StorageFullError("full"), ExitCode.UNAVAILABLE, id="outage"),
        pytest.param(EmptyDocumentError("empty"), ExitCode.DATA, id="document"),
        pytest.param(BlankPageError(ink_fraction=0, limit=1), ExitCode.DATA, id="page"),
        pytest.param(CheckpointError("damaged"), ExitCode.DATA, id="weights"),
        pytest.param(OSError(28, "No space left"), ExitCode.UNAVAILABLE, id="file"),
    ],
)
def test_an_error_with_a_name_gives_its_message_and_code(failing, capsys, error, code):
    failing(error)

    with pytest.raises(SystemExit) as caught:
        main()

    assert caught.value.code == code
    assert capsys.readouterr().err == f"error: {error}\n"


def test_a_bug_shows_its_trace_without_the_values_of_variables(failing, capsys):
    failing(RuntimeError("unforeseen"))

    with pytest.raises(SystemExit) as caught:
        main()

    said = capsys.readouterr().err
    assert caught.value.code == ExitCode.BUG
    assert "RuntimeError: unforeseen" in said
    assert "please report" in said
    assert "locals" not in said
