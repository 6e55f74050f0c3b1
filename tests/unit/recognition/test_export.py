from __future__ import annotations

import dataclasses
import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from recognition.alphabet import Alphabet
from recognition.batching import pad_lines
from recognition.checkpoint import Checkpoint, load_checkpoint
from recognition.export import onnx_model
from recognition.preprocess import line_image
from recognition.recognizer import Recognizer
from recognition.training.synthetic import draw_name
from recognition.types import LineBatch
from tests.unit.recognition.networks import DEEP, SMALL, small_network
from tests.unit.recognition.training.sources import FONTS

HOW_TO = Path(__file__).parents[3] / "docs" / "howto" / "export.md"
TOLERANCE = 1e-4  # log probability; float32 sums run in another order
SHIPPED_TOLERANCE = 5e-4  # the same of the shipped network, which adds up far more


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


@pytest.fixture(scope="module")
def written():
    """Line images of drawn names: what a trained network is sure of, as of no random lines."""
    rng = np.random.default_rng(3)
    names = ("Ada Lovelace", "ÉLODIE", "O'Neil", "Jean-Luc de la Cruz", "Groß", "NOA")
    return [
        line_image(draw_name(name, font_path=font, height_px=48, rng=rng))
        for name, font in zip(names, itertools.cycle(FONTS), strict=False)
    ]


def test_the_shipped_network_reads_as_it_does_in_torch(written):
    shipped = load_checkpoint()

    wanted, frames, got, own_frames = both(
        shipped.model, session(onnx_model(shipped)), pad_lines(written)
    )

    assert own_frames.tolist() == frames.tolist()
    for column, own in enumerate(frames):
        mine, theirs = got[:own, column], wanted[:own, column]
        assert np.abs(mine - theirs).max() < SHIPPED_TOLERANCE
        assert mine.argmax(axis=1).tolist() == theirs.argmax(axis=1).tolist()


def test_what_the_how_to_calls_free_of_pytorch_is_and_likelihood_is_not():
    free = ["decode", "confidence", "rewriting", "lexicon", "prior", "scoring", "preprocess"]
    code = "import sys; sys.modules['torch'] = None\n"
    code += "".join(f"import recognition.{name}\n" for name in free)

    for module, works in (("scoring", True), ("likelihood", False)):
        command = [sys.executable, "-c", f"{code}import recognition.{module}"]
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603, our own
        assert (done.returncode == 0) == works


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
