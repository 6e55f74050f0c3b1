from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from recognition.alphabet import Alphabet
from recognition.batching import pad_lines
from recognition.checkpoint import Checkpoint
from recognition.export import onnx_model
from recognition.recognizer import Recognizer
from recognition.types import LineBatch
from tests.unit.recognition.networks import DEEP, SMALL, small_network

HOW_TO = Path(__file__).parents[3] / "docs" / "howto" / "export.md"
TOLERANCE = 1e-4  # log probability; float32 sums run in another order


def checkpoint(config=SMALL):
    return Checkpoint(
        model=small_network(config), config=config, record={}, model_id="0123456789ab"
    )


def session(data):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def exported():
    return session(onnx_model(checkpoint()))


def lines(*widths, seed=5):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (SMALL.height_px, width), dtype=np.uint8) for width in widths]


def both(model, exported, batch):
    with torch.inference_mode():
        wanted = model(batch)
    log_probs, own = exported.run(
        None, {"images": batch.images.numpy(), "widths_px": batch.widths_px.numpy()}
    )
    return wanted.values.numpy(), wanted.frames.numpy(), log_probs, own


@pytest.mark.parametrize("seed", range(4))
def test_a_padded_batch_of_any_widths_reads_as_it_does_in_torch(exported, seed):
    rng = np.random.default_rng(seed)
    batch = pad_lines(lines(*rng.integers(1, 400, int(rng.integers(1, 9))), seed=seed))

    wanted, wanted_frames, got, frames = both(small_network(), exported, batch)

    assert got.shape == wanted.shape
    assert frames.tolist() == wanted_frames.tolist()
    for column, own in enumerate(frames):
        assert np.abs(got[:own, column] - wanted[:own, column]).max() < TOLERANCE


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 31, 33])
def test_a_width_that_is_no_multiple_of_anything_gives_as_many_frames(exported, width):
    image = torch.rand(1, 1, SMALL.height_px, width)
    batch = LineBatch(images=image, widths_px=torch.tensor([width]))

    wanted, _, got, _ = both(small_network(), exported, batch)

    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() < TOLERANCE


def test_what_follows_a_line_does_not_change_it(exported):
    short, long = lines(40, 200)

    alone = exported.run(None, feed(pad_lines([short])))[0]
    beside = exported.run(None, feed(pad_lines([short, long])))[0]

    assert np.abs(alone[:10, 0] - beside[:10, 0]).max() < TOLERANCE


def feed(batch):
    return {"images": batch.images.numpy(), "widths_px": batch.widths_px.numpy()}


def test_a_network_of_one_layer_is_written_as_well():
    config = dataclasses.replace(SMALL, rnn_layers=1, height_px=48)
    image = torch.rand(2, 1, 48, 64)
    batch = LineBatch(images=image, widths_px=torch.tensor([64, 20]))

    wanted, _, got, _ = both(small_network(config), session(onnx_model(checkpoint(config))), batch)

    assert np.abs(got[:5] - wanted[:5]).max() < TOLERANCE


def test_layers_that_were_added_are_written_as_well():
    batch = pad_lines(lines(30, 130))

    wanted, frames, got, _ = both(small_network(DEEP), session(onnx_model(checkpoint(DEEP))), batch)

    for column, own in enumerate(frames):
        assert np.abs(got[:own, column] - wanted[:own, column]).max() < TOLERANCE


def test_the_file_says_how_to_use_it(exported):
    said = exported.get_modelmeta().custom_metadata_map

    assert said["alphabet"] == SMALL.alphabet
    assert said["height_px"] == str(SMALL.height_px)
    assert (said["blank"], said["frame_px"], said["model_id"]) == ("0", "4", "0123456789ab")
    assert [(value.name, value.shape) for value in exported.get_inputs()] == [
        ("images", ["N", 1, SMALL.height_px, "W"]),
        ("widths_px", ["N"]),
    ]


def test_the_same_network_gives_the_same_bytes():
    data = onnx_model(checkpoint())

    assert data == onnx_model(checkpoint())
    assert onnx.load_from_string(data).opset_import[0].version == 17


def test_the_code_of_the_how_to_reads_what_penname_reads(tmp_path, monkeypatch):
    (tmp_path / "names.onnx").write_bytes(onnx_model(checkpoint()))
    monkeypatch.chdir(tmp_path)
    reader = Recognizer(small_network(), Alphabet(SMALL.alphabet), model_id="test", device="cpu")
    rng = np.random.default_rng(1)
    crops = [rng.integers(0, 256, (40, width), dtype=np.uint8) for width in (90, 200, 333)]
    (code,) = re.findall(r"```python\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)

    said: dict[str, Any] = {}
    exec(code, said)  # noqa: S102, the page's own lines

    assert [said["read"](crop) for crop in crops] == [r.text for r in reader.read(crops)]
    assert any(reading.text for reading in reader.read(crops))
