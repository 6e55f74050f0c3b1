from __future__ import annotations

import json
import sys

from benchmarks.bench_recognition import main


def test_a_rival_that_is_not_there_is_left_out_with_the_reason(monkeypatch, capsys):
    names = ["--only", "penname", "--only", "rapidocr"]
    monkeypatch.setattr(sys, "argv", ["bench", "--crops", "6", "--rounds", "1", "--json", *names])

    main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    ours, rival = (report["contestants"][name] for name in ("penname", "rapidocr"))
    assert report["crops"] == 6
    assert ours["crops_per_s"] > 0
    assert ours["peak_mib"] > 50
    assert 0 <= ours["exact_folded"] <= 1
    assert "left_out" in rival or rival["crops_per_s"] > 0
