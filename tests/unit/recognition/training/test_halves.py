from __future__ import annotations

from pathlib import Path

from recognition.training.halves import Half, only
from recognition.training.manifest import Sample


def test_the_halves_are_the_same_in_every_run_and_of_like_size():
    samples = [Sample(image=Path(f"{n}.jpg"), text="A", writer=None) for n in range(400)]

    fitting = only(Half.FITTING, samples)

    assert fitting == only(Half.FITTING, samples[::-1])[::-1]
    assert 160 <= len(fitting) <= 240


def test_every_sample_is_in_one_half():
    samples = [Sample(image=Path(f"{n}.jpg"), text="A", writer=None) for n in range(40)]

    halves = [*only(Half.FITTING, samples), *only(Half.JUDGING, samples)]

    assert sorted(halves, key=samples.index) == samples
