from __future__ import annotations

import itertools

import pytest
from PIL import Image

from recognition.checkpoint import save_checkpoint
from recognition.metrics import NOTHING, count_edits, edit_distance, edits
from recognition.training.mistakes import main
from tests.unit.recognition.networks import SMALL, small_network
from tests.unit.recognition.training.sources import TEXTS, write_names


@pytest.mark.parametrize(
    ("wanted", "read", "found"),
    [
        pytest.param("MARTIN", "MARTIN", [], id="right"),
        pytest.param("MARTIN", "HARTIN", [("M", "H")], id="taken-for-another"),
        pytest.param("ANNA", "ANA", [("N", NOTHING)], id="left-out"),
        pytest.param("ANA", "ANNA", [(NOTHING, "N")], id="added"),
        pytest.param("AB", "", [("A", NOTHING), ("B", NOTHING)], id="nothing-read"),
    ],
)
def test_edits_name_what_was_read_as_what(wanted, read, found):
    assert edits(wanted, read) == found


def test_there_are_as_many_edits_as_the_distance_says():
    words = ["".join(w) for n in range(4) for w in itertools.product("AB", repeat=n)]

    for wanted, read in itertools.product(words, repeat=2):
        assert len(edits(wanted, read)) == edit_distance(wanted, read)


def test_edits_are_counted_over_all_texts():
    counts = count_edits([("MAX", "HAX"), ("MIM", "HIH"), ("EVE", "EVE")])

    assert counts == {("M", "H"): 3}


def test_the_command_prints_edits_and_draws_the_mistakes(tmp_path, capsys):
    write_names(tmp_path, "train")
    weights, sheet = tmp_path / "weights.safetensors", tmp_path / "sheet.png"
    save_checkpoint(weights, small_network(), SMALL, {})

    code = main(
        [str(tmp_path), "train", "--weights", str(weights), "--prior", "--pictures", str(sheet)]
    )

    assert code == 0
    assert f"of {len(TEXTS)} wrong" in capsys.readouterr().out
    with Image.open(sheet) as drawn:
        assert drawn.height > 84


def test_a_split_that_is_missing_is_named(tmp_path, capsys):
    assert main([str(tmp_path), "none"]) == 65
    assert "none" in capsys.readouterr().err
