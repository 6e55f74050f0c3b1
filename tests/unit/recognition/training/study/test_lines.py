from __future__ import annotations

import numpy as np
import pytest
import torch

from recognition.alphabet import Alphabet
from recognition.batching import pad_lines
from recognition.metrics import edits
from recognition.training.study.line_task import confusion_of, read_lines
from recognition.training.study.lines import (
    POSITIONS,
    PositionCnn,
    column_rnn,
    of_width,
    position_cnn,
    small_crnn,
)
from recognition.training.study.types import LINE_PX, LineSet

ALPHABET = Alphabet("ABC")
MAKERS = [column_rnn, small_crnn, position_cnn]


def images(*widths_px):
    rng = np.random.default_rng(1)
    return [rng.integers(0, 256, (LINE_PX, width), dtype=np.uint8) for width in widths_px]


def written(text):
    """Write a text in an alphabet of bars: each letter fills rows of its own for 8 columns."""
    line = np.zeros((LINE_PX, 12 * len(text) + 4), np.uint8)
    for index, char in enumerate(text):
        row = 5 * "ABC".index(char)
        line[row : row + 5, 12 * index + 4 : 12 * index + 12] = 255
    return line


@pytest.mark.parametrize("make", MAKERS)
def test_a_line_is_read_the_same_alone_and_beside_wider_ones(make):
    torch.manual_seed(1)
    network = make(ALPHABET, 4).eval()
    lines = images(40, 90, 200)

    with torch.inference_mode():
        together = network.losses(pad_lines(lines), ["AB", "CAB", "A"])
        alone = [network.losses(pad_lines([i]), [t]) for i, t in zip(lines, ["AB", "CAB", "A"])]  # noqa: B905, of one length

    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS)
def test_a_network_learns_a_few_lines_by_heart(make):
    torch.manual_seed(1)
    network = make(ALPHABET, 12)
    texts = ("AB", "CA", "B", "ABC")
    lines = LineSet(images=tuple(map(written, texts)), texts=texts)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)

    for step in range(600):
        network.train().zero_grad()
        loss = network.losses(pad_lines(lines.images), texts).mean()
        loss.backward()
        optimizer.step()
        if step > 60 and loss < 0.1:  # the normalisations' averages take some steps too
            break

    assert read_lines(network.eval(), lines) == list(texts)


def test_heads_read_up_to_the_first_end():
    network = PositionCnn(width=2, alphabet=ALPHABET).eval()
    with torch.no_grad():
        network.heads.weight.zero_()
        network.heads.bias.zero_()
        for position, label in enumerate([1, 3, 0, 2]):  # A, C, the end, B
            network.heads.bias[position * ALPHABET.size + label] = 9.0

    with torch.inference_mode():
        assert network.read(pad_lines(images(50))) == ["AC"]


def test_a_text_beyond_the_heads_is_learned_as_far_as_they_go():
    network = PositionCnn(width=2, alphabet=ALPHABET).eval()

    with torch.inference_mode():
        longest, beyond = (
            network.losses(pad_lines(images(50)), ["A" * n]) for n in (POSITIONS, POSITIONS + 5)
        )

    assert torch.equal(longest, beyond)


def test_narrow_lines_are_padded_and_wide_ones_squeezed():
    narrow, wide = np.full((LINE_PX, 20), 255, np.uint8), np.full((LINE_PX, 90), 255, np.uint8)

    out = of_width(pad_lines([narrow, wide]), 60)

    assert out.shape == (2, 1, LINE_PX, 60)
    assert out[0, 0, 0].sum() == pytest.approx(20)
    assert torch.allclose(out[1], torch.ones(1))


def test_characters_are_counted_by_what_they_were_read_as():
    truths = ["AB", "AC", "B"]

    confusion = confusion_of(truths, list(map(edits, truths, ["AC", "ABC", ""])), ALPHABET)

    assert confusion.tolist() == [[2, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 0, 0]]
