"""Who takes part: which networks read pictures, and which read lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from recognition.training.study import lines, pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from recognition.alphabet import Alphabet


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One kind of network, made as large as it is told."""

    name: str
    about: str
    build: Callable[[int], nn.Module]  # from a width; parameters grow with it


def picture_contestants(*, channels: int, classes: int) -> tuple[Contestant, ...]:
    """Give who reads pictures; those of one channel have no folding by colour."""

    def folded(folding: pictures.Folding) -> Callable[[int], nn.Module]:
        return lambda units: pictures.FoldedRnn(
            folding, channels=channels, units=units, classes=classes
        )

    def sized(kind: type[pictures.Cnn | pictures.PictureCrnn]) -> Callable[[int], nn.Module]:
        return lambda width: kind(channels=channels, width=width, classes=classes)

    coloured = (
        Contestant(
            name="RNN, green columns",
            about="an LSTM over the columns of the green channel alone",
            build=folded(pictures.green_columns),
        ),
        Contestant(
            name="RNN, pixels",
            about="an LSTM over 1024 pixels, row after row, three values each",
            build=folded(pictures.pixels),
        ),
    )
    return (
        Contestant(
            name="RNN, columns",
            about="an LSTM over columns; the channels of a column are joined",
            build=folded(pictures.columns),
        ),
        Contestant(
            name="RNN, rows",
            about="an LSTM over rows; the channels of a row are joined",
            build=folded(pictures.rows),
        ),
        Contestant(
            name="CNN",
            about="five convolutions and an average over the picture",
            build=sized(pictures.Cnn),
        ),
        Contestant(
            name="CRNN",
            about="penname's network, small: convolutions, then a bidirectional LSTM over frames",
            build=sized(pictures.PictureCrnn),
        ),
        *(coloured if channels > 1 else ()),
    )


def line_contestants(alphabet: Alphabet) -> tuple[Contestant, ...]:
    """Give who reads lines."""
    return (
        Contestant(
            name="CRNN + CTC",
            about="penname's network, small, with its CTC",
            build=partial(lines.small_crnn, alphabet),
        ),
        Contestant(
            name="RNN + CTC",
            about="a bidirectional LSTM over bare columns, with the same CTC",
            build=partial(lines.column_rnn, alphabet),
        ),
        Contestant(
            name="CNN, a head a position",
            about=f"convolutions over a line of fixed width and {lines.POSITIONS} heads",
            build=partial(lines.position_cnn, alphabet),
        ),
    )
