"""Forms of several pages, from scans to rows."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.drawing import draw_form, write_in
from tests.scans import encode_pages
from worker.cli.app import app

SEEDS = (12, 21)  # of the two pages


@pytest.fixture(scope="module")
def forms():
    return [draw_form(seed, dpi=150.0) for seed in SEEDS]


@pytest.fixture(scope="module")
def templates(forms, tmp_path_factory):
    """Make the templates of both pages from one PDF, by the command."""
    folder = tmp_path_factory.mktemp("templates")
    blank = folder / "form.pdf"
    blank.write_bytes(encode_pages([form.image for form in forms], "PDF", resolution=150))
    for number, form in enumerate(forms, start=1):
        box = form.fields[0].box
        place = f"{box.x_px},{box.y_px},{box.width_px},{box.height_px}"
        made = CliRunner().invoke(
            app,
            [
                *("template", "new", str(blank), "--id", "intake", "--page", str(number)),
                *("--out", str(folder / f"page-{number}")),
                *("--field", f"p{number}=full_name:{place}"),
            ],
        )
        assert made.exit_code == 0, made.output
    return folder


def pages_of(forms, *numbers):
    """Fill in pages and scan them: upside down, for good measure."""
    return [
        np.rot90(
            write_in(forms[n - 1].image, forms[n - 1].fields[0].box, seed=n, dpi=150.0), 2
        ).copy()
        for n in numbers
    ]


def test_pages_come_in_any_order_and_missing_ones_are_reported(penname, forms, templates, tmp_path):
    scans = tmp_path / "scans"
    scans.mkdir()
    whole, half = scans / "whole.pdf", scans / "half.pdf"
    whole.write_bytes(encode_pages(pages_of(forms, 2, 1), "PDF", resolution=150))
    half.write_bytes(encode_pages(pages_of(forms, 2), "PDF", resolution=150))
    command = penname(templates=templates)

    done = command.read(scans)

    assert done.returncode == 0, done.stderr
    found = command.rows(
        "SELECT documents.uri, template_id, page_index, template_page_index, field_name "
        "FROM readings JOIN pages ON pages.id = page_id JOIN documents ON documents.id = "
        "document_id ORDER BY uri, page_index"
    )
    assert [tuple(row.values()) for row in found] == [
        (half.as_uri(), "intake", 0, 1, "p2"),
        (whole.as_uri(), "intake", 0, 1, "p2"),
        (whole.as_uri(), "intake", 1, 0, "p1"),
    ]
    state = command.rows("SELECT uri, failure_code, failure_detail FROM documents ORDER BY uri")
    assert [row["failure_code"] for row in state] == ["pages_missing", None]
    assert "of its 2 pages, page 1 is missing" in state[0]["failure_detail"]
