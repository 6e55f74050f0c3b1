"""What can be read in a source: crops, words of lines, words of one writer joined.

Held-out writers never enter, nor do words with letters beyond the alphabet. Signs that names do
not have, digits among them, are left out of the text and stay in the picture: the network learns
to pass over them.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.errors import ManifestError
from recognition.preprocess import PARAMS, even_ink, writing_box
from recognition.training.crop_store import open_store
from recognition.training.manifest import read_split, without_held_out
from recognition.training.words import part_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recognition.alphabet import Alphabet
    from recognition.training.config import SourceConfig
    from recognition.training.crop_store import CropStore
    from recognition.types import GrayImage

Stretch = tuple[int, int, str]  # left and right px, half open, and what stands there
_LONG_STRETCH = 9  # words that follow each other in a line, taken at most ...
_CAPITALS = 0.6  # share of the joins that set two words with capitals side by side, as names are
_LONG_SHARE = 0.25  # ... in this share of the stretches; the rest are as short as names


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A readable stretch of one stored crop: all of it, or some words of a line."""

    crop: int  # index in the store
    left_px: int
    right_px: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Everything readable in one source."""

    config: SourceConfig
    store: CropStore
    lines: tuple[tuple[Piece, ...], ...]  # each crop as its words, or as one whole piece
    writer_of: tuple[int, ...]  # each line's writer
    by_writer: tuple[tuple[int, ...], ...]  # each writer's lines
    capitals: tuple[tuple[Piece, ...], ...]  # each writer's pieces that begin with a capital


def open_source(source: SourceConfig, stores: Path, alphabet: Alphabet) -> Source:
    """Read one source; its decoded crops are kept in a store in the folder ``stores``.

    Raises:
        ManifestError: a file is missing or damaged.
    """
    samples = without_held_out(read_split(source.folder, source.split))
    store = open_store(samples, stores)
    parted = _read_parted(source.words)
    lines: list[tuple[Piece, ...]] = []
    writer_of: list[int] = []
    numbers: dict[str, int] = {}
    for index, sample in enumerate(samples):
        pieces = parted.get(sample.image.name)
        if pieces is None:
            pieces = _part(store.crop(index), sample.text, form=source.form)
        for run in _readable(index, pieces, alphabet):
            writer = sample.writer or f"crop {index}"
            writer_of.append(numbers.setdefault(writer, len(numbers)))
            lines.append(run)
    by_writer: list[list[int]] = [[] for _ in numbers]
    for line, number in enumerate(writer_of):
        by_writer[number].append(line)
    return Source(
        config=source,
        store=store,
        lines=tuple(lines),
        writer_of=tuple(writer_of),
        by_writer=tuple(tuple(own) for own in by_writer),
        capitals=tuple(
            tuple(p for line in own for p in lines[line] if p.text[:1].isupper())
            for own in by_writer
        ),
    )


def _read_parted(path: Path | None) -> dict[str, list[Stretch]]:
    """Read what ``training.align`` wrote: stretches by file name; none without a file.

    Raises:
        ManifestError: the file is missing or of another kind.
    """
    if path is None:
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: [(int(left), int(right), str(text)) for left, right, text in pieces]
            for name, pieces in stored.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ManifestError(f"{path} does not say where words stand") from error


def _part(crop: GrayImage, text: str, *, form: bool) -> list[Stretch]:
    """Part a line by its gaps alone; where they are not clear, it is one stretch."""
    # On a form's crop the widest gaps lie round its print, not between words.
    words = [text] if form else text.split(" ")
    places = part_words(crop, words) if len(words) > 1 else None
    if places is None:
        return [(0, crop.shape[1], text)]
    cuts = [(a + b) // 2 for (_, a), (b, _) in itertools.pairwise(places)]
    edges = itertools.pairwise([0, *cuts, crop.shape[1]])
    return [(left, right, word) for (left, right), word in zip(edges, words, strict=True)]


def _readable(
    index: int, stretches: Sequence[Stretch], alphabet: Alphabet
) -> list[tuple[Piece, ...]]:
    """Give the runs of stretches of a crop that the alphabet can spell, each with a text."""
    runs: list[list[Piece]] = [[]]
    for left, right, text in stretches:
        plain = _spellable(text, alphabet)
        if plain is None:
            runs.append([])
        else:
            runs[-1].append(Piece(crop=index, left_px=left, right_px=right, text=plain))
    return [tuple(run) for run in runs if any(piece.text for piece in run)]


def _spellable(text: str, alphabet: Alphabet) -> str | None:
    """Leave out the signs that names do not have; None where a letter has no label.

    A stretch of such signs alone, a year for instance, has an empty text.
    """
    kept = "".join(c for c in text if c.isspace() or c.isalpha() or alphabet.covers(c))
    plain = " ".join(kept.split())
    return plain if alphabet.covers(plain) else None


def pick(source: Source, rng: np.random.Generator) -> tuple[GrayImage, str]:
    """Take some words of one line, perhaps joined with more of the same writer."""
    number = int(rng.integers(len(source.lines)))
    if rng.random() >= source.config.join:
        most = _LONG_STRETCH if rng.random() < _LONG_SHARE else 3
        return _stretch(source, number, rng, most=most)
    mates = source.by_writer[source.writer_of[number]]
    other = mates[int(rng.integers(len(mates)))]
    capitals = source.capitals[source.writer_of[number]]
    if capitals and rng.random() < _CAPITALS:
        first, text = _cut(source, [capitals[int(rng.integers(len(capitals)))]])
        second, more = _cut(source, [capitals[int(rng.integers(len(capitals)))]])
    else:
        first, text = _stretch(source, number, rng, most=1)
        second, more = _stretch(source, other, rng, most=2)
    return join_crops(first, second, rng), f"{text} {more}".strip()


def _stretch(
    source: Source, number: int, rng: np.random.Generator, *, most: int
) -> tuple[GrayImage, str]:
    """Cut up to ``most`` words that follow each other out of a line."""
    pieces = source.lines[number]
    count = min(len(pieces), int(rng.integers(1, most + 1)))
    start = int(rng.integers(len(pieces) - count + 1))
    return _cut(source, pieces[start : start + count])


def _cut(source: Source, pieces: Sequence[Piece]) -> tuple[GrayImage, str]:
    """Cut pieces that follow each other out of their crop."""
    crop = source.store.crop(pieces[0].crop)
    text = " ".join(piece.text for piece in pieces if piece.text)
    return crop[:, pieces[0].left_px : pieces[-1].right_px], text


def join_crops(first: GrayImage, second: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Set two words of one writer side by side, with a gap as between two names."""
    a, b = _tight(first), _tight(second)
    # Crops of one writer differ in scale, their letters less so: halve what tells them apart.
    scale = (a.shape[0] / b.shape[0]) ** 0.5
    size = max(1, round(b.shape[1] * scale)), max(1, round(b.shape[0] * scale))
    b = np.asarray(cv2.resize(b, size, interpolation=cv2.INTER_AREA), np.uint8)
    tall = max(a.shape[0], b.shape[0])
    gap = int(rng.uniform(0.15, 1.4) ** 1.3 * min(64, tall))
    foot = int(0.1 * rng.normal(0, 1) * tall)
    # Feet together is right for most pairs: only descenders stand below the line.
    height = tall + 2 * abs(foot)
    joined = np.zeros((height, a.shape[1] + gap + b.shape[1]), np.uint8)
    low = height - abs(foot)
    joined[low - a.shape[0] : low, : a.shape[1]] = a
    joined[low + foot - b.shape[0] : low + foot, a.shape[1] + gap :] = b
    return np.asarray(255 - joined, np.uint8)


def _tight(crop: GrayImage) -> GrayImage:
    """Cut to the ink at even contrast; 255 is ink."""
    ink = even_ink(crop, PARAMS)
    box = writing_box(ink, PARAMS)
    if box is None:
        return ink
    left, top, right, bottom = box
    return ink[top:bottom, left:right]
