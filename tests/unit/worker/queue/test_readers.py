from __future__ import annotations

import pytest

from tests.factories import make_identity
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from tests.queue_rows import make_offer
from worker.errors import ConfigError, ModelUnavailableError
from worker.queue.readers import Readers
from worker.thresholds import NO_THRESHOLDS

HERE = make_offer()
ELSEWHERE = make_offer(identity=make_identity(model_id="ffffffffffff"))


def make_readers(load=lambda _: ScriptedRecognizer(), decoder=lambda _: "greedy"):
    models = lambda: ["0123456789ab"]  # noqa: E731, shorter than its name
    return Readers(decoder, load, models=models, thresholds=NO_THRESHOLDS)


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
