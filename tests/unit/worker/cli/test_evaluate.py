from __future__ import annotations

import json

import pytest
import torch
from typer.testing import CliRunner

from recognition.checkpoint import save_checkpoint
from tests.unit.recognition.networks import SMALL, small_network
from tests.unit.recognition.training.sources import TEXTS, write_names
from worker.cli.evaluate import evaluate_app


@pytest.fixture
def run(tmp_path):
    """Score a network that reads nearly nothing, so that the search with names is quick."""
    network = small_network()
    with torch.no_grad():
        network.head.bias[0] += 9.0
    save_checkpoint(tmp_path / "small.safetensors", network, SMALL, {})
    write_names(tmp_path, "validation")
    fixed = ["names", str(tmp_path), "--split", "validation"]
    fixed += ["--checkpoint", str(tmp_path / "small.safetensors")]
    return lambda *more: CliRunner().invoke(evaluate_app, [*fixed, *more], catch_exceptions=False)


def test_json_holds_every_figure_once_greedily_and_once_with_the_prior(run):
    report = json.loads(run("--json").stdout)

    assert report["n"] == len(TEXTS)
    assert {"exact", "exact_folded", "cer", "cer_strict", "crops_per_s", "model_id"} <= set(report)
    for figures in (report, report["prior"]):
        assert 0 <= figures["ece"] <= 1
        assert list(figures["straight_through"]) == ["0.005", "0.01", "0.02"]


def test_without_json_each_figure_is_one_line(run):
    lines = run().stdout.splitlines()

    assert lines[0].split() == ["validation"]
    assert ["n", str(len(TEXTS))] in [line.split() for line in lines]
    assert any(line.startswith("prior_straight_through_0.005 ") for line in lines)


def test_one_half_may_be_scored_alone(run):
    halves = [
        json.loads(run("--json", "--half", half).stdout)["n"] for half in ("fitting", "judging")
    ]

    assert sum(halves) == len(TEXTS)
    assert len(TEXTS) not in halves
