from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.checkpoint import load_checkpoint, save_checkpoint
from recognition.confidence import UNCALIBRATED, calibrators_of
from recognition.recognizer import Recognizer
from recognition.training.calibrate import calibrate, fit, judge, judged_lines, main
from recognition.training.evaluate import read_samples
from recognition.training.halves import Half, only
from recognition.training.manifest import read_split
from recognition.types import Evidence
from tests.unit.recognition.networks import SMALL, small_network
from tests.unit.recognition.training.sources import write_hands, write_names

SURE = Evidence(ink_log_prob=-0.01, share=None)
MANY = 30  # times NAMES: the command refuses few
NAMES = ["ADA", "EVE", "NOA", "MAX", "LEO", "AMY", "IDA", "BOB"]


def reader():
    return Recognizer(small_network(), Alphabet(NAME_ALPHABET), model_id="small", device="cpu")


@pytest.fixture
def weights(tmp_path):
    """A checkpoint that reads nearly nothing, so that the search with names is quick."""
    network = small_network()
    with torch.no_grad():
        network.head.bias[0] += 9.0
    path = tmp_path / "small.safetensors"
    save_checkpoint(
        path,
        network,
        SMALL,
        {"seed": 4, "temperature": 1.5, "metrics": {"names": {"cer": 0.2, "ece": 0.3}}},
    )
    return path


def test_a_network_that_is_always_wrong_is_made_to_doubt_itself(tmp_path):
    write_names(tmp_path, "train", NAMES)
    samples = read_split(tmp_path, "train")

    fitted = calibrate(reader(), samples)

    lines = [replace(line, evidence=SURE) for line in judged_lines(reader(), samples)]
    assert not any(line.right for line in lines)
    doubting = fit(lines, start=UNCALIBRATED.ink)
    assert judge(lines, UNCALIBRATED.ink)["ece"] > 0.9
    assert judge(lines, doubting)["ece"] < 0.2
    assert fitted.ink != UNCALIBRATED.ink
    assert fitted.names != UNCALIBRATED.names


def test_nothing_to_fit_leaves_the_confidence_as_it_is():
    assert calibrate(reader(), []) == UNCALIBRATED


def test_only_the_fitting_half_is_fitted_on(tmp_path):
    write_names(tmp_path, "train", NAMES)
    lines = judged_lines(reader(), read_split(tmp_path, "train"))
    changed = [replace(line, right=line.half is Half.JUDGING) for line in lines]

    assert {line.half for line in lines} == set(Half)
    assert fit(lines, start=UNCALIBRATED.ink) == fit(changed, start=UNCALIBRATED.ink)


def test_a_text_is_right_whatever_its_case(tmp_path):
    write_names(tmp_path, "train", NAMES)
    samples = read_split(tmp_path, "train")
    readings, _ = read_samples(reader(), samples)

    relabelled = [
        replace(sample, text=reading.text.swapcase())
        for sample, reading in zip(samples, readings, strict=True)
    ]

    assert any(sample.text.isalpha() for sample in relabelled)
    assert all(line.right for line in judged_lines(reader(), relabelled))


def test_the_command_stores_both_calibrators_and_prints_the_judging_half(tmp_path, weights, capsys):
    write_names(tmp_path, "names", NAMES * MANY)
    before = load_checkpoint(weights)

    assert main([str(tmp_path), "names", "--weights", str(weights)]) == 0

    after, printed = load_checkpoint(weights), capsys.readouterr().out
    assert after.record["seed"] == 4
    assert after.record["metrics"] == {"names": {"cer": 0.2}}
    assert set(after.record["calibrators"]) == {"ink", "names"}
    assert calibrators_of(after.record) != UNCALIBRATED
    assert after.model_id != before.model_id
    assert all(
        torch.equal(old, new)
        for old, new in zip(
            before.model.state_dict().values(), after.model.state_dict().values(), strict=True
        )
    )
    assert printed.count("judging half of") == 4
    assert after.model_id in printed
    assert "ADA" not in printed


def test_the_command_can_keep_to_writers_that_training_leaves_out(tmp_path, weights, capsys):
    write_hands(tmp_path, "hands", ["Ada"] * 240, writers=30)
    asked = [str(tmp_path), "hands", "--weights", str(weights)]

    assert main([*asked, "--holdout"]) == 65

    assert re.search(r"^\d?\d crops are in the half", capsys.readouterr().err)
    assert main(asked) == 0


@pytest.mark.parametrize("count", [1, 20])
def test_two_numbers_are_not_fitted_on_a_few_crops(tmp_path, weights, capsys, count):
    write_names(tmp_path, "names", ["ADA"] * count)
    before = weights.read_bytes()

    assert main([str(tmp_path), "names", "--weights", str(weights)]) == 65

    assert weights.read_bytes() == before
    said = capsys.readouterr().err
    assert "100 and 1 are needed" in said
    assert "ADA" not in said


def test_nothing_is_stored_where_no_half_judges_it(tmp_path, weights, capsys):
    write_names(tmp_path, "names", NAMES * MANY)
    table = tmp_path / "names.csv"
    fitting = only(Half.FITTING, read_split(tmp_path, "names"))
    rows = [f"{sample.image.name},{sample.text}" for sample in fitting]
    table.write_text("\n".join(["FILENAME,IDENTITY", *rows]))

    assert main([str(tmp_path), "names", "--weights", str(weights)]) == 65
    assert "0 in the half that judges it" in capsys.readouterr().err


def test_a_file_that_is_named_by_its_id_keeps_it(tmp_path, weights, capsys):
    write_names(tmp_path, "names", NAMES * MANY)
    kept = weights.rename(tmp_path / f"{load_checkpoint(weights).model_id}.safetensors")
    before = kept.read_bytes()

    assert main([str(tmp_path), "names", "--weights", str(kept)]) == 65

    assert kept.read_bytes() == before
    assert "copy it to another name" in capsys.readouterr().err


def test_what_cannot_be_read_leaves_the_checkpoint_as_it_was(tmp_path, weights, capsys):
    before = weights.read_bytes()

    assert main([str(tmp_path), "none", "--weights", str(weights)]) == 65

    assert weights.read_bytes() == before
    assert "none" in capsys.readouterr().err
