"""Run the network over lines: those of like width together, the device kept busy.

On a CPU each core reads groups of its own. Cores that share one group wait for each other
after every frame of an LSTM, and where other work takes one of them, all wait for it. On a GPU
the next group is prepared while one is read: copies are not waited for, in either direction.

A group that does not fit the device's memory is halved, and the size that did fit is kept for
what comes after.

Sources: https://docs.pytorch.org/docs/stable/notes/cuda.html on pinned memory and streams, and
https://docs.pytorch.org/docs/stable/amp.html on autocast.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from recognition.batching import WIDTH_STEP_PX, by_width, pad_lines, padded_px
from recognition.errors import DeviceMemoryError, FramesNotFiniteError
from recognition.model import frames, fused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt
    from torch import Tensor

    from recognition.model import Crnn
    from recognition.types import LineImage

    LineLogProbs = tuple[int, npt.NDArray[np.float32]]  # a line's index and its own (T, C)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """How large a group of lines may be, and how its width is rounded."""

    max_lines: int
    max_columns: int  # lines times padded width: bounds memory where lines are wide
    step_px: int  # widths are padded to a multiple
    group_columns: int  # what a group costs whatever it holds, in columns of lines


# A CPU gains nothing from more lines, and smaller groups are shared out more evenly. A group of
# one line costs what 300 columns in a large group do, and its own on top (measured).
ON_CPU = GroupLimits(max_lines=32, max_columns=32 * 512, step_px=WIDTH_STEP_PX, group_columns=300)
# A GPU wants wide batches, and few shapes, since cuDNN plans each one anew: few groups.
ON_GPU = GroupLimits(max_lines=256, max_columns=256 * 512, step_px=64, group_columns=256 * 512)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Launched:
    """A group whose log probabilities are on their way to this machine's memory."""

    device: str
    group: list[int]
    own: list[int]  # frames of each line that are not padding
    values: Tensor  # (T, N, C) float32 on the CPU; not to be looked at before ``arrived``
    arrived: torch.cuda.Event | None  # None where they are here already

    def fetch(self) -> Iterator[LineLogProbs]:
        """Wait for the values and give each line its own.

        Raises:
            FramesNotFiniteError: a frame holds NaN, infinity or no label that is possible.
        """
        if self.arrived is not None:
            self.arrived.synchronize()
        values = self.values.numpy()
        for column, (index, own) in enumerate(zip(self.group, self.own, strict=True)):
            line = values[:own, column]
            # NaN passes every comparison further on, and would end as a sure reading.
            if not np.isfinite(line.max(axis=1)).all():
                raise FramesNotFiniteError(line=index, device=self.device)
            yield index, line


class LineReader:
    """A network on its device; remembers no line, only what the device's memory holds."""

    def __init__(self, model: Crnn, *, device: str, dtype: torch.dtype | None = None) -> None:
        """Take a network in eval mode; it is copied.

        Args:
            model: the network.
            device: where it reads, as torch names it.
            dtype: what it computes in; None is bfloat16 on a GPU that has it, else float32.
        """
        self._device = device
        self._on_gpu = torch.device(device).type == "cuda"
        self._model = fused(model).to(device)
        self._dtype = dtype or _usual_dtype(on_gpu=self._on_gpu)
        self._limits = ON_GPU if self._on_gpu else ON_CPU
        self._max_columns = self._limits.max_columns  # lowered when the memory turns out smaller

    def read(self, lines: Sequence[LineImage]) -> Iterator[LineLogProbs]:
        """Read lines of one height.

        Yields:
            Each line's index and its (T, C) log probabilities, its own frames only; groups
            come in any order.

        Raises:
            DeviceMemoryError: a line does not fit the device's memory even alone.
            FramesNotFiniteError: the network's answer to a line holds NaN or infinity.
        """
        cores = 1 if self._on_gpu else torch.get_num_threads()
        groups = self._groups([line.shape[1] for line in lines], cores)
        if cores == 1:
            launched = self._one_ahead(lines, groups)
        else:
            launched = self._side_by_side(lines, groups, cores)
        for group in launched:
            yield from group.fetch()

    def _groups(self, widths_px: Sequence[int], cores: int) -> list[list[int]]:
        """Group lines by width, the widest first: what does not fit shows at once.

        Few lines make groups enough for every core.
        """
        limits = self._limits
        groups = by_width(
            [padded_px(width, limits.step_px) for width in widths_px],
            max_lines=min(limits.max_lines, max(1, -(-len(widths_px) // cores))),
            max_pixels=self._max_columns,
            group_px=limits.group_columns,
        )
        return groups[::-1]

    def _side_by_side(
        self, lines: Sequence[LineImage], groups: Iterable[list[int]], cores: int
    ) -> Iterator[_Launched]:
        """Read a group on each core at a time."""
        try:
            with ThreadPoolExecutor(cores, initializer=_take_one_core) as pool:
                for launched in pool.map(lambda group: self._launch(lines, group), groups):
                    yield from launched
        finally:
            torch.set_num_threads(cores)  # what threads that start later will take

    def _one_ahead(
        self, lines: Sequence[LineImage], groups: Iterable[list[int]]
    ) -> Iterator[_Launched]:
        """Launch each group before the one before it is waited for."""
        waiting: list[_Launched] = []
        for group in groups:
            launched = self._launch(lines, group)
            yield from waiting
            waiting = launched
        yield from waiting

    def _launch(self, lines: Sequence[LineImage], group: list[int]) -> list[_Launched]:
        """Have a group read, in parts if it does not fit."""
        widest = max(lines[index].shape[1] for index in group)
        wide = padded_px(widest, self._limits.step_px)
        columns = len(group) * wide
        half = len(group) // 2
        if columns <= self._max_columns or len(group) == 1:
            try:
                return [self._run(lines, group)]
            except torch.OutOfMemoryError as error:
                if len(group) == 1:
                    raise DeviceMemoryError(
                        line=group[0], width_px=widest, device=self._device
                    ) from error
            # Not in the handler: there the failed run's tensors are still held.
            self._max_columns = min(self._max_columns, (len(group) - half) * wide)
            if self._on_gpu:
                torch.cuda.empty_cache()
        return [*self._launch(lines, group[:half]), *self._launch(lines, group[half:])]

    def _run(self, lines: Sequence[LineImage], group: list[int]) -> _Launched:
        own = [frames(lines[index].shape[1]) for index in group]
        with torch.inference_mode():
            batch = pad_lines(
                [lines[index] for index in group],
                step_px=self._limits.step_px,
                device=self._device,
            )
            values = self._model(batch, dtype=self._dtype).values
            # From a GPU this takes pinned memory by itself and returns before all is there.
            values = values.to("cpu", non_blocking=True)
        arrived = _mark(self._device) if self._on_gpu else None
        return _Launched(device=self._device, group=group, own=own, values=values, arrived=arrived)


def read_lines(model: Crnn, lines: Sequence[LineImage], *, device: str) -> Iterator[LineLogProbs]:
    """Read lines once; as ``LineReader.read``."""
    return LineReader(model, device=device).read(lines)


def _usual_dtype(*, on_gpu: bool) -> torch.dtype:
    """Half the bytes and tensor cores on a GPU; a CPU reads in full precision."""
    if on_gpu and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32


def _take_one_core() -> None:
    """Keep torch to this thread; it sets a thread's number when first asked, so ask first."""
    torch.get_num_threads()
    torch.set_num_threads(1)


def _mark(device: str) -> torch.cuda.Event:
    """Mark the place that a GPU's queue of work has come to."""
    event = torch.cuda.Event()  # type: ignore[no-untyped-call] # torch leaves it so
    event.record(torch.cuda.current_stream(device))
    return event
