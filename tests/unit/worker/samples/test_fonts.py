from __future__ import annotations

import string

import pytest

from recognition.training.glyphs import covers
from worker.samples.filling import FONT_FOLDER, shipped_fonts

MAX_BYTES = 1_000_000
NO_NAMES = {0xD0, 0xD7, 0xDE, 0xF0, 0xF7, 0xFE}  # signs, and letters of Icelandic alone
LATIN_1 = "".join(chr(i) for i in range(0xC0, 0x100) if i not in NO_NAMES)


def test_several_hands_are_shipped_and_weigh_little():
    fonts = shipped_fonts()

    assert 6 <= len(fonts) <= 10
    assert sum(path.stat().st_size for path in fonts) < MAX_BYTES


@pytest.mark.parametrize("font", shipped_fonts(), ids=lambda path: path.stem)
def test_a_font_draws_every_letter_and_digit_itself(font):
    wanted = string.ascii_letters + string.digits + LATIN_1 + "-'/"

    missing = [char for char in wanted if not covers(font, char)]

    assert missing == []


@pytest.mark.parametrize("font", shipped_fonts(), ids=lambda path: path.stem)
def test_a_font_is_named_with_its_licence(font):
    listed = (FONT_FOLDER / "README.md").read_text("utf-8")
    licence = (FONT_FOLDER / "OFL.txt").read_text("utf-8")

    family = next(line for line in listed.splitlines() if font.name in line).split("|")[2].strip()

    assert f"{family}: Copyright" in licence
    assert "Reserved Font Name " not in licence.split("SIL OPEN FONT LICENSE", 1)[0]
