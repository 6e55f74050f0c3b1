"""Crops a second, memory and accuracy of recognizers, side by side on the same crops.

``python -m benchmarks.bench_recognition [--data DIR --split NAME] [--rivals PYTHON] [--device D]
[--json]``

Each contestant runs in a process of its own on two cores (``contestants``); rounds alternate among
them and medians count. From decoded crop to text; starting up counts in none. A rival that is
not installed, or dies on the way, is left out, and the output says why. ``--device`` is for penname
alone: the rivals read on the CPU. On a GPU its peak memory and the share of time that it computes
are measured in a round of their own. Figures stand in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import recognition.training
from benchmarks.contestants import CONTESTANTS
from recognition import metrics
from recognition.training.crop_store import read_crop
from recognition.training.manifest import read_split
from recognition.training.synthetic import draw_name

if TYPE_CHECKING:
    from recognition.types import GrayImage

_DRAWN = ("Ada Lovelace", "MARTIN", "Jean-Luc Moreau", "O'Neil", "Zoë Müller", "GARCIA", "Lee")


def main() -> None:
    """Measure and print a table, or one JSON object."""
    options = _parse()
    crops, texts = _crops(options)
    with tempfile.TemporaryDirectory() as name:
        stored = Path(name) / "crops.npz"
        np.savez(stored, *crops)
        figures = _measure(stored, texts, options)
    report = {"crops": len(crops), "rounds": options.rounds, "contestants": figures}
    if options.json:
        print(json.dumps(report))
        return
    for contestant, measured in figures.items():
        print(contestant, *(f"{key} {value}" for key, value in measured.items()), sep="  ")


class _Contestant:
    """A process that reads when told to."""

    def __init__(self, name: str, stored: Path, python: str, *more: str) -> None:
        self.seconds: list[float] = []
        self._complaints = stored.with_name(f"{name}.txt")  # a pipe that fills up would hang it
        with self._complaints.open("w") as complaints:
            self._process = subprocess.Popen(  # noqa: S603, an interpreter that the caller names
                [python, "-m", "benchmarks.contestants", name, str(stored), *more],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        self.ready = self._said() == "ready"

    def go(self) -> None:
        """Read all crops once.

        Raises:
            ValueError: it died, or says no seconds.
        """
        self._tell("go")
        self.seconds.append(float(self._said()))

    def end(self) -> dict[str, object]:
        """Stop it and take what it has to say.

        Raises:
            ValueError: it died, or says no JSON.
        """
        self._tell("end")
        said: dict[str, object] = json.loads(self._said())
        self._process.communicate()
        return said

    def fault(self) -> str:
        """Say why it did not go on: the last line of its complaint, or how it ended."""
        self._process.communicate()
        complaint = self._complaints.read_text(errors="replace").strip().splitlines()
        return complaint[-1] if complaint else f"it ended with code {self._process.returncode}"

    def _tell(self, what: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it died: what it says tells
                self._process.stdin.write(what + "\n")
                self._process.stdin.flush()

    def _said(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline().strip()


def _measure(
    stored: Path, texts: list[str], options: argparse.Namespace
) -> dict[str, dict[str, object]]:
    running: dict[str, _Contestant] = {}
    figures: dict[str, dict[str, object]] = {}
    for name in options.only or CONTESTANTS:
        own = name.startswith("penname")
        python = sys.executable if own or name == "tesseract" else options.rivals
        started = _Contestant(name, stored, python, *([options.device] if own else []))
        if started.ready:
            running[name] = started
        else:
            figures[name] = {"left_out": started.fault()}
    for _ in range(options.rounds):
        for name, contestant in list(running.items()):
            try:
                contestant.go()
            except ValueError:
                figures[name] = {"left_out": running.pop(name).fault()}
    for name, contestant in running.items():
        try:
            seconds, said = statistics.median(contestant.seconds), contestant.end()
        except ValueError:
            figures[name] = {"left_out": contestant.fault()}
            continue
        read = [metrics.fold(str(text)) for text in said["texts"]]  # type: ignore[attr-defined] # a list in the protocol
        wanted = [metrics.fold(text) for text in texts]
        figures[name] = {
            "crops_per_s": round(len(texts) / seconds, 1),
            "peak_mib": said["peak_mib"],
            "exact_folded": round(metrics.exact(read, wanted), 3),
            "cer": round(metrics.cer(read, wanted), 3),
            **{key: value for key, value in said.items() if key.startswith("gpu_")},
        }
    _add_ratios(figures)
    return figures


def _add_ratios(figures: dict[str, dict[str, object]]) -> None:
    """Say how many times a rival's rate ours is."""
    own = figures.get("penname", {}).get("crops_per_s")
    for measured in figures.values():
        rate = measured.get("crops_per_s")
        if isinstance(own, float) and isinstance(rate, float):
            measured["penname_is_faster_by"] = round(own / rate, 2)


def _crops(options: argparse.Namespace) -> tuple[list[GrayImage], list[str]]:
    if options.data is not None:
        samples = read_split(options.data, options.split)[: options.crops]
        return [read_crop(sample.image) for sample in samples], [s.text for s in samples]
    fonts = sorted((Path(recognition.training.__file__).parent / "fonts").glob("*.ttf"))
    rng = np.random.default_rng(7)
    texts = [_DRAWN[index % len(_DRAWN)] for index in range(options.crops)]
    crops = [
        draw_name(text, font_path=fonts[index % len(fonts)], height_px=48, rng=rng)
        for index, text in enumerate(texts)
    ]
    return crops, texts


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder of labelled crops; drawn without it")
    parser.add_argument("--split", help="the split of --data")
    parser.add_argument("--crops", type=int, default=256, help="how many, at most")
    parser.add_argument("--rounds", type=int, default=3, help="medians are taken over these")
    parser.add_argument(
        "--rivals", default=sys.executable, help="interpreter that has the rivals installed"
    )
    parser.add_argument("--device", default="cpu", help="where penname reads, as torch names it")
    parser.add_argument(
        "--only", action="append", choices=list(CONTESTANTS), help="leave out others"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if (options.data is None) != (options.split is None):
        parser.error("--data and --split go together")
    return options


if __name__ == "__main__":
    main()
