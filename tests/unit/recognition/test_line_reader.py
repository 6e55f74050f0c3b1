from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from recognition.batching import pad_lines, padded_px
from recognition.errors import DeviceMemoryError, FramesNotFiniteError
from recognition.line_reader import ON_CPU, LineReader
from recognition.model import Crnn, frames
from tests.unit.recognition.networks import SMALL, ScriptedNetwork, small_network

TOLERANCE = 1e-4  # log probability; float32 sums run in another order in another shape
HALF_TOLERANCE = 0.1  # bfloat16 keeps 8 bits


class Memory:
    """A device that holds so many columns at once, and no more."""

    def __init__(self, columns):
        self.columns = columns
        self.asked = []

    def network(self):
        """Give the small network as it would run there."""
        memory = self

        class InMemory(Crnn):
            def forward(self, batch, *, dtype=None):
                columns = batch.images.shape[0] * batch.images.shape[3]
                memory.asked.append(columns)
                if columns > memory.columns:
                    raise torch.OutOfMemoryError("no room")
                return super().forward(batch, dtype=dtype)

        model = InMemory(SMALL).eval()
        model.load_state_dict(small_network().state_dict())
        return model


def lines(count=45, *, widest=300, seed=3):
    rng = np.random.default_rng(seed)
    made = []
    for width in rng.integers(1, widest, count):
        line = rng.integers(0, 256, (SMALL.height_px, int(width)), dtype=np.uint8)
        line.setflags(write=False)
        made.append(line)
    return made


def one_by_one(given):
    model, cores = small_network(), torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.inference_mode():
        found = [model(pad_lines([line])).values[: frames(line.shape[1]), 0] for line in given]
    torch.set_num_threads(cores)
    return found


def check_same(found, given, *, tolerance=TOLERANCE):
    assert sorted(found) == list(range(len(given)))
    for index, (line, wanted) in enumerate(zip(given, one_by_one(given), strict=True)):
        assert found[index].shape == (frames(line.shape[1]), len(SMALL.alphabet) + 1)
        assert float(np.abs(found[index] - wanted.numpy()).max()) < tolerance


@pytest.fixture(params=[1, 2, 3], ids="{} cores".format)
def cores(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_lines_read_the_same_together_as_alone_on_any_number_of_cores(cores):
    given = lines()

    found = dict(LineReader(small_network(), device="cpu").read(given))

    check_same(found, given)
    assert torch.get_num_threads() == cores


def test_no_lines_give_nothing():
    assert list(LineReader(small_network(), device="cpu").read([])) == []


def test_cores_read_side_by_side_each_without_the_others(cores):
    seen = set()

    class Watched(Crnn):
        def forward(self, batch, *, dtype=None):
            seen.add((threading.get_ident(), torch.get_num_threads()))
            return super().forward(batch, dtype=dtype)

    model = Watched(SMALL).eval()
    model.load_state_dict(small_network().state_dict())

    list(LineReader(model, device="cpu").read(lines(200)))

    assert 1 <= len(seen) <= cores
    assert {count for _, count in seen} == {1}


def test_a_few_lines_are_shared_among_the_cores(cores):
    memory = Memory(10**9)

    list(LineReader(memory.network(), device="cpu").read(lines(6, widest=16)))

    assert memory.asked == [6 // cores * 16] * cores


@pytest.mark.usefixtures("cores")
def test_a_group_too_large_for_the_memory_is_halved_and_the_size_remembered():
    given = lines(40, widest=64)
    memory = Memory(8 * 64)
    reader = LineReader(memory.network(), device="cpu")

    found = dict(reader.read(given))
    refused = [columns for columns in memory.asked if columns > memory.columns]
    memory.asked.clear()
    again = dict(reader.read(given))

    assert refused
    check_same(found, given)
    check_same(again, given)
    assert memory.asked
    assert max(memory.asked) <= memory.columns, "the second time nothing is tried in vain"


def test_one_line_that_does_not_fit_is_named_and_costs_later_ones_nothing():
    given = [*lines(5, widest=40), np.zeros((SMALL.height_px, 800), np.uint8)]
    reader = LineReader(Memory(5 * 48).network(), device="cpu")

    with pytest.raises(DeviceMemoryError, match="line 5, 800 px wide") as caught:
        list(reader.read(given))

    assert (caught.value.line, caught.value.width_px) == (5, 800)
    check_same(dict(reader.read(given[:5])), given[:5])


def test_a_faulty_network_says_so_whichever_core_met_it(cores):
    def fail(*_):
        raise RuntimeError("broken")

    model = small_network()
    model.register_forward_pre_hook(fail)

    with pytest.raises(RuntimeError, match="broken"):
        list(LineReader(model, device="cpu").read(lines()))

    assert torch.get_num_threads() == cores


def test_groups_keep_to_their_limits():
    memory = Memory(10**9)

    list(LineReader(memory.network(), device="cpu").read(lines(70, widest=900)))

    assert len(memory.asked) > 2
    assert max(memory.asked) <= ON_CPU.max_columns


def test_half_precision_reads_nearly_the_same():
    given = lines(10)

    found = dict(LineReader(small_network(), device="cpu", dtype=torch.bfloat16).read(given))

    check_same(found, given, tolerance=HALF_TOLERANCE)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_gpu_reads_what_a_cpu_reads():
    given = lines(300)

    found = dict(LineReader(small_network(), device="cuda:0").read(given))

    check_same(found, given, tolerance=HALF_TOLERANCE)


def test_a_width_is_padded_to_the_next_step():
    assert [padded_px(width, 64) for width in (1, 64, 65)] == [64, 64, 128]


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=str)
def test_an_answer_that_is_not_finite_is_an_error_and_no_reading(value):
    answer = np.full((9, len(SMALL.alphabet) + 1), -5.0, np.float32)
    answer[4] = value
    reader = LineReader(ScriptedNetwork(answer), device="cpu")  # type: ignore[arg-type] # a full double of a network, not a Crnn

    with pytest.raises(FramesNotFiniteError, match="not finite, on cpu") as caught:
        list(reader.read(lines(1)))

    assert caught.value.line == 0


def test_labels_that_are_impossible_are_no_fault():
    answer = np.full((9, len(SMALL.alphabet) + 1), -np.inf, np.float32)
    answer[:, 0] = 0
    reader = LineReader(ScriptedNetwork(answer), device="cpu")  # type: ignore[arg-type] # as above

    assert len(list(reader.read(lines(2)))) == 2
