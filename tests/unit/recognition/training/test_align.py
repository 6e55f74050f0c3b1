from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from recognition.alphabet import Alphabet
from recognition.checkpoint import save_checkpoint
from recognition.errors import ManifestError
from recognition.folding import fold_letter
from recognition.model import FRAME_PX
from recognition.preprocess import line_view
from recognition.training import align as module
from recognition.training.align import PARAMETERS, Alignment, align, part_line
from recognition.training.config import SourceConfig
from recognition.training.sources import open_source
from tests.unit.recognition.networks import SMALL, small_network
from tests.unit.recognition.training.sources import write_hands, write_names

ALPHABET = Alphabet(" abA")


def frames(rng, count, size):
    scores = rng.normal(0, 2, (count, size))
    return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)


def every_path(text, count):
    """All ways to spend ``count`` frames on a text: the place of each frame, None for blanks."""
    for path in itertools.product([None, *range(len(text))], repeat=count):
        runs = [place for place, _ in itertools.groupby(path)]
        spelled = [place for place in runs if place is not None]
        touching = any(
            b is not None and a is not None and text[a] == text[b]
            for a, b in itertools.pairwise(runs)
        )
        if spelled == list(range(len(text))) and not touching:
            yield path


def cost(path, log_probs, text):
    probs = np.exp(log_probs)
    labels = {char: i + 1 for i, char in enumerate(ALPHABET.characters)}
    total = 0.0
    for frame, place in enumerate(path):
        own = (
            [0]
            if place is None
            else [n for c, n in labels.items() if fold_letter(c) == fold_letter(text[place])]
        )
        total += float(np.log(probs[frame, own or range(1, 5)].sum()))
    return total


@pytest.mark.parametrize("text", ["ab", "aA", "aa", "a b", "7a", "b"])
@pytest.mark.parametrize("seed", range(4))
def test_the_alignment_is_the_best_of_all_paths(text, seed):
    log_probs = frames(np.random.default_rng(seed), 5, ALPHABET.size)

    found = align(log_probs, text, ALPHABET)

    best = max(every_path(text, 5), key=lambda path: cost(path, log_probs, text))
    spans = [
        (min(f for f, p in enumerate(best) if p == i), max(f for f, p in enumerate(best) if p == i))
        for i in range(len(text))
    ]
    assert found is not None
    assert found.fit == pytest.approx(cost(best, log_probs, text) / 5)
    assert found.frames == tuple((first, last + 1) for first, last in spans)


@pytest.mark.parametrize(
    ("text", "count"), [pytest.param("aba", 2, id="short"), pytest.param("aa", 2, id="doubled")]
)
def test_a_line_of_too_few_frames_has_no_alignment(text, count):
    log_probs = frames(np.random.default_rng(1), count, ALPHABET.size)

    assert align(log_probs, text, ALPHABET) is None


def bars(*lefts, width=400):
    """A crop with a word of four bars at each of these columns."""
    crop = np.full((64, width), 255, np.uint8)
    for left in lefts:
        for bar in range(4):
            crop[15:50, left + 16 * bar : left + 16 * bar + 8] = 0
    crop.flags.writeable = False
    return crop


def spread(crop, places):
    """An alignment of characters whose middles lie at these columns of the crop."""
    view = line_view(crop)
    middles = [(x - view.left) / view.step / FRAME_PX for x in places]
    return view, Alignment(frames=tuple((int(m), int(m) + 1) for m in middles), fit=-0.1)


def test_a_line_is_cut_in_the_gap_between_its_words():
    crop = bars(10, 120)
    view, alignment = spread(crop, [20, 60, 95, 130, 170])

    pieces = part_line(crop, view, alignment, "ab ba", PARAMETERS)

    assert [text for *_, text in pieces] == ["ab", "ba"]
    (left, cut, _), (again, right, _) = pieces
    assert (left, right) == (0, 400)
    assert 66 <= cut == again <= 120


def test_words_that_touch_stay_together():
    crop = np.full((64, 400), 255, np.uint8)
    crop[20:44, 40:320] = 0
    view, alignment = spread(crop, [50, 120, 180, 230, 310])

    assert part_line(crop, view, alignment, "ab ba", PARAMETERS) == [(0, 400, "ab ba")]


def test_the_command_parts_the_lines_that_a_network_can_follow(tmp_path, capsys):
    write_hands(tmp_path, "hands", ["Ada Lee", "Eve"] * 8, writers=8)
    config = replace(SMALL, alphabet=" ADELVadelv")
    weights = tmp_path / "weights.safetensors"
    save_checkpoint(weights, small_network(config), config, {})
    out = tmp_path / "words.json"

    module.main([str(tmp_path), "hands", str(out), "--weights", str(weights)])

    stored = json.loads(out.read_text())
    assert "lines parted into" in capsys.readouterr().out
    assert all(" ".join(text for *_, text in pieces) == "Ada Lee" for pieces in stored.values())


def test_a_source_takes_the_places_it_is_given(tmp_path):
    write_names(tmp_path, "train", ["Ada Lee", "Eve"])
    words = tmp_path / "words.json"
    words.write_text(json.dumps({"0.png": [[0, 40, "Ada"], [40, 90, "Lee"]]}))
    config = SourceConfig(folder=tmp_path, split="train", share=1.0, words=words)

    source = open_source(config, tmp_path / "store", Alphabet("ADELVadelv"))

    places = [(p.left_px, p.right_px, p.text) for p in source.lines[0]]
    assert places == [(0, 40, "Ada"), (40, 90, "Lee")]


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 3}', '{"a": [[1, 2]]}'])
def test_places_that_cannot_be_read_are_named(tmp_path, content):
    write_names(tmp_path, "train", ["Ada Lee"])
    words = tmp_path / "words.json"
    words.write_text(content)
    config = SourceConfig(folder=tmp_path, split="train", share=1.0, words=words)

    with pytest.raises(ManifestError, match=r"words\.json"):
        open_source(config, tmp_path / "store", Alphabet("ab"))
