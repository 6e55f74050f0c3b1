"""From sources to training lines: pick, join, distort, preprocess, batch.

A ``LineMaker`` makes one line after the other from a seeded generator. ``batches`` runs it in
a process of its own, so that the network never waits for drawing and distorting; this module
and what it imports need no torch, so that process stays small.
"""

from __future__ import annotations

import multiprocessing as mp
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.alphabet import Alphabet, frames_needed
from recognition.preprocess import PARAMS, even_ink, line_image, writing_box
from recognition.training.augment import FULL, LIGHT, distort
from recognition.training.crop_store import open_store
from recognition.training.manifest import read_split, without_held_out
from recognition.training.names import NameMaker
from recognition.training.synthetic import covers, draw_name
from recognition.training.words import part_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

    from recognition.training.config import SourceConfig, TrainingConfig
    from recognition.training.crop_store import CropStore
    from recognition.types import GrayImage, LineImage

_POOL_BATCHES = 24  # lines of so many batches are sorted by width before they are batched
_QUEUE_BATCHES = 48
_FRAME_PX = 4  # as the network's, which this module does not import


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingLine:
    """One line to learn."""

    image: LineImage
    text: str
    open_case: bool  # the text says letters only; either case and no accents are right too


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A readable stretch of one stored crop: all of it, or some words of a line."""

    crop: int  # index in the store
    left_px: int
    right_px: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """Everything readable in one source."""

    config: SourceConfig
    store: CropStore
    lines: tuple[tuple[Piece, ...], ...]  # each crop as its words, or as one whole piece
    writer_of: tuple[int, ...]  # each line's writer
    by_writer: tuple[tuple[int, ...], ...]  # each writer's lines


class LineMaker:
    """Makes training lines without end."""

    def __init__(self, config: TrainingConfig, alphabet: Alphabet) -> None:
        """Read the manifests, open the stores, find the words."""
        self._config = config
        self._alphabet = alphabet
        self._sources = [open_source(source, config, alphabet) for source in config.sources]
        shares = [source.share for source in config.sources]
        self._names = self._fonts = None
        if config.drawn is not None:
            self._names = NameMaker(config.drawn.names)
            self._fonts = config.drawn.font_files()
            shares.append(config.drawn.share)
        self._shares = np.cumsum(shares) / sum(shares)

    @property
    def checksums(self) -> list[str]:
        """Give the data checksum of each source."""
        return [source.store.checksum for source in self._sources]

    def make(self, rng: np.random.Generator) -> TrainingLine:
        """Make one line that fits: not too wide, and with frames enough for its text."""
        while True:
            line = self._try(rng)
            width = line.image.shape[1]
            needed = frames_needed(self._alphabet.encode(line.text))
            if width <= self._config.max_width_px and -(-width // _FRAME_PX) > needed:
                return line

    def _try(self, rng: np.random.Generator) -> TrainingLine:
        number = int(np.searchsorted(self._shares, rng.random(), side="right"))
        if number == len(self._sources):
            return self._drawn(rng)
        source = self._sources[number]
        crop, text = _pick(source, rng)
        crop = distort(crop, rng, LIGHT if source.config.form else FULL)
        return TrainingLine(
            image=line_image(crop), text=text, open_case=source.config.case == "open"
        )

    def _drawn(self, rng: np.random.Generator) -> TrainingLine:
        if self._names is None or self._fonts is None:
            raise ValueError("no fonts to draw with")
        while True:
            text = self._names.make(rng)
            font = self._fonts[int(rng.integers(len(self._fonts)))]
            if self._alphabet.covers(text) and covers(font, text):
                break
        crop = draw_name(text, font_path=font, height_px=int(rng.integers(36, 72)), rng=rng)
        return TrainingLine(image=line_image(distort(crop, rng)), text=text, open_case=False)


def open_source(source: SourceConfig, config: TrainingConfig, alphabet: Alphabet) -> Source:
    """Read one source; held-out writers and texts beyond the alphabet stay out."""
    samples = without_held_out(read_split(source.folder, source.split))
    store = open_store(samples, config.out / "crops")
    lines: list[tuple[Piece, ...]] = []
    writer_of: list[int] = []
    numbers: dict[str, int] = {}
    for index, sample in enumerate(samples):
        # On a form's crop the widest gaps lie round its print, not between words.
        words = [sample.text] if source.form else sample.text.split(" ")
        for run in _readable(index, store.crop(index), words, alphabet):
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
    )


def _readable(
    index: int, crop: GrayImage, words: list[str], alphabet: Alphabet
) -> list[tuple[Piece, ...]]:
    """Give the runs of words of a crop that the alphabet can spell."""
    places = part_words(crop, words) if len(words) > 1 else [(0, crop.shape[1])]
    if places is None:
        plain = _spellable(" ".join(words))
        whole = Piece(crop=index, left_px=0, right_px=crop.shape[1], text=plain)
        return [(whole,)] if plain and alphabet.covers(plain) else []
    runs: list[tuple[Piece, ...]] = []
    run: list[Piece] = []
    edges = [
        0,
        *((a + b) // 2 for (_, a), (b, _) in zip(places, places[1:], strict=False)),
        crop.shape[1],
    ]
    for number, word in enumerate(words):
        plain = _spellable(word)
        if plain and alphabet.covers(plain):
            run.append(
                Piece(crop=index, left_px=edges[number], right_px=edges[number + 1], text=plain)
            )
        elif run:
            runs.append(tuple(run))
            run = []
    return [*runs, tuple(run)] if run else runs


def _spellable(text: str) -> str:
    """Drop the punctuation that names do not have; the network learns to pass over it."""
    return text.translate({ord(c): None for c in ',;:!?"()[]«»“”„…'}).strip()


def _pick(source: Source, rng: np.random.Generator) -> tuple[GrayImage, str]:
    """Take some words of one line, perhaps joined with more of the same writer."""
    number = int(rng.integers(len(source.lines)))
    if rng.random() >= source.config.join:
        return _stretch(source, number, rng, most=6)
    mates = source.by_writer[source.writer_of[number]]
    other = mates[int(rng.integers(len(mates)))]
    first, text = _stretch(source, number, rng, most=1)
    second, more = _stretch(source, other, rng, most=2)
    return join_crops(first, second, rng), f"{text} {more}"


def _stretch(
    source: Source, number: int, rng: np.random.Generator, *, most: int
) -> tuple[GrayImage, str]:
    """Cut up to ``most`` words that follow each other out of a line."""
    pieces = source.lines[number]
    count = min(len(pieces), int(rng.integers(1, most + 1)))
    start = int(rng.integers(len(pieces) - count + 1))
    chosen = pieces[start : start + count]
    crop = source.store.crop(chosen[0].crop)
    return crop[:, chosen[0].left_px : chosen[-1].right_px], " ".join(p.text for p in chosen)


def join_crops(first: GrayImage, second: GrayImage, rng: np.random.Generator) -> GrayImage:
    """Set two words of one writer side by side, with a gap as between two names."""
    a, b = _tight(first), _tight(second)
    # Crops of one writer differ in scale, their letters less so: halve what tells them apart.
    scale = (a.shape[0] / b.shape[0]) ** 0.5
    b = np.asarray(cv2.resize(b, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
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


def make_batches(
    maker: LineMaker, config: TrainingConfig, rng: np.random.Generator
) -> Iterator[list[TrainingLine]]:
    """Make batches without end, each of lines of like width."""
    while True:
        pool = sorted(
            (maker.make(rng) for _ in range(_POOL_BATCHES * config.batch_lines)),
            key=lambda line: line.image.shape[1],
        )
        ready: list[list[TrainingLine]] = [[]]
        for line in pool:
            group = ready[-1]
            full = len(group) == config.batch_lines
            if full or (len(group) + 1) * line.image.shape[1] > config.batch_width_px:
                ready.append([])
            ready[-1].append(line)
        for index in rng.permutation(len(ready)):
            if ready[index]:
                yield ready[index]


def batches(
    config: TrainingConfig, alphabet: Alphabet, *, first_step: int
) -> Iterator[list[TrainingLine]]:
    """Make batches in a process of its own, which ends with the iteration."""
    context = mp.get_context("spawn")
    queue: mp.Queue[list[TrainingLine]] = context.Queue(_QUEUE_BATCHES)
    stop = context.Event()
    worker = context.Process(
        target=_fill, args=(queue, stop, config, alphabet.characters, first_step), daemon=True
    )
    worker.start()
    try:
        while True:
            yield _next(queue, worker)
    finally:
        stop.set()
        worker.terminate()
        worker.join()


def _next(
    queue: mp.Queue[list[TrainingLine]], worker: mp.process.BaseProcess
) -> list[TrainingLine]:
    """Wait for a batch, or say that the process which makes them is gone."""
    while True:
        try:
            return queue.get(timeout=5)
        except Exception as error:
            if not worker.is_alive():
                raise RuntimeError("the process that makes lines has died") from error


def _fill(
    queue: mp.Queue[list[TrainingLine]],
    stop: Event,
    config: TrainingConfig,
    characters: str,
    first_step: int,
) -> None:
    cv2.setNumThreads(0)
    rng = np.random.default_rng([config.seed, first_step])
    maker = LineMaker(config, Alphabet(characters))
    for batch in make_batches(maker, config, rng):
        queue.put(batch)
        if stop.is_set():
            return
