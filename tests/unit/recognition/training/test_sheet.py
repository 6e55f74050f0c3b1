from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.training.config import load_config
from recognition.training.dataset import LineMaker
from recognition.training.sheet import draw_sheet, main, mixed_lines, split_lines
from tests.unit.recognition.training.sources import FONTS, write_hands, write_list, write_names


@pytest.fixture
def run(tmp_path):
    write_names(tmp_path / "names", "train")
    write_hands(tmp_path / "hands", "open")
    write_list(tmp_path / "list.csv")
    path = tmp_path / "run.toml"
    path.write_text(
        'out = "run"\nsteps = 1\n'
        '[[source]]\nfolder = "names"\nsplit = "train"\nshare = 1\ncase = "open"\nform = true\n'
        '[[source]]\nfolder = "hands"\nsplit = "open"\nshare = 1\n'
        f'[drawn]\nfonts = ["{FONTS[0]}"]\nnames = ["list.csv"]\nshare = 1\n'
    )
    return path


@pytest.fixture
def maker(run):
    return LineMaker(load_config(run), Alphabet(NAME_ALPHABET))


def test_lines_are_mixed_by_share_or_split_by_source(maker):
    rng = np.random.default_rng(1)
    names = ["names/train", "hands/open", "drawn"]

    mixed = [name for name, _ in mixed_lines(maker, 60, rng)]
    split = [name for name, _ in split_lines(maker, 9, rng)]

    assert set(mixed) == set(names)
    assert split == [name for name in names for _ in range(3)]


def test_every_line_stands_on_the_sheet(maker):
    lines = mixed_lines(maker, 30, np.random.default_rng(1))

    sheet = draw_sheet(lines)

    ink = sum(int((line.image > 127).sum()) for _, line in lines)
    assert sheet.shape[1] == 1400
    assert (sheet < 128).sum() > ink  # the lines, and their labels


def test_a_sheet_is_written_as_a_picture(run, tmp_path, capsys):
    out = tmp_path / "sheet.png"

    assert main([str(run), str(out), "--lines", "6", "--split"]) == 0

    with Image.open(out) as sheet:
        assert sheet.width == 1400
    assert str(out) in capsys.readouterr().out


def test_settings_and_data_at_fault_are_told_apart(run, tmp_path, capsys):
    out = str(tmp_path / "sheet.png")
    (tmp_path / "bad.toml").write_text("steps = 1\n")
    (tmp_path / "names" / "train" / "0.png").unlink()

    assert main([str(tmp_path / "bad.toml"), out]) == 78
    assert main([str(run), out]) == 65
    assert "out: missing" in capsys.readouterr().err
