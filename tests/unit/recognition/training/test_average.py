from __future__ import annotations

import dataclasses

import pytest
import torch

from recognition.checkpoint import load_checkpoint, save_checkpoint
from recognition.model import Crnn
from recognition.training.average import main
from tests.unit.recognition.networks import SMALL, small_network

RECORD = {"steps": 3, "metrics": {"names": {"cer": 0.1}}, "calibrators": {"ink": {"weight": 2.0}}}


@pytest.fixture
def files(tmp_path):
    before, after = small_network(), small_network()
    with torch.no_grad():
        for weights in after.parameters():
            weights.add_(1.0)
    ids = [
        save_checkpoint(tmp_path / "before", before, SMALL, {"steps": 1}),
        save_checkpoint(tmp_path / "after", after, SMALL, RECORD),
    ]
    return tmp_path, ids


def averaged(folder, *options):
    return main([str(folder / name) for name in ("before", "after", "out")] + list(options))


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_every_weight_lies_between_those_of_the_two(files, share):
    folder, _ = files

    assert averaged(folder, "--share", str(share)) == 0

    before, out = (load_checkpoint(folder / name).model for name in ("before", "out"))
    for (name, old), new in zip(before.named_parameters(), out.parameters(), strict=True):
        torch.testing.assert_close(new, old + share, msg=name)


def test_the_record_says_what_was_averaged_and_keeps_no_figure_of_one(files, capsys):
    folder, ids = files

    assert averaged(folder) == 0

    checkpoint = load_checkpoint(folder / "out")
    assert checkpoint.record == {"steps": 3, "average": {"of": ids, "share": 0.6}}
    assert checkpoint.model_id in capsys.readouterr().out


def test_two_networks_of_other_sizes_have_no_average(files, capsys):
    folder, _ = files
    other = dataclasses.replace(SMALL, rnn_units=2 * SMALL.rnn_units)
    save_checkpoint(folder / "before", Crnn(other), other, {})

    assert averaged(folder) == 65

    assert "two networks" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_missing_checkpoint_ends_with_its_code(files):
    folder, _ = files
    (folder / "after").unlink()

    assert averaged(folder) == 65


@pytest.mark.parametrize("share", ["1.1", "-0.1", "nan", "half"])
def test_a_share_beyond_both_is_refused(files, share):
    with pytest.raises(SystemExit, match="2"):
        averaged(files[0], "--share", share)
