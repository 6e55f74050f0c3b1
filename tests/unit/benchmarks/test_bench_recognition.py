from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch

from benchmarks.bench_recognition import main
from benchmarks.gpu import covered, gpu_figures


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
    assert ours["gpu_left_out"] == "it reads on cpu"
    assert "left_out" in rival or rival["crops_per_s"] > 0


def test_time_in_which_several_kernels_run_counts_once():
    assert covered([]) == 0
    assert covered([(5, 6), (0, 2), (1, 3), (1, 2)]) == 4
    assert covered([(0, 9), (2, 3), (9, 10)]) == 10


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device")
def test_a_gpu_is_busy_for_some_of_the_time_and_its_memory_is_counted():
    work = torch.ones(2048, 2048, device="cuda")

    said = gpu_figures(lambda: [work @ work for _ in range(20)], "cuda")

    assert 0 < float(said["gpu_busy_share"]) <= 1
    assert float(said["gpu_peak_mib"]) >= 32


def test_a_talkative_rival_that_dies_in_a_round_is_left_out_with_the_reason(
    tmp_path, monkeypatch, capsys
):
    rival = tmp_path / "python"
    rival.write_text(
        "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' 'x' >&2\necho >&2\necho ready\n"
        "read line\necho out of luck >&2\nexit 1\n"
    )
    rival.chmod(0o755)
    given = ["--crops", "2", "--rivals", str(rival), "--only", "rapidocr", "--json"]
    monkeypatch.setattr(sys, "argv", ["bench", *given])

    main()

    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["contestants"]["rapidocr"] == {"left_out": "out of luck"}


def test_a_contestant_keeps_to_its_cores_with_all_it_starts():
    script = (
        "import os, subprocess\n"
        "from benchmarks.contestants import keep_to_cores\n"
        "keep_to_cores(1)\n"
        "threads = os.listdir('/proc/self/task')\n"
        "assert {len(os.sched_getaffinity(int(t))) for t in threads} == {1}\n"
        "print(subprocess.run(['nproc'], capture_output=True, text=True).stdout.strip())\n"
    )

    done = subprocess.run(  # noqa: S603, ours
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "1"
