from __future__ import annotations

import sys

import onnx
import typer
from typer.testing import CliRunner

from recognition.checkpoint import load_checkpoint
from tests.checkpoints import save_untrained
from worker.cli.export_onnx import export_onnx
from worker.errors import ConfigError
from worker.models import promote

app = typer.Typer()
app.command()(export_onnx)


def test_the_command_writes_the_network_it_is_given(tmp_path):
    checkpoint, out = save_untrained(tmp_path / "small.safetensors"), tmp_path / "small.onnx"

    result = CliRunner().invoke(app, [str(out), "--checkpoint", str(checkpoint)])

    model_id = load_checkpoint(checkpoint).model_id
    said = {entry.key: entry.value for entry in onnx.load(out).metadata_props}
    assert result.exit_code == 0
    assert result.output.splitlines() == [f"network {model_id} written to {out}"]
    assert said["model_id"] == model_id


def test_without_a_checkpoint_the_promoted_model_is_written(tmp_path):
    models, out = tmp_path / "models", tmp_path / "small.onnx"
    model_id = promote(models, save_untrained(tmp_path / "small.safetensors"), force=True)

    result = CliRunner().invoke(app, [str(out), "--models", str(models)])

    assert result.output.splitlines() == [f"network {model_id} written to {out}"]


def test_without_onnx_the_command_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    monkeypatch.delitem(sys.modules, "recognition.export", raising=False)
    out = tmp_path / "small.onnx"

    result = CliRunner().invoke(app, [str(out)])

    assert isinstance(result.exception, ConfigError)
    assert "pip install 'penname[onnx]'" in str(result.exception)
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    checkpoint = save_untrained(tmp_path / "small.safetensors")

    result = CliRunner().invoke(
        app, [str(tmp_path / "missing" / "small.onnx"), "--checkpoint", str(checkpoint)]
    )

    assert result.exit_code != 0
    assert "missing" in str(result.exception)
