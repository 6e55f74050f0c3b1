from __future__ import annotations

import pytest

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.errors import ManifestError
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.training.evaluate import evaluate_names, score, select
from recognition.training.halves import Half, half_of
from recognition.training.manifest import is_held_out, read_split
from tests.factories import make_reading
from tests.unit.recognition.networks import small_network
from tests.unit.recognition.training.sources import TEXTS, write_hands, write_names


@pytest.fixture(scope="module")
def reader():
    return Recognizer(small_network(), Alphabet(NAME_ALPHABET), model_id="small", device="cpu")


def test_a_report_is_the_hand_counted_one():
    # Read EVA for Éva (folded right), ID for Ida (1 edit of 3) and nothing for Bo (2 of 2).
    read = zip(["EVA", "ID", ""], [0.9, 0.7, 0.2], strict=True)
    readings = [make_reading(text=text, confidence=confidence) for text, confidence in read]

    report = score(readings, ["Éva", "Ida", "Bo"], crops_per_s=10.0, model_id="m")

    assert report.n == 3
    assert report.exact == 0
    assert report.exact_folded == pytest.approx(1 / 3)
    assert report.cer == pytest.approx(3 / 8)
    assert report.cer_strict == pytest.approx((3 + 2 + 2) / 8)
    assert report.ece == pytest.approx((0.1 + 0.7 + 0.2) / 3)
    assert report.straight_through == dict.fromkeys(("0.005", "0.01", "0.02"), 1 / 3)


def test_a_split_is_read_whole(reader, tmp_path):
    write_names(tmp_path, "validation")

    report = evaluate_names(reader, tmp_path, "validation")

    assert report.n == len(TEXTS)
    assert report.cer > 0
    assert report.crops_per_s > 0
    assert report.model_id == "small"


def test_a_prior_is_scored_beside_the_greedy_reading_not_in_its_place(reader, tmp_path):
    write_names(tmp_path, "validation")

    without = evaluate_names(reader, tmp_path, "validation")
    beside = evaluate_names(reader, tmp_path, "validation", prior=read_prior())

    assert without.prior is None
    assert beside.prior is not None
    alone = evaluate_names(reader.believing(read_prior()), tmp_path, "validation")
    assert (beside.prior.exact_folded, beside.prior.cer) == (alone.exact_folded, alone.cer)
    assert beside.prior.ece == pytest.approx(alone.ece)
    assert beside.prior.straight_through.keys() == without.straight_through.keys()
    assert (beside.exact, beside.cer_strict) == (without.exact, without.cer_strict)


def test_holdout_keeps_only_writers_that_training_leaves_out(tmp_path):
    write_hands(tmp_path, "hands", ["Ada"] * 40, writers=20)

    kept = select(tmp_path, "hands", holdout=True, limit=None)

    assert kept
    assert all(sample.writer is not None and is_held_out(sample.writer) for sample in kept)
    assert len(select(tmp_path, "hands", holdout=False, limit=3)) == 3


def test_either_half_can_be_measured_alone(reader, tmp_path):
    write_names(tmp_path, "validation")

    halves = [evaluate_names(reader, tmp_path, "validation", half=half).n for half in Half]

    assert sum(halves) == len(TEXTS)
    assert all(halves)


def test_a_half_that_holds_nothing_is_refused(reader, tmp_path):
    write_names(tmp_path, "one", ["ADA"])
    (sample,) = read_split(tmp_path, "one")
    (empty,) = set(Half) - {half_of(sample)}

    with pytest.raises(ManifestError, match="no such crop"):
        evaluate_names(reader, tmp_path, "one", half=empty)


def test_a_missing_split_is_refused(reader, tmp_path):
    with pytest.raises(ManifestError, match="neither"):
        evaluate_names(reader, tmp_path, "none")


def test_labels_without_any_letter_are_bad_data_and_one_of_them_is_not(reader, tmp_path):
    write_names(tmp_path, "none", ["...", ".."])
    write_names(tmp_path, "some", ["...", "Ada"])

    with pytest.raises(ManifestError, match="no label of split 'none'"):
        evaluate_names(reader, tmp_path, "none")
    assert evaluate_names(reader, tmp_path, "some").n == 2
