from __future__ import annotations

import pytest
import torch

from recognition.alphabet import NAME_ALPHABET, Alphabet
from recognition.checkpoint import save_checkpoint
from recognition.prior import NamePrior
from recognition.rewriting import Belief, PriorParams
from recognition.training.build_prior import BuildParams, build_tables
from recognition.training.tune_prior import Grid, LabelledLine, fit, judge, main
from tests.unit.recognition.lines import written_line
from tests.unit.recognition.networks import SMALL, small_network
from tests.unit.recognition.training.sources import write_names

ALPHABET = Alphabet(NAME_ALPHABET)
COUNTS = {"MARTIN": 90.0, "MARIE": 60.0}
PRIOR = NamePrior(build_tables([(1.0, COUNTS)], BuildParams(people=500)))


def line(written, truth, **rivals):
    at = {int(place[1:]): (rival[0], float(rival[1:])) for place, rival in rivals.items()}
    probs = written_line(written, NAME_ALPHABET, rivals=at)
    return LabelledLine(log_probs=probs, text=truth, fits=True)


MISREAD = line("MARTLN", "MARTIN", p4="I0.02")
RARE = line("MARTYN", "MARTYN", p4="I0.0005")
SURE = line("MARIE", "MARIE")


def report(*lines, belief, **settings):
    params = PriorParams(clear=belief, unclear=belief, **settings)
    return judge(lines, alphabet=ALPHABET, prior=PRIOR, params=params)


def test_values_righted_and_spoilt_are_counted_apart():
    bold = report(
        MISREAD, RARE, SURE, belief=Belief(weight=1.0, margin_nats=20.0), label_floor=1e-5
    )

    assert (bold.n, bold.rewritten, bold.righted, bold.spoilt) == (3, 2, 1, 1)
    assert bold.raw_exact == bold.exact == pytest.approx(2 / 3)
    assert bold.raw_cer == bold.cer == pytest.approx(1 / 17)


def test_a_setting_that_reads_clearly_more_values_is_taken():
    grid = Grid(weights=(0.6,), letter_bonuses=(0.5,), margins_nats=(1.0, 5.0))

    fitted = fit([*[MISREAD] * 4, RARE, SURE], alphabet=ALPHABET, prior=PRIOR, grid=grid)

    assert fitted.clear.margin_nats == 5.0


def test_one_value_more_is_chance_and_the_more_cautious_setting_is_taken():
    grid = Grid(weights=(0.6,), letter_bonuses=(0.5,), margins_nats=(1.0, 5.0))

    fitted = fit([MISREAD, RARE, SURE], alphabet=ALPHABET, prior=PRIOR, grid=grid)

    assert fitted.clear.margin_nats == 1.0


def test_of_settings_that_read_alike_the_most_cautious_is_taken():
    fitted = fit([SURE], alphabet=ALPHABET, prior=PRIOR)

    assert (fitted.clear.weight, fitted.clear.margin_nats) == (
        Grid().weights[0],
        Grid().margins_nats[0],
    )


@pytest.mark.parametrize("work", [pytest.param(fit, id="fit"), pytest.param(judge, id="judge")])
def test_no_lines_are_the_callers_bug(work):
    extra = {} if work is fit else {"params": PriorParams()}

    with pytest.raises(ValueError, match=r"0 texts|at least one"):
        work([], alphabet=ALPHABET, prior=PRIOR, **extra)


def test_the_command_prints_both_halves(tmp_path, capsys):
    write_names(tmp_path, "names", ["ADA", "EVE", "NOA", "MAX", "LEO", "AMY"])
    network = small_network()
    with torch.no_grad():
        network.head.bias[0] += 9.0  # nearly all blank, so that the search is quick
    save_checkpoint(tmp_path / "small.safetensors", network, SMALL, {})

    code = main([str(tmp_path), "names", "--weights", str(tmp_path / "small.safetensors")])

    assert code == 0
    printed = capsys.readouterr().out
    assert printed.count("fitting half: PriorReport") == 2
    assert printed.count("other half: PriorReport") == 2
    assert "ADA" not in printed


def test_what_cannot_be_read_or_compared_ends_with_the_reason(tmp_path, capsys):
    write_names(tmp_path, "dots", ["..."] * 6)

    assert main([str(tmp_path), "none"]) == 65
    assert main([str(tmp_path), "dots"]) == 65

    said = capsys.readouterr().err
    assert "none.csv" in said
    assert "no label of the fitting half of split 'dots'" in said
