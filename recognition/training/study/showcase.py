"""Names to show in a report, drawn in fonts: real ones are personal data and are never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from recognition.batching import pad_lines
from recognition.training.study.line_task import read_lines
from recognition.training.study.lines import CtcReader
from recognition.training.study.names import small_line
from recognition.training.study.types import LineSet
from recognition.training.synthetic import draw_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    from torch import nn

    from recognition.alphabet import Alphabet
    from recognition.types import LineImage

_FONTS = ("patrick-hand", "architects-daughter", "kalam")  # upright hands, the letters apart
_TEXTS = (
    "ADA", "MARIE", "EMMY", "TURING", "HYPATIA", "LOVELACE", "JOHANNES", "CAVENDISH",
    "MARGUERITE", "ALEXANDRINE", "BERNADETTE", "JEAN-BAPTISTE",
)  # fmt: skip
_HEIGHT_PX = 56  # line height they are drawn at
_SEED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """What a network with CTC says, frame by frame."""

    name: str  # of the contestant
    text: str = field(repr=False)  # read by the best path
    probabilities: npt.NDArray[np.float32]  # (T, C)
    frame_px: int
    characters: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A drawn name and what was read."""

    image: LineImage
    text: str = field(repr=False)
    readings: tuple[str, ...] = field(repr=False)  # one a contestant
    posteriors: tuple[Posterior, ...]  # of those with CTC


def show_names(networks: Mapping[str, nn.Module], alphabet: Alphabet) -> list[Shown]:
    """Draw names that the alphabet can spell, and let networks read them."""
    rng = np.random.default_rng(_SEED)
    fonts = Path(__file__).parents[1] / "fonts"
    texts = [text for text in _TEXTS if alphabet.covers(text)]
    images = [
        small_line(
            draw_name(
                text,
                font_path=fonts / f"{_FONTS[index % len(_FONTS)]}.ttf",
                height_px=_HEIGHT_PX,
                rng=rng,
            )
        )
        for index, text in enumerate(texts)
    ]
    drawn = LineSet(images=tuple(images), texts=tuple(texts))
    read = [read_lines(network, drawn) for network in networks.values()]
    return [
        Shown(
            image=image,
            text=texts[index],
            readings=tuple(own[index] for own in read),
            posteriors=_posteriors(image, networks, [own[index] for own in read]),
        )
        for index, image in enumerate(images)
    ]


def _posteriors(
    image: LineImage, networks: Mapping[str, nn.Module], texts: Sequence[str]
) -> tuple[Posterior, ...]:
    found: list[Posterior] = []
    for (name, network), text in zip(networks.items(), texts, strict=True):
        if not isinstance(network, CtcReader):
            continue
        with torch.inference_mode():
            said = network(pad_lines([image]))
        frames = int(said.frames[0])
        found.append(
            Posterior(
                name=name,
                text=text,
                probabilities=said.values[:frames, 0].exp().numpy(),
                frame_px=round(image.shape[1] / frames),
                characters=network.alphabet.characters,
            )
        )
    return tuple(found)
