from __future__ import annotations

import pickle
import stat

import numpy as np
import pytest

from tests.tesseract import needs_tesseract
from worker import print_reader
from worker.errors import ConfigError, ExitCode, LabelsUnreadableError
from worker.print_reader import find_print_reader
from worker.samples.sheet import DPI, Sheet


def program(tmp_path, text):
    path = tmp_path / "tesseract"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@needs_tesseract
def test_print_is_read_with_its_place():
    sheet = Sheet(width_mm=100, height_mm=40, family="arimo", text_pt=12)
    sheet.text(10, 20, "Surname")
    reader = pickle.loads(pickle.dumps(find_print_reader(None)))  # noqa: S301, as a pool sends it

    (word,) = reader.read(np.ascontiguousarray(sheet.image), DPI)

    assert word.text == "Surname"
    assert word.confidence > 0.8
    assert abs(word.box.x_px - 10 / 25.4 * DPI) < 8
    assert abs(word.box.y_px + word.box.height_px - 20 / 25.4 * DPI) < 8


@needs_tesseract
def test_a_language_that_is_not_installed_is_named_with_its_package():
    with pytest.raises(ConfigError, match="apt-get install tesseract-ocr-xyz"):
        find_print_reader("xyz")


def test_where_tesseract_is_missing_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="apt-get install tesseract-ocr") as caught:
        find_print_reader(None)

    assert caught.value.exit_code is ExitCode.CONFIG


def test_all_of_latin_script_is_read_where_it_is_installed(monkeypatch, tmp_path):
    languages = "printf 'List (3):\\nLatin\\neng\\nosd\\n'"
    program(tmp_path, f"case $1 in --version) echo tesseract 5.0;; *) {languages};; esac")
    monkeypatch.setenv("PATH", str(tmp_path))

    found = find_print_reader(None)

    assert (found.version, found.languages) == ("5.0", "Latin")
    assert find_print_reader("eng").languages == "eng"
    assert found.identity == "tesseract 5.0 Latin"


def test_a_tesseract_without_languages_is_refused(monkeypatch, tmp_path):
    program(tmp_path, "echo tesseract 5.0")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="no language"):
        find_print_reader(None)


def test_a_tesseract_that_does_not_run_is_refused(monkeypatch, tmp_path):
    program(tmp_path, "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigError, match="does not run"):
        find_print_reader(None)


@pytest.mark.parametrize(
    ("does", "said"),
    [
        pytest.param("exit 1", "failed", id="fails"),
        pytest.param("exec sleep 5", "took over", id="hangs"),
    ],
)
def test_a_page_whose_print_cannot_be_read_has_a_code_of_its_own(monkeypatch, tmp_path, does, said):
    path = program(tmp_path, f"PATH=/bin:/usr/bin; {does}")
    reader = print_reader.PrintReader(program=str(path), version="5.0", languages="eng")
    monkeypatch.setattr(print_reader, "_LIMIT_S", 0.5)

    with pytest.raises(LabelsUnreadableError, match=said) as caught:
        reader.read(np.full((50, 50), 255, np.uint8), DPI)

    assert caught.value.code == "labels_unreadable"
