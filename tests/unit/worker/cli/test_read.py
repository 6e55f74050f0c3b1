from __future__ import annotations

import io
import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

import worker.runtime
from segmentation import Misfit, NoTemplateMatchesError, RegistrationError, SegmentationError
from tests.database import rows
from tests.fakes.scripted_pool import CRASHES, FIELDS
from worker.advice import ADVICE, codes_of
from worker.cli import read as read_module
from worker.cli.app import app
from worker.cli.read import batch_name, progress_bar, read
from worker.errors import ConfigError, ExitCode, FailureCode, ObjectMissingError
from worker.local import Tally
from worker.logs import configure_logs

APP = typer.Typer()
APP.command()(read)


@pytest.fixture
def inbox(tmp_path):
    """Two scans, one that kills its process, and a file that is no scan."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name, data in {"0.tif": b"0", "1.pdf": b"1", "bad.JPG": CRASHES, "notes.txt": b""}.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def run(bench, monkeypatch):
    """Run the command in this process, over a bench in place of real parts."""

    @contextmanager
    def open_run(_, *, sources, batch, on_progress, **__):
        ready = bench.run({}, batch=batch)
        yield replace(ready, fetch=partial(sources.read, max_bytes=999), on_progress=on_progress)

    monkeypatch.setattr(worker.runtime, "open_run", open_run)
    monkeypatch.setattr(read_module, "configure_logs", lambda _: None)  # of the whole process
    return lambda *arguments: CliRunner().invoke(APP, [*map(str, arguments)])


def test_the_closing_table_counts_and_every_failure_is_listed_with_what_to_do(run, inbox):
    done = run(inbox)

    (row,) = (line for line in done.output.splitlines() if line.startswith("│"))
    cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert done.exit_code == ExitCode.SOME_FAILED
    assert cells == ["3", "0", "1", f"{2 * len(FIELDS)}", f"{2 * len(FIELDS)}", "0", "0"]
    assert f"failed: {(inbox / 'bad.JPG').as_uri()}\n  document_crashed: " in done.output
    assert ADVICE["document_crashed"] in done.output
    assert "1 other file passed by" in done.output
    assert "penname results --batch inbox" in done.output


@pytest.mark.usefixtures("restored_logs")
def test_a_line_of_the_log_names_its_batch_and_document(run, inbox, bench, monkeypatch):
    monkeypatch.setattr(read_module, "configure_logs", configure_logs)

    done = run(inbox / "bad.JPG", "--batch", "spring term")

    line = json.loads(done.stderr)
    (document,) = rows(bench.sessions, "SELECT id FROM documents")
    assert (line["event"], line["batch"]) == ("segmenting_failed", "spring term")
    assert line["document_id"] == str(UUID(document["id"]))


def test_a_second_run_says_that_nothing_was_left_to_do(run, inbox):
    run(inbox / "0.tif")

    done = run(inbox / "0.tif")

    assert done.exit_code == ExitCode.OK
    assert "everything was read before" in done.output
    assert done.output.endswith("see the names with: penname results --batch 0.tif\n")


def test_a_run_over_old_and_new_scans_says_where_the_old_ones_are(run, inbox):
    run(inbox / "0.tif", "--batch", "spring term")

    done = run(inbox / "0.tif", inbox / "1.pdf", "--batch", "later")

    assert done.exit_code == ExitCode.OK
    assert "see the names with: penname results --batch later" in done.output
    assert "1 read before stays in: penname results --batch 'spring term'" in done.output


def test_a_batch_in_which_nothing_stands_is_not_named(run, inbox):
    run(inbox / "0.tif")

    done = run(inbox / "0.tif", "--batch", "later")

    assert "everything was read before" in done.output
    assert "1 read before stays in: penname results --batch 0.tif" in done.output
    assert "--batch later" not in done.output


def test_only_the_batches_that_hold_most_of_what_was_read_before_are_named(run, tmp_path):
    scans = [tmp_path / f"{n}.tif" for n in range(8)]
    for n, scan in enumerate(scans):
        scan.write_bytes(str(n).encode())
        run(scan, "--batch", f"batch {min(n, 6)}")

    done = run(*scans, "--batch", "all")

    named = [line for line in done.output.splitlines() if "read before stay" in line]
    assert named[0] == "2 read before stay in: penname results --batch 'batch 6'"
    assert len(named) == 5
    assert done.output.endswith("and in 2 other batches\n")


def test_a_folder_without_scans_is_no_failure_and_says_so(run, tmp_path):
    (tmp_path / "empty").mkdir()

    done = run(tmp_path / "empty")

    assert done.exit_code == ExitCode.OK
    assert "no scans were found there" in done.output


def test_results_appear_under_the_batch_that_was_named(run, inbox, bench):
    done = run(inbox / "0.tif", "--batch", "spring term")

    assert "--batch 'spring term'" in done.output
    assert [row["name"] for row in rows(bench.sessions, "SELECT name FROM batches")] == [
        "spring term"
    ]


@pytest.mark.parametrize(
    ("options", "weighed"),
    [
        pytest.param([], True, id="as-set"),
        pytest.param(["--prior"], True, id="prior"),
        pytest.param(["--no-prior"], False, id="no-prior"),
    ],
)
def test_the_prior_over_names_is_weighed_unless_it_is_turned_off(
    run, inbox, monkeypatch, options, weighed
):
    asked = []
    over_the_bench = worker.runtime.open_run

    def open_run(settings, **ports):
        asked.append(settings.name_prior)
        return over_the_bench(settings, **ports)

    monkeypatch.setattr(worker.runtime, "open_run", open_run)

    run(inbox / "0.tif", *options)

    assert asked == [weighed]


def test_an_input_that_is_not_there_ends_the_command_before_anything_is_opened(run, bench):
    done = run("/nowhere/scans")

    assert isinstance(done.exception, ObjectMissingError)
    assert rows(bench.sessions, "SELECT name FROM batches") == []


def test_ctrl_c_ends_with_its_code_and_says_how_to_go_on(run, inbox, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(worker.runtime, "open_run", interrupted)

    done = run(inbox)

    assert done.exit_code == 130
    assert "stopped; the same command goes on" in done.output


def test_thresholds_are_a_setting_that_the_option_gives(inbox, monkeypatch):
    given = []

    def open_run(settings, **__):
        given.append(settings.thresholds)
        raise ConfigError("far enough")

    monkeypatch.setattr(worker.runtime, "open_run", open_run)
    monkeypatch.setattr(read_module, "configure_logs", lambda _: None)

    CliRunner().invoke(APP, [str(inbox), "--thresholds", "thresholds.toml"])
    CliRunner().invoke(APP, [str(inbox)])

    assert given == [Path("thresholds.toml"), None]


def test_a_terminal_gets_a_bar_with_the_rate_and_the_time_left(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(read_module, "Console", lambda **_: console)

    with progress_bar([range(8)]) as show:  # type: ignore[list-item] # a listing is walked, no more
        for documents in (2, 4, 6, 8):
            show(Tally(documents=documents))

    assert "8/8" in screen.getvalue()
    assert "/s left" in screen.getvalue()


def test_nothing_is_drawn_where_there_is_no_terminal(capsys):
    with progress_bar([]) as show:
        show(Tally(documents=1))

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("place", "name"),
    [
        pytest.param("/data/forms/clinic", "clinic", id="folder"),
        pytest.param("/data/forms/clinic/", "clinic", id="slash"),
        pytest.param("/data/scan.tif", "scan.tif", id="file"),
        pytest.param("s3://forms/2026/autumn/", "autumn", id="prefix"),
        pytest.param("s3://forms", "forms", id="bucket"),
        pytest.param("/", "/", id="root"),
    ],
)
def test_a_batch_is_named_after_the_place_of_its_scans(place, name):
    assert batch_name(place) == name


def test_every_failure_code_has_its_advice():
    classes = [SegmentationError, *SegmentationError.__subclasses__()]
    codes = {*FailureCode, *Misfit, *(kind.code for kind in classes if hasattr(kind, "code"))}

    assert len(codes) > 25
    assert codes - set(ADVICE) == set()


@pytest.mark.parametrize("command", ["read", "submit"])
def test_a_batch_name_that_no_page_could_link_to_is_refused(command, tmp_path):
    name = "--batch" if command == "read" else "--name"

    done = CliRunner().invoke(app, [command, str(tmp_path), name, "a/../b"])

    assert done.exit_code == 2
    assert "no part of a batch's name" in " ".join(done.output.replace("│", " ").split())


def test_a_page_of_no_form_is_advised_on_by_what_the_nearest_form_missed():
    misfit = RegistrationError(Misfit.NARROW_SPREAD, found=0.03, limit=0.06)
    none = NoTemplateMatchesError(known=2, closest=misfit)

    assert codes_of(none.code, str(none)) == ("no_template_matches", "narrow_spread")
    assert codes_of("blank_page", "the page is blank") == ("blank_page",)
    assert codes_of("unheard_of", "") == ()
