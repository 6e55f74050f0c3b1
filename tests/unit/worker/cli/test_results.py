from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from pyarrow import parquet
from typer.testing import CliRunner

from tests.database import make_field, opened, read
from worker.cli.results import results
from worker.errors import ConfigError, NoSuchResultError

app = typer.Typer()
app.command()(results)


@pytest.fixture
def url(tmp_path):
    """A database with two batches."""
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        rewritten = make_field("last", "Byron", confidence=0.5, raw_text="Bvron")
        read(sessions, make_field("first", "Ada"), rewritten, uri="file:///1.jpg")
        read(sessions, make_field("first", "Grace"), uri="file:///2.jpg", batch="april")
    return url


def run(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_without_options_every_result_is_shown(url):
    shown = run("--db", url)

    assert shown.exit_code == 0
    assert [line.split()[5] for line in shown.stdout.splitlines()[1:]] == ["Grace", "Ada", "Byron"]
    assert shown.stderr == ""


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        pytest.param(["--batch", "april"], ["Grace"], id="batch"),
        pytest.param(["--field", "last"], ["Byron"], id="field"),
        pytest.param(["--below", "0.9"], ["Byron"], id="below"),
        pytest.param(["--name", "?da"], ["Ada"], id="name"),
        pytest.param(["--rewritten"], ["Byron"], id="rewritten"),
        pytest.param(["--as-written"], ["Grace", "Ada"], id="as-written"),
    ],
)
def test_options_narrow_what_is_shown(url, options, texts):
    lines = run("--db", url, *options).stdout.splitlines()[1:]

    assert [line.split()[5] for line in lines] == texts


@pytest.mark.parametrize(
    ("out_format", "start"), [("csv", "reading_id,batch,"), ("jsonl", '{"reading_id": ')]
)
def test_text_formats_are_printed(url, out_format, start):
    shown = run("--db", url, "--format", out_format)

    assert shown.stdout.startswith(start)


@pytest.mark.parametrize("out_format", ["table", "csv", "jsonl", "parquet"])
def test_every_format_is_saved_to_a_file(url, tmp_path, out_format):
    out = tmp_path / "names"

    shown = run("--db", url, "--format", out_format, "--out", str(out))

    assert shown.exit_code == 0
    assert shown.stdout == ""
    assert shown.stderr == f"results in {out}: 3\n"
    if out_format == "parquet":
        assert parquet.read_table(out).column("text").to_pylist() == ["Grace", "Ada", "Byron"]
    else:
        assert out.read_text().count("Ada") >= 1


def test_parquet_is_not_printed(url):
    shown = run("--db", url, "--format", "parquet")

    assert shown.exit_code == 2
    assert "--out" in shown.stderr


def test_nothing_found_is_said_and_no_failure(url):
    shown = run("--db", url, "--name", "nobody")

    assert shown.exit_code == 0
    assert shown.stderr == "results: 0\n"


def test_a_confidence_is_between_0_and_1(url):
    assert run("--db", url, "--below", "90").exit_code == 2


def test_a_batch_that_is_not_there_is_told_from_an_empty_one(url):
    with pytest.raises(NoSuchResultError, match="there are april, autumn"):
        run("--db", url, "--batch", "may")


def test_of_many_batches_the_newest_are_named(tmp_path):
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url) as sessions:
        for number in range(12):
            read(sessions, make_field("first", "Ada"), uri=f"{number}", batch=f"b{number}")

    with pytest.raises(
        NoSuchResultError, match="there are b11, b10, b9, b8, b7, b6, b5, b4, b3, b2 and 2 older"
    ):
        run("--db", url, "--batch", "may")


def test_a_database_without_batches_says_so(tmp_path):
    url = f"sqlite:///{tmp_path}/penname.db"
    with opened(url):
        pass

    with pytest.raises(NoSuchResultError, match="there are none"):
        run("--db", url, "--batch", "may")


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(ConfigError, match="no database"):
        run("--db", f"sqlite:///{tmp_path}/typo.db")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["results", "explain"])
def test_asking_for_results_loads_neither_torch_nor_opencv(command):
    asked = (
        f"import sys, worker.cli.{command}; print({{'torch', 'cv2', 'pyarrow'}} & {{*sys.modules}})"
    )

    said = subprocess.run(  # noqa: S603, our own interpreter
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == "set()"
