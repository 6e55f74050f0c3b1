from __future__ import annotations

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from worker.cli.app import app
from worker.errors import ExitCode

FIELD = "patient=full_name:40,60,200,40"


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "scanned.png"
    page = np.full((400, 300), 255, np.uint8)
    cv2.line(page, (40, 100), (240, 100), 0, 2)
    cv2.imwrite(str(path), page)
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "intake"


def run(*arguments):
    return CliRunner().invoke(app, ["template", *map(str, arguments)])


def new(blank, folder, *fields):
    options = [part for field in fields for part in ("--field", field)]
    return run("new", blank, "--id", "intake", "--out", folder, *options)


def test_a_new_template_is_sound_and_names_its_fields(blank, folder):
    made = new(blank, folder, FIELD, "first=first_name:40,120,200,40:comb:given")

    checked = run("check", folder)

    assert made.exit_code == 0, made.output
    assert checked.exit_code == 0, checked.output
    assert "2 fields" in checked.output
    assert 'lexicon = "given"' in (folder / "template.toml").read_text()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        pytest.param("patient", "NAME=KIND:X,Y,W,H", id="no-box"),
        pytest.param("patient=nickname:1,2,3,4", "first_name, last_name, full_name", id="kind"),
        pytest.param("patient=full_name:1,2,30,40:cloud", "line, box, comb", id="style"),
    ],
)
def test_a_field_that_says_too_little_is_explained(blank, folder, field, said):
    made = new(blank, folder, field)

    assert made.exit_code == ExitCode.USAGE
    assert said in " ".join(made.output.replace("│", "").split())
    assert not folder.exists()


def test_every_fault_is_listed_with_its_line(blank, folder):
    new(blank, folder, FIELD)
    toml = folder / "template.toml"
    toml.write_text(
        toml.read_text().replace("dpi = 300", "dpi = 7").replace("200, 40]", "900, 40]")
    )

    checked = run("check", folder)

    places = [line.split(": ")[0] for line in checked.output.splitlines()]
    assert checked.exit_code == ExitCode.DATA
    assert places == [f"{toml}:2", f"{toml}:8"]


def test_a_folder_without_a_template_is_checked_too(tmp_path):
    checked = run("check", tmp_path)

    assert checked.exit_code == ExitCode.DATA
    assert "there is no template.toml" in checked.output


def test_show_draws_the_boxes_on_the_blank(blank, folder, tmp_path):
    new(blank, folder, FIELD)

    shown = run("show", folder, "--out", tmp_path / "boxes.png")

    drawn = cv2.imread(str(tmp_path / "boxes.png"))
    assert shown.exit_code == 0, shown.output
    assert drawn is not None
    blue, _, red = drawn[(drawn.max(axis=2) > drawn.min(axis=2) + 60)].mean(axis=0)
    assert red > blue  # the boxes are orange, not as if red and blue were swapped


def warnings(folder, words):
    """Check a sound template, and give the lines that hold some words."""
    checked = run("check", folder)
    assert checked.exit_code == 0, checked.output
    return [line for line in checked.output.splitlines() if words in line]


def test_a_box_that_is_full_of_print_is_warned_of(blank, folder):
    page = np.asarray(cv2.imread(str(blank), cv2.IMREAD_GRAYSCALE))
    for y in (134, 147, 160):
        cv2.putText(page, "PLEASE PRINT HERE", (42, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 30, 1)
    cv2.imwrite(str(blank), page)
    new(blank, folder, FIELD, "first=first_name:40,120,200,45:box")

    warned = warnings(folder, "goes to a person unread")

    assert len(warned) == 1
    assert warned[0].startswith("first: print takes ")


def test_a_comb_without_cells_is_warned_of_and_one_with_them_is_not(blank, folder):
    page = np.asarray(cv2.imread(str(blank), cv2.IMREAD_GRAYSCALE))
    for x in range(40, 241, 50):
        cv2.line(page, (x, 200), (x, 240), 0, 2)
    cv2.line(page, (40, 240), (240, 240), 0, 2)
    cv2.imwrite(str(blank), page)
    new(blank, folder, "bare=last_name:40,60,200,38:comb", "cells=first_name:40,200,200,40:comb")

    warned = warnings(folder, "no even cells")

    assert len(warned) == 1
    assert warned[0].startswith("bare: ")


def test_a_field_with_nothing_printed_near_it_is_warned_of(blank, folder):
    page = np.full((2200, 1700), 255, np.uint8)
    for row, text in enumerate(("Permission slip for the trip", "We go to see old clocks made")):
        cv2.putText(page, text, (150, 200 + 90 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 30, 3)
    cv2.imwrite(str(blank), page)
    new(blank, folder, "near=full_name:150,340,900,80:line", "far=full_name:150,1900,900,80:line")

    warned = warnings(folder, "nothing is printed near")

    assert len(warned) == 1
    assert warned[0].startswith("far: ")
