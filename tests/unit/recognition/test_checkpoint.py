from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from recognition.checkpoint import load_checkpoint, save_checkpoint
from recognition.errors import CheckpointError
from tests.unit.recognition.networks import SMALL, small_network

RECORD = {"seed": 1, "temperature": 1.5}


@pytest.fixture
def release(tmp_path):
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, small_network(), SMALL, RECORD)
    return path


def rewrite(path, *, metadata=None, tensors=None):
    """Write the file again with some of it changed."""
    with safe_open(path, "pt") as file:
        kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        stored = dict(file.metadata())
    save_file({**kept, **(tensors or {})}, path, {**stored, **(metadata or {})})


def test_a_release_comes_back_whole(release):
    checkpoint = load_checkpoint(release)

    assert checkpoint.config == SMALL
    assert checkpoint.record == RECORD
    assert checkpoint.model_id == hashlib.sha256(release.read_bytes()).hexdigest()[:12]
    assert not checkpoint.model.training
    for name, tensor in small_network().state_dict().items():
        torch.testing.assert_close(checkpoint.model.state_dict()[name], tensor)


def test_saving_tells_the_model_id(tmp_path):
    path = tmp_path / "a.safetensors"

    model_id = save_checkpoint(path, small_network(), SMALL, RECORD)

    assert load_checkpoint(path).model_id == model_id
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_the_release_inside_the_package_loads_and_is_small():
    checkpoint = load_checkpoint()

    assert checkpoint.config.alphabet
    assert checkpoint.record["data_sha256"]


@pytest.mark.parametrize("keep", [0, 4, 100, -1], ids=["empty", "head", "part", "last-byte"])
def test_a_file_cut_short_is_refused(release, keep):
    release.write_bytes(release.read_bytes()[:keep])

    with pytest.raises(CheckpointError, match="cannot read"):
        load_checkpoint(release)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="cannot read"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_a_changed_weight_is_refused(release):
    data = bytearray(release.read_bytes())
    data[-1] ^= 1
    release.write_bytes(data)

    with pytest.raises(CheckpointError, match="not those that were saved"):
        load_checkpoint(release)


def settings_with(**changes):
    return json.dumps({**dataclasses.asdict(SMALL), **changes})


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        pytest.param({"format": "other"}, "format", id="format"),
        pytest.param({"config": "{"}, "settings", id="no-json"),
        pytest.param({"config": "{}"}, "settings", id="no-settings"),
        pytest.param({"config": "[]"}, "settings", id="no-table"),
        pytest.param({"config": settings_with(spin=1)}, "settings", id="unknown-setting"),
        pytest.param({"config": settings_with(alphabet="aa")}, "settings", id="alphabet-twice"),
        pytest.param({"config": settings_with(alphabet="abc")}, "fit", id="other-alphabet"),
        pytest.param({"config": settings_with(rnn_units=9)}, "fit", id="other-size"),
        pytest.param({"config": settings_with(height_px=31)}, "fit", id="impossible-height"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(release, metadata, message):
    rewrite(release, metadata=metadata)

    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(release)
