from __future__ import annotations

import itertools
import multiprocessing as mp
import os
import signal
import struct

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet, frames_needed
from recognition.training.config import DrawnConfig, SourceConfig, TrainingConfig
from recognition.training.dataset import LineMaker, TrainingLine
from recognition.training.feed import _fill, _next, batches, make_batches
from tests.unit.recognition.training.sources import FONTS, write_list, write_names

ALPHABET = Alphabet(NAME_ALPHABET)


@pytest.fixture
def config(tmp_path):
    write_names(tmp_path, "train")
    return TrainingConfig(
        out=tmp_path / "run",
        steps=10,
        batch_lines=4,
        batch_width_px=600,
        max_width_px=200,
        sources=(SourceConfig(folder=tmp_path, split="train", share=1.0, case="open"),),
        drawn=DrawnConfig(
            fonts=tuple(FONTS[:2]), names=(write_list(tmp_path / "list.csv"),), share=1.0
        ),
    )


def test_lines_fit_the_limits_and_come_from_every_source(config):
    maker = LineMaker(config, ALPHABET)
    rng = np.random.default_rng(1)

    made = [maker.make(rng) for _ in range(60)]

    assert {line.open_case for line in made} == {True, False}
    for line in made:
        height, width = line.image.shape
        assert height == 32
        assert width <= config.max_width_px
        assert width / 4 > frames_needed(ALPHABET.encode(line.text)) - 1
    assert len(maker.checksums) == 1


def test_a_line_has_frames_for_the_longest_way_to_write_a_label_whose_case_is_open(config):
    maker = LineMaker(config, ALPHABET)
    image = np.zeros((32, 4 * 6), np.uint8)  # six frames: WEISS needs as many, with one to spare

    def fits(text, *, open_case):
        return maker._fits(TrainingLine(image=image, text=text, open_case=open_case))  # noqa: SLF001 - the rule itself

    assert fits("Wei\u00df", open_case=False)
    assert not fits("Wei\u00df", open_case=True)
    assert fits("Weis", open_case=True)


def test_the_same_seed_makes_the_same_lines(config):
    maker = LineMaker(config, ALPHABET)

    first, again = (maker.make(np.random.default_rng(5)) for _ in range(2))

    assert first.text == again.text
    np.testing.assert_array_equal(first.image, again.image)


def test_batches_keep_to_their_limits(config):
    maker = LineMaker(config, ALPHABET)

    for batch in itertools.islice(make_batches(maker, config, np.random.default_rng(1)), 30):
        widest = max(line.image.shape[1] for line in batch)
        assert 1 <= len(batch) <= config.batch_lines
        assert len(batch) == 1 or len(batch) * widest <= config.batch_width_px


@pytest.mark.slow
def test_the_feeding_process_ends_with_the_iteration(config):
    feed = batches(config, ALPHABET, first_step=0)

    batch = next(feed)
    feed.close()

    assert batch
    assert not mp.active_children()


@pytest.mark.slow
def test_a_feeding_process_that_dies_is_noticed(config):
    feed = batches(config, ALPHABET, first_step=0)
    next(feed)
    (worker,) = mp.active_children()
    worker.kill()

    with pytest.raises(RuntimeError, match="has died"):
        list(feed)


def test_a_batch_that_is_left_half_sent_is_noticed():
    context = mp.get_context("spawn")
    queue = context.Queue(1)
    pipe = queue._writer  # type: ignore[attr-defined]  # noqa: SLF001 - as it is closed by the feed
    os.write(pipe.fileno(), struct.pack("!i", 100) + b"half")
    pipe.close()

    with pytest.raises(RuntimeError, match="has died"):
        _next(queue, context.Process())


def test_the_feeding_process_gives_up_once_it_is_told_to_stop(config):
    context = mp.get_context("spawn")
    queue, stop = context.Queue(1), context.Event()
    stop.set()
    answer = signal.getsignal(signal.SIGINT)

    _fill(queue, stop, config, ALPHABET.characters, first_step=0)

    assert queue.empty()
    assert signal.getsignal(signal.SIGINT) is answer  # Ctrl-C still ends the tests
