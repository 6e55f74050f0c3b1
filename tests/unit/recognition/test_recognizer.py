from __future__ import annotations

import math

import numpy as np
import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.checkpoint import save_checkpoint
from recognition.confidence import UNCALIBRATED, Calibrator, Calibrators
from recognition.line_reader import read_lines
from recognition.preprocess import line_image
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.rewriting import PriorParams, with_prior
from tests.unit.recognition.networks import SMALL, small_network


@pytest.fixture(scope="module")
def reader():
    return Recognizer(small_network(), Alphabet(NAME_ALPHABET), model_id="test", device="cpu")


def crops(count=9, seed=4):
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        crop = np.full((int(rng.integers(20, 90)), int(rng.integers(30, 400))), 255, np.uint8)
        for x in range(5, crop.shape[1] - 8, 12):
            crop[int(rng.integers(2, 8)) : -3, x : x + 3] = rng.integers(0, 120)
        crop.setflags(write=False)
        made.append(crop)
    return made


def test_readings_come_in_the_order_of_the_crops(reader):
    given = crops()

    together = reader.read(given)

    alone = [reader.read([crop])[0] for crop in given]
    assert [r.text for r in together] == [r.text for r in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
        assert 0 <= one.confidence <= 1
        assert one.model_id == "test"


def test_no_crops_give_no_readings(reader):
    assert reader.read([]) == []


@pytest.mark.parametrize(
    "crop",
    [
        np.full((50, 200), 255, np.uint8),
        np.zeros((50, 200), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((10, 5000), 255, np.uint8),
    ],
    ids=["blank", "black", "one-pixel", "very-wide"],
)
def test_degenerate_crops_are_read_like_any_other(reader, crop):
    (reading,) = reader.read([crop])

    assert reading.text == reading.text.strip()


def test_names_stay_out_of_what_is_printed(reader):
    (reading,) = reader.read(crops(1))

    assert "text" not in repr(reading)
    assert "chars" not in repr(reading)


def test_a_checkpoint_gives_its_own_id_and_calibrators(tmp_path):
    path = tmp_path / "small.safetensors"
    sure = Calibrators(ink=Calibrator(intercept=9.0, weight=0.0))
    model_id = save_checkpoint(path, small_network(), SMALL, {"calibrators": sure.as_dict()})

    hot = Recognizer.load(path)
    save_checkpoint(path, small_network(), SMALL, {})
    plain = Recognizer.load(path)

    assert hot.model_id == model_id != plain.model_id
    (crop,) = crops(1)
    assert hot.read([crop])[0].confidence > plain.read([crop])[0].confidence


def test_a_recognizer_that_believes_a_prior_says_what_ink_and_names_say(reader):
    prior, wanted = read_prior(), {}
    lines = [line_image(crop) for crop in crops(5)]
    for index, log_probs in read_lines(small_network(), lines, device="cpu"):
        weighed = with_prior(
            log_probs, alphabet=Alphabet(NAME_ALPHABET), prior=prior, params=PriorParams()
        )
        wanted[index] = weighed.text

    readings = reader.believing(prior).read(crops(5))

    assert [reading.text for reading in readings] == [wanted[index] for index in range(5)]
    for reading in readings:
        assert reading.evidence.share is not None
        assert reading.confidence == UNCALIBRATED.confidence(reading.evidence)


def test_without_names_confidence_is_made_of_the_ink_alone(reader):
    for reading in reader.read(crops(3)):
        assert reading.evidence.share is None
        assert reading.confidence == pytest.approx(math.exp(reading.evidence.ink_log_prob))


def test_a_recognizer_that_believes_a_prior_keeps_its_calibrators():
    calibrators = Calibrators(names=Calibrator(intercept=9.0, weight=0.0))
    own = Recognizer(
        small_network(),
        Alphabet(NAME_ALPHABET),
        model_id="test",
        device="cpu",
        calibrators=calibrators,
    )

    (reading,) = own.believing(read_prior()).read(crops(1))

    assert reading.confidence == calibrators.names.confidence(reading.evidence) > 0.99
