"""Read the same fields in several ways, and print how well each was read, side by side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from recognition.metrics import cer, exact, fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recognition.recognizer import Recognizer
    from recognition.types import GrayImage


def compare_ways(
    recognizer: Recognizer, ways: Mapping[str, Sequence[GrayImage]], truths: Sequence[str]
) -> dict[str, float]:
    """Read, by the ink alone, the crops that each way gives of the same fields.

    Args:
        recognizer: what reads.
        ways: by name, a crop of each field.
        truths: what is written in each field.

    Returns:
        ``fields``, how many; of each way, by its name and what is measured: ``cer``, ``exact``,
        and ``spaces_wrong``, the texts with more or fewer spaces than there are.
    """
    true = [fold(text) for text in truths]
    report: dict[str, float] = {"fields": len(true)}
    for name, crops in ways.items():
        said = [fold(reading.raw_text) for reading in recognizer.read(crops)]
        spaces = sum(a.count(" ") != b.count(" ") for a, b in zip(said, true, strict=True))
        report |= {
            f"{name}_cer": round(cer(said, true), 4),
            f"{name}_exact": round(exact(said, true), 4),
            f"{name}_spaces_wrong": spaces,
        }
    return report


def tell(report: Mapping[str, float], *, as_json: bool) -> None:
    """Print a line for each figure, and all of them as one line of JSON if asked."""
    for name, value in report.items():
        print(f"{name:28} {value}")
    if as_json:
        print(json.dumps(report))
