"""Batches of training lines, made in a process of their own.

The network never waits for drawing and distorting. The process imports no torch and ends with
the run, however the run ends.
"""

from __future__ import annotations

import contextlib
import multiprocessing as mp
import os
import signal
from functools import partial
from queue import Empty, Full
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.alphabet import Alphabet
from recognition.training.dataset import LineMaker

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from multiprocessing.synchronize import Event

    from recognition.training.config import TrainingConfig
    from recognition.training.dataset import TrainingLine

_POOL_BATCHES = 24  # lines of so many batches are sorted by width before they are batched
_QUEUE_BATCHES = 48
_DIED = "the process that makes lines has died"
_LOOK_S = 2.0  # how often a waiting process looks whether the other one is alive


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
) -> Generator[list[TrainingLine]]:
    """Make batches in a process of its own, which ends with the iteration."""
    context = mp.get_context("spawn")
    queue: mp.Queue[list[TrainingLine]] = context.Queue(_QUEUE_BATCHES)
    stop = context.Event()
    fill = partial(_fill, queue, stop, config, alphabet.characters, first_step)
    worker = context.Process(target=_apart, args=(fill,), daemon=True)
    worker.start()
    # Held open here, the pipe of a process that dies within a batch would never come to its end.
    queue._writer.close()  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
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
            return queue.get(timeout=_LOOK_S)
        except Empty as error:
            if not worker.is_alive():
                raise RuntimeError(_DIED) from error
        except (EOFError, OSError) as error:  # it left a batch half sent, or none
            raise RuntimeError(_DIED) from error


def _apart(work: Callable[[], None]) -> None:
    """Do work in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the run's to answer; it ends this
    cv2.setNumThreads(0)
    work()


def _fill(
    queue: mp.Queue[list[TrainingLine]],
    stop: Event,
    config: TrainingConfig,
    characters: str,
    first_step: int,
) -> None:
    queue.cancel_join_thread()  # batches that nobody takes must not hold the process back
    rng = np.random.default_rng([config.seed, first_step])
    maker = LineMaker(config, Alphabet(characters))
    parent = os.getppid()
    for batch in make_batches(maker, config, rng):
        # A run that was killed cannot stop this process, so it looks for itself.
        while not stop.is_set() and os.getppid() == parent:
            with contextlib.suppress(Full):
                queue.put(batch, timeout=_LOOK_S)
                break
        else:
            return
