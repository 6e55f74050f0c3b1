from __future__ import annotations

import typer
from typer.testing import CliRunner

from worker.cli.sample import sample

app = typer.Typer()
app.command()(sample)


def test_the_command_writes_forms_and_says_how_to_read_them(tmp_path):
    out = tmp_path / "demo"

    result = CliRunner().invoke(app, [str(out), "--forms", "1", "--seed", "2"])

    assert result.exit_code == 0
    assert "1 filled forms in 1 files, 4 fields" in result.output
    assert f"--template {out / 'templates'}" in result.output
    assert (out / "truth.csv").is_file()


def test_no_forms_are_a_mistake_in_the_command(tmp_path):
    result = CliRunner().invoke(app, [str(tmp_path / "demo"), "--forms", "0"])

    assert result.exit_code == 2
    assert not (tmp_path / "demo").exists()
