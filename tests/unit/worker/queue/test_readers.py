from __future__ import annotations

import pytest

from tests.factories import make_identity
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from tests.queue_rows import make_offer
from worker.config import Settings
from worker.errors import ConfigError, ModelUnavailableError
from worker.queue.readers import Readers
from worker.stations import WorkerProcess, _load_reader, _Models
from worker.thresholds import NO_THRESHOLDS

HERE = make_offer()
ELSEWHERE = make_offer(identity=make_identity(model_id="ffffffffffff"))


def make_readers(load=lambda _: ScriptedRecognizer(), decoder=lambda _: "greedy", **options):
    models = lambda: ["0123456789ab"]  # noqa: E731, shorter than its name
    return Readers(decoder, load, models=models, thresholds=NO_THRESHOLDS, **options)


def test_only_models_that_are_here_are_served():
    assert make_readers().served([HERE, ELSEWHERE]) == [HERE.identity.read_with]


def test_names_that_are_others_here_are_not_read_with():
    def lists_gone(_):
        raise ConfigError("the list is missing")

    assert make_readers(decoder=lambda _: "dddddddddddd").served([HERE]) == []
    assert make_readers(decoder=lists_gone).served([HERE]) == []


def test_a_network_is_loaded_once():
    loads = []

    def load(offer):
        loads.append(offer)
        return ScriptedRecognizer()

    readers = make_readers(load=load)
    readers.served([HERE])

    assert readers.reader(HERE.identity.read_with) is readers.reader(HERE.identity.read_with)
    assert loads == [HERE]


def test_a_network_that_cannot_be_loaded_or_does_not_work_is_no_fault_of_documents():
    def gone(_):
        raise RuntimeError("no CUDA device")

    for load in (gone, lambda _: ScriptedRecognizer(refuses=lambda _: True)):
        readers = make_readers(load=load)
        readers.served([HERE])
        with pytest.raises(ModelUnavailableError):
            readers.reader(HERE.identity.read_with)


def test_names_that_are_brought_are_found_after_a_while():
    now, here, looks = 0.0, "", []

    def decoder(_):
        looks.append(now)
        return here

    readers = make_readers(decoder=decoder, clock=lambda: now)
    assert readers.served([HERE]) == []
    here = "greedy"
    assert readers.served([HERE]) == []
    now = 31.0

    assert readers.served([HERE]) == readers.served([HERE]) == [HERE.identity.read_with]
    assert looks == [0.0, 31.0]


def test_names_that_changed_before_the_network_was_loaded_are_read_anew():
    here = ["greedy"]

    def load(_):
        raise ModelUnavailableError("the name lists were changed")

    readers = make_readers(load=load, decoder=lambda _: here[0])
    assert readers.served([HERE])
    here[0] = "dddddddddddd"
    with pytest.raises(ModelUnavailableError):
        readers.reader(HERE.identity.read_with)

    assert readers.served([HERE]) == []


def test_a_network_is_not_loaded_with_other_names_than_were_meant():
    offer = make_offer(identity=make_identity(decoder_version="dddddddddddd"))
    process = WorkerProcess(settings=Settings(), sessions=None, hand=None)  # type: ignore[arg-type] # needs neither

    with pytest.raises(ModelUnavailableError, match="name lists were changed"):
        _load_reader(process, _Models(process.settings), offer)
