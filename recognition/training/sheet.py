"""Show what the network learns from: ``python -m recognition.training.sheet RUN.toml OUT.png``.

The sheet holds lines as the network sees them, distorted and preprocessed, each with its label
and its source beneath. What a person cannot read from the picture teaches the network to guess.
The sheet shows names of people: treat it as the data it was made from.
"""

from __future__ import annotations

import argparse
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.errors import RecognitionError
from recognition.training.config import load_config
from recognition.training.dataset import LineMaker
from recognition.training.exit_codes import tell
from recognition.training.glyphs import covers

if TYPE_CHECKING:
    from recognition.training.dataset import TrainingLine
    from recognition.types import GrayImage

_LABEL_FONT = Path(__file__).parent / "fonts" / "patrick-hand.ttf"
_WIDTH_PX = 1400
_LABEL_PX = 13  # size of the labels
_CELL_GAP_PX = 18
_ROW_PX = 32 + 2 * _LABEL_PX + 14  # a line, its label, its source, air


def main(arguments: list[str] | None = None) -> int:
    """Draw the sheet; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.sheet")
    parser.add_argument("config", type=Path, help="settings of the run, as TOML")
    parser.add_argument("out", type=Path, help="the PNG to write")
    parser.add_argument("--lines", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--split", action="store_true", help="as many lines of each source, one after the other"
    )
    options = parser.parse_args(arguments)
    try:
        maker = LineMaker(load_config(options.config), Alphabet(NAME_ALPHABET))
        take = split_lines if options.split else mixed_lines
        drawn = draw_sheet(take(maker, options.lines, np.random.default_rng(options.seed)))
    except RecognitionError as error:
        return tell(error, settings=options.config)
    Image.fromarray(drawn).save(options.out)
    sys.stdout.write(f"{options.out}\n")
    return 0


def mixed_lines(
    maker: LineMaker, count: int, rng: np.random.Generator
) -> list[tuple[str, TrainingLine]]:
    """Make lines as a run does, each with its source's name."""
    numbers = [maker.pick_source(rng) for _ in range(count)]
    return [(maker.source_names[number], maker.make_from(number, rng)) for number in numbers]


def split_lines(
    maker: LineMaker, count: int, rng: np.random.Generator
) -> list[tuple[str, TrainingLine]]:
    """Make as many lines of each source, source after source."""
    names = maker.source_names
    return [
        (name, maker.make_from(number, rng))
        for number, name in enumerate(names)
        for _ in range(-(-count // len(names)))
    ]


def draw_sheet(lines: list[tuple[str, TrainingLine]]) -> GrayImage:
    """Set lines in rows: (h, 1400) uint8, each over its label and its source."""
    font = ImageFont.truetype(str(_LABEL_FONT), _LABEL_PX)
    places: list[tuple[int, int]] = []
    x = y = 0
    for source, line in lines:
        width = max(line.image.shape[1], *(int(font.getlength(t)) for t in (line.text, source)))
        if x and x + width > _WIDTH_PX:
            x, y = 0, y + _ROW_PX
        places.append((x, y))
        x += width + _CELL_GAP_PX
    sheet = Image.new("L", (_WIDTH_PX, y + _ROW_PX), 255)
    pen = ImageDraw.Draw(sheet)
    for (source, line), (left, top) in zip(lines, places, strict=True):
        height = line.image.shape[0]
        sheet.paste(Image.fromarray(255 - line.image), (left, top))
        pen.text((left, top + height + 1), _plain(line.text), fill=0, font=font)
        remark = f"{source}, any case" if line.open_case else source
        pen.text((left, top + height + 1 + _LABEL_PX), remark, fill=130, font=font)
    return np.asarray(sheet, np.uint8)


def _plain(text: str) -> str:
    """Write letters that the labels' font lacks as their base letter and a star: ş as s*."""
    return "".join(
        char if covers(_LABEL_FONT, char) else f"{unicodedata.normalize('NFD', char)[0]}*"
        for char in text
    )


if __name__ == "__main__":
    sys.exit(main())
