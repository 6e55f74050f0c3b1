"""Part lines of handwriting into words by what a network sees in them (forced alignment).

``python -m recognition.training.align FOLDER SPLIT OUT.json [--weights FILE]``

A line whose text is known need not be read, only laid along its text: the most probable path
through the text's letters (Viterbi over CTC's states, Graves et al. 2006,
doi:10.1145/1143844.1143891) says in which frames each letter stands, even where greedy reading
fails. A letter may be written in any case and with any accents; characters without a label, such as
digits, may be any ink. Words are parted where the ink between them has a gap; words that touch
stay together. Lines that do not fit their text at all are left whole.

``words.part_words`` needs no network and parts far fewer lines.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.alphabet import BLANK, Alphabet
from recognition.checkpoint import load_checkpoint
from recognition.folding import fold_letter
from recognition.line_reader import read_lines
from recognition.model import FRAME_PX
from recognition.preprocess import PARAMS, even_ink, line_view
from recognition.training.crop_store import read_crop
from recognition.training.manifest import read_split, without_held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recognition.model import Crnn
    from recognition.preprocess import LineView
    from recognition.training.manifest import Sample
    from recognition.types import GrayImage

Floats = npt.NDArray[np.float64]
_SHARD = 128  # lines read at once


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignParams:
    """When a line is believed to be parted right."""

    least_fit: float = -0.75  # mean log probability a frame of the path, natural
    faint_px: int = 1  # ink rows beyond a ruling line that still count as empty
    ruling_quantile: float = 0.1  # columns as empty as this one hold at most a ruling line
    reach: float = 0.6  # a gap is looked for this far round its place, shares of the line's height
    least_gap: float = 0.05  # narrower ones part no words, shares of the line's height


PARAMETERS = AlignParams()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Where each character of a text stands."""

    frames: tuple[tuple[int, int], ...]  # each character's, half open; spaces among them
    fit: float  # mean log probability a frame


def align(log_probs: npt.NDArray[np.floating], text: str, alphabet: Alphabet) -> Alignment | None:
    """Lay a line along its text.

    Args:
        log_probs: (T, C), natural logs.
        text: what the line says, NFC; not empty.
        alphabet: of C labels.

    Returns:
        The most probable path's spans, or None where the line has too few frames.
    """
    emissions = _emissions(log_probs.astype(np.float64), text, alphabet)  # (T, 2 L + 1)
    states = emissions.shape[1]
    # A letter may follow the one before at once, unless it is written the same.
    leap = np.full(states, -np.inf)
    leap[3::2] = [0.0 if a != b else -np.inf for a, b in itertools.pairwise(text)]
    score = np.full(states, -np.inf)
    score[:2] = emissions[0, :2]
    came_from = np.zeros(emissions.shape, np.int8)
    for frame, row in enumerate(emissions[1:], start=1):
        ways = np.stack([score, _shifted(score, 1), _shifted(score, 2) + leap])
        came_from[frame] = ways.argmax(axis=0)
        score = ways.max(axis=0) + row
    state = states - 1 if score[-1] >= score[-2] else states - 2
    if not np.isfinite(score[state]):
        return None
    fit = float(score[state]) / len(emissions)
    spans: dict[int, tuple[int, int]] = {}
    for frame in range(len(emissions) - 1, -1, -1):
        if state % 2:
            spans[state // 2] = (frame, spans.get(state // 2, (0, frame + 1))[1])
        state -= int(came_from[frame, state])
    return Alignment(frames=tuple(spans[i] for i in range(len(text))), fit=fit)


def _emissions(log_probs: Floats, text: str, alphabet: Alphabet) -> Floats:
    """Give each frame's log probability of each state: blank, letter, blank, ... (T, 2 L + 1)."""
    probs = np.exp(log_probs)
    by_letter: dict[str, list[int]] = {}
    for label, char in enumerate(alphabet.characters, start=1):
        by_letter.setdefault(fold_letter(char), []).append(label)
    any_ink = list(range(1, alphabet.size))
    emissions = np.empty((len(probs), 2 * len(text) + 1))
    emissions[:, 0::2] = probs[:, [BLANK]]
    for place, char in enumerate(text):
        labels = by_letter.get(fold_letter(char), any_ink)
        emissions[:, 2 * place + 1] = probs[:, labels].sum(axis=1)
    return np.asarray(np.log(np.maximum(emissions, 1e-12)), np.float64)


def _shifted(score: Floats, by: int) -> Floats:
    return np.concatenate([np.full(by, -np.inf), score[:-by]])


def part_line(
    crop: GrayImage, view: LineView, alignment: Alignment, text: str, params: AlignParams
) -> list[tuple[int, int, str]]:
    """Cut a line at the gaps that lie where its spaces do.

    Returns:
        Left and right px (half open) and text of each piece, from left to right; a piece may
        hold several words.
    """
    ink = even_ink(crop, PARAMS) > 255 * PARAMS.ink_level
    filled = ink.sum(axis=0)
    empty = filled <= np.quantile(filled, params.ruling_quantile) + params.faint_px
    cuts = [0]
    pieces: list[str] = []
    start = 0
    for place in (i for i, char in enumerate(text) if char == " "):
        end, begin = alignment.frames[place - 1][1] - 0.5, alignment.frames[place + 1][0] + 0.5
        middle = view.column((end + begin) / 2 * FRAME_PX)
        cut = _gap(empty, middle, crop.shape[0], params)
        if cut is not None and cut > cuts[-1]:
            cuts.append(cut)
            pieces.append(text[start:place])
            start = place + 1
    pieces.append(text[start:])
    edges = itertools.pairwise([*cuts, crop.shape[1]])
    return [(left, right, piece) for (left, right), piece in zip(edges, pieces, strict=True)]


def _gap(
    empty: npt.NDArray[np.bool_], middle: float, height: int, params: AlignParams
) -> int | None:
    """Find the middle of the widest gap near ``middle`` px; None where there is none."""
    reach = params.reach * height
    low, high = max(0, int(middle - reach)), min(len(empty), int(middle + reach) + 1)
    edges = np.flatnonzero(np.diff(empty[low:high], prepend=False, append=False))
    if not len(edges):
        return None
    starts, ends = edges[0::2], edges[1::2]
    # A wide gap a little further off is likelier the one than a narrow one close by.
    off = np.abs((starts + ends) / 2 + low - middle)
    best = int((ends - starts - 0.5 * off).argmax())
    if ends[best] - starts[best] < max(2.0, params.least_gap * height):
        return None
    return low + int(starts[best] + ends[best]) // 2


def part_samples(
    model: Crnn, alphabet: Alphabet, samples: Sequence[Sample], params: AlignParams = PARAMETERS
) -> Iterator[tuple[Sample, list[tuple[int, int, str]] | None]]:
    """Part every sample of more than one word; None for those that do not fit their text.

    Raises:
        ManifestError: a file is missing or is no picture.
    """
    several = [sample for sample in samples if " " in sample.text]
    for start in range(0, len(several), _SHARD):
        shard = several[start : start + _SHARD]
        crops = [read_crop(sample.image) for sample in shard]
        views = [line_view(crop) for crop in crops]
        for index, log_probs in read_lines(model, [v.image for v in views], device="cpu"):
            text = shard[index].text
            found = align(log_probs, text, alphabet)
            fits = found is not None and found.fit >= params.least_fit
            pieces = (
                part_line(crops[index], views[index], found, text, params)
                if found is not None and fits
                else None
            )
            yield shard[index], pieces


def main(arguments: Sequence[str] | None = None) -> None:
    """Part a split's lines and write where their words stand, by file name."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.align")
    parser.add_argument("folder", type=Path)
    parser.add_argument("split")
    parser.add_argument("out", type=Path, help="JSON that a source's setting `words` names")
    parser.add_argument("--weights", type=Path, help="a checkpoint; the release if left out")
    options = parser.parse_args(arguments)
    checkpoint = load_checkpoint(options.weights)
    samples = without_held_out(read_split(options.folder, options.split))
    parted = {
        sample.image.name: pieces
        for sample, pieces in part_samples(
            checkpoint.model, Alphabet(checkpoint.config.alphabet), samples
        )
        if pieces is not None
    }
    options.out.write_text(json.dumps(parted, ensure_ascii=False), encoding="utf-8")
    count = sum(map(len, parted.values()))
    sys.stdout.write(f"{len(parted)} of {len(samples)} lines parted into {count} pieces\n")


if __name__ == "__main__":
    main()
