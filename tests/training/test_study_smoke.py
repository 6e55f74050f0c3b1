"""The study through the real command, on drawn digits, colours and names: tiny, yet whole."""

from __future__ import annotations

import json
import re
import sys

import cv2
import numpy as np
import pytest

import recognition.training.study
from tests.unit.recognition.training.sources import write_names
from tests.unit.recognition.training.study.drawn import colours, write_mnist
from worker.cli.app import main

TINY = ("--seeds", "2", "--epochs", "1", "--batch", "8")
SHORT = ("ADA", "EVE", "IDA", "BOB", "NOA", "MAX", "LEO", "AMY")
LONG = ("EMMA", "LAURA", "LOVELACE", "HYPATIA")
PLOTS = ("standings.png", "curves.png", "confusions.png", "predictions.png")


@pytest.fixture
def penname(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["penname", *map(str, arguments)])
        try:
            main()
        except SystemExit as left:
            return left.code or 0, capsys.readouterr()
        return 0, capsys.readouterr()

    return call


def figures(out):
    return json.loads((out / "report.json").read_text("utf-8"))


def linked(out):
    """Give the pictures that a report shows."""
    return re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (out / "report.md").read_text("utf-8"))


@pytest.mark.slow
def test_drawn_digits_are_learned_and_reported(tmp_path, penname):
    write_mnist(tmp_path / "data", learned=240, tested=40)
    out = tmp_path / "out"

    code, said = penname(
        "study", "mnist", "--data", tmp_path / "data", "--out", out, "--seeds", 2,
        "--epochs", 4, "--batch", 16, "--parameters", 8000,
    )  # fmt: skip

    assert code == 0
    assert said.out.strip() == str(out / "report.md")
    found = {one["name"]: one for one in figures(out)["contestants"]}
    assert list(found) == ["RNN, columns", "RNN, rows", "CNN", "CRNN"]
    for one in found.values():
        assert one["parameters"] <= 8000
        assert one["exact"]["low"] <= one["exact"]["value"] <= one["exact"]["high"]
        assert len(one["runs"]) == 2
        assert one["runs"][0]["curve"][-1]["items"] == 960
    assert found["CNN"]["exact"]["value"] > 0.5  # a guess has 0.1
    assert set(linked(out)) == set(PLOTS)
    for plot in PLOTS:
        picture = cv2.imread(str(out / plot))
        assert picture is not None
        assert np.ptp(picture) > 100
        assert (out / plot).stat().st_size < 200_000


@pytest.mark.slow
def test_colour_pictures_are_folded_in_three_ways(tmp_path, penname):
    images, labels = colours(40)
    tests, truths = colours(20, seed=9)
    labels[labels == 9] = 0
    np.savez(tmp_path / "cifar10.npz", x_train=images, y_train=labels, x_test=tests, y_test=truths)
    out = tmp_path / "out"

    code, _ = penname(
        "study", "cifar10", "--data", tmp_path, "--out", out, "--parameters", 2500, *TINY
    )

    assert code == 0
    names = [one["name"] for one in figures(out)["contestants"]]
    assert {"RNN, columns", "RNN, green columns", "RNN, pixels", "CNN", "CRNN"} <= set(names)
    assert figures(out)["left_out"] == {"truck": 0}
    assert figures(out)["test_items"] == 18
    assert "**Left out: truck (0).**" in (out / "report.md").read_text("utf-8")


@pytest.mark.slow
def test_names_are_read_beyond_the_lengths_that_were_learned(tmp_path, penname):
    write_names(tmp_path, "train", SHORT * 3)
    write_names(tmp_path, "validation", (*SHORT, *LONG), seed=5)
    out = tmp_path / "out"
    command = ("study", "names", "--data", tmp_path, "--out", out, "--short", 3, *TINY,
               "--parameters", 12_000)  # fmt: skip

    code, _ = penname(*command)

    assert code == 0
    found = figures(out)
    assert [one["name"] for one in found["contestants"]] == [
        "CRNN + CTC", "RNN + CTC", "CNN, a head a position",
    ]  # fmt: skip
    lengths = {(row["shortest"], row["longest"]): row["items"] for row in found["by_length"]}
    assert lengths == {(3, 3): 8, (4, 5): 2, (7, 7): 1, (8, 8): 1}
    assert {*PLOTS, "lengths.png"} - {"predictions.png"} <= set(linked(out))
    kept = [p.read_text("utf-8") for p in out.rglob("*.json")] + [
        (out / "report.md").read_text("utf-8")
    ]
    assert not any(name in text for name in ("LOVELACE", "NOA") for text in kept)

    (out / "report.md").unlink()
    code, _ = penname(*command, "--seeds", 3)  # the runs that are there are not made again
    assert code == 0
    assert len(figures(out)["contestants"][0]["runs"]) == 3

    code, said = penname(*command, "--epochs", 2)
    assert code == 65
    assert "holds a study of epochs 1, not 2" in said.err


def test_a_folder_without_data_ends_the_command_with_what_is_wanted(tmp_path, penname):
    code, said = penname("study", "mnist", "--data", tmp_path, "--out", tmp_path / "out")

    assert code == 65
    assert "train-images-idx3-ubyte" in said.err
    assert not (tmp_path / "out").exists()


def test_a_budget_too_small_for_a_contestant_is_refused_before_anything_is_trained(
    tmp_path, penname
):
    write_mnist(tmp_path / "data", learned=20, tested=10)

    code, said = penname(
        "study", "mnist", "--data", tmp_path / "data", "--out", tmp_path / "out",
        "--parameters", 100,
    )  # fmt: skip

    assert code == 65
    assert "parameters at least, the budget is 100" in said.err
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_nothing_is_trained(tmp_path, penname, monkeypatch):
    write_mnist(tmp_path / "data", learned=20, tested=10)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for name in ("report", "plots"):  # so that they are imported anew
        monkeypatch.delitem(sys.modules, f"recognition.training.study.{name}", raising=False)
        monkeypatch.delattr(recognition.training.study, name, raising=False)

    code, said = penname("study", "mnist", "--data", tmp_path / "data", "--out", tmp_path / "out")

    assert code == 65
    assert "pip install -e '.[study]'" in said.err
    assert not (tmp_path / "out").exists()
