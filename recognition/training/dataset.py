"""From sources and fonts to training lines: pick, join, distort, preprocess.

A ``LineMaker`` makes one line after the other from a seeded generator. It needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from recognition.alphabet import frames_needed
from recognition.training.augment import distort
from recognition.training.augment_params import FULL, LIGHT
from recognition.training.glyphs import suits
from recognition.training.names import NameMaker
from recognition.training.sources import open_source, pick
from recognition.training.spellings import spellings
from recognition.training.synthetic import HANDS, draw_name
from recognition.training.views import some_view

if TYPE_CHECKING:
    from recognition.alphabet import Alphabet
    from recognition.training.config import TrainingConfig
    from recognition.types import LineImage

_FRAME_PX = 4  # as the network's, which is not imported here
_FONT_PX = (40, 72)  # line heights that names are drawn at


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingLine:
    """One line to learn."""

    image: LineImage
    text: str = field(repr=False)
    open_case: bool  # the text says letters only; either case and no accents are right too


class LineMaker:
    """Makes training lines without end."""

    def __init__(self, config: TrainingConfig, alphabet: Alphabet) -> None:
        """Read the manifests, open the stores, find the words."""
        self._config = config
        self._alphabet = alphabet
        self._sources = [
            open_source(source, config.out / "crops", alphabet) for source in config.sources
        ]
        self._full, self._light = (p.taken(config.distortion) for p in (FULL, LIGHT))
        shares = [source.share for source in config.sources]
        self._names = self._fonts = None
        if config.drawn is not None:
            self._names = NameMaker(config.drawn.names, locales=config.drawn.faker)
            self._fonts = config.drawn.font_files()
            shares.append(config.drawn.share)
        self._shares = np.cumsum(shares) / sum(shares)

    @property
    def checksums(self) -> list[str]:
        """Give the data checksum of each source."""
        return [source.store.checksum for source in self._sources]

    @property
    def source_names(self) -> list[str]:
        """Name the sources in order: a folder and its split, then the drawn names."""
        names = [f"{source.folder.name}/{source.split}" for source in self._config.sources]
        return names if self._names is None else [*names, "drawn"]

    def pick_source(self, rng: np.random.Generator) -> int:
        """Choose a source by its share."""
        return int(np.searchsorted(self._shares, rng.random(), side="right"))

    def make(self, rng: np.random.Generator) -> TrainingLine:
        """Make one line that fits: not too wide, and with frames enough for its text."""
        while True:
            line = self._try(self.pick_source(rng), rng)
            if self._fits(line):
                return line

    def make_from(self, source: int, rng: np.random.Generator) -> TrainingLine:
        """Make one line that fits, from the source of that number."""
        while True:
            line = self._try(source, rng)
            if self._fits(line):
                return line

    def _fits(self, line: TrainingLine) -> bool:
        width = int(line.image.shape[1])
        texts = spellings(line.text, self._alphabet) if line.open_case else (line.text,)
        needed = max(frames_needed(self._alphabet.encode(text)) for text in texts)
        return width <= self._config.max_width_px and -(-width // _FRAME_PX) > needed

    def _try(self, number: int, rng: np.random.Generator) -> TrainingLine:
        if number == len(self._sources):
            return self._drawn(rng)
        source = self._sources[number]
        crop, text = pick(source, rng)
        crop = distort(crop, rng, self._light if source.config.form else self._full)
        return TrainingLine(
            image=some_view(crop, rng), text=text, open_case=source.config.case == "open"
        )

    def _drawn(self, rng: np.random.Generator) -> TrainingLine:
        if self._names is None or self._fonts is None:
            raise ValueError("no fonts to draw with")
        while True:
            text = self._names.make(rng)
            font = self._fonts[int(rng.integers(len(self._fonts)))]
            if self._alphabet.covers(text) and suits(font, text):
                break
        crop = draw_name(
            text, font_path=font, height_px=int(rng.integers(*_FONT_PX)), rng=rng, params=HANDS
        )
        return TrainingLine(
            image=some_view(distort(crop, rng, self._full), rng), text=text, open_case=False
        )
