from __future__ import annotations

from pathlib import Path

import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.recognizer import Recognizer
from recognition.training.calibrate import calibrate, fitting_half
from recognition.training.manifest import Sample, read_split
from tests.unit.recognition.networks import small_network
from tests.unit.recognition.training.sources import write_names


def reader():
    return Recognizer(
        small_network(), Alphabet(NAME_ALPHABET), model_id="small", temperature=1.0, device="cpu"
    )


def test_the_halves_are_the_same_in_every_run_and_of_like_size():
    samples = [Sample(image=Path(f"{n}.jpg"), text="A", writer=None) for n in range(400)]

    half = fitting_half(samples)

    assert half == fitting_half(samples[::-1])[::-1]
    assert 160 <= len(half) <= 240


def test_a_network_that_is_always_wrong_is_made_to_doubt_itself(tmp_path):
    write_names(tmp_path, "train", ["ADA", "EVE", "NOA", "MAX", "LEO", "AMY"])

    temperature = calibrate(reader(), read_split(tmp_path, "train"))

    assert temperature == pytest.approx(0.1)  # the lowest: confidence is driven to 0


def test_nothing_to_fit_leaves_the_confidence_as_it_is():
    assert calibrate(reader(), []) == 1.0
