"""Write a folder of sample forms: blanks, templates, filled scans and the truth about them.

The folder is laid out for ``penname evaluate forms OUT --templates OUT/templates``, and each of
its form folders for ``penname read``::

    OUT/truth.csv                  form,scan,field,text,page (from 1)
    OUT/FORM/scan-001.jpg          and .png, .tif of two pages, .pdf
    OUT/templates/FORM/blank.png
    OUT/templates/FORM/template.toml

Equal arguments give equal bytes; a form depends only on the seed and its number, so a larger
batch begins with the pages of a smaller one.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from segmentation.template import format_template
from worker.errors import ConfigError
from worker.samples.clinic_form import clinic_form
from worker.samples.encoding import Container, encode
from worker.samples.filling import fill
from worker.samples.scanner import scan
from worker.samples.school_form import school_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from worker.samples.blank import Blank

    _Row = tuple[str, str, str, str, int]

_COLUMNS = ("form", "scan", "field", "text", "page")
# For each form in turn; most scans are JPEGs, as on people's disks.
_CONTAINERS = (
    (Container.JPEG, Container.TIFF, Container.JPEG, Container.JPEG, Container.JPEG),
    (Container.JPEG, Container.PDF, Container.JPEG, Container.PNG, Container.JPEG),
)
_TIFF_PAGES = 2
_FILLING, _SCANNING, _ENCODING = range(3)  # streams of chance, so that one never shifts another


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What was written."""

    files: int
    pages: int
    fields: int
    form_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One scan file to write: which filled forms it holds."""

    name: str
    container: Container
    numbers: tuple[int, ...]  # of the filled forms in the batch, from 0


def write_samples(out: Path, *, forms: int, seed: int) -> SampleSummary:
    """Draw ``forms`` filled forms, in turn of each kind, and write them with their truth.

    Args:
        out: a folder that is empty or not there.
        forms: how many pages to fill in.
        seed: chooses the people, their hands and the scans.

    Raises:
        ConfigError: ``forms`` is not positive, or ``out`` holds something already.
        OSError: the folder cannot be written.
    """
    if forms < 1:
        raise ConfigError(f"want at least one form, got {forms}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is not an empty folder; remove it or name another")
    blanks = (clinic_form(), school_form())
    rows: list[_Row] = []
    files = 0
    for i, blank in enumerate(blanks):
        _write_template(out / "templates" / blank.form_id, blank)
        for file in _plan(range(i, forms, len(blanks)), _CONTAINERS[i]):
            rows += _write_file(out / blank.form_id, file, blank, seed)
            files += 1
    _write_truth(out / "truth.csv", rows)
    return SampleSummary(
        files=files,
        pages=forms,
        fields=len(rows),
        form_ids=tuple(blank.form_id for blank in blanks),
    )


def _write_template(folder: Path, blank: Blank) -> None:
    folder.mkdir(parents=True)
    Image.fromarray(blank.image).save(folder / "blank.png", dpi=(blank.dpi, blank.dpi))
    text = format_template(template_id=blank.form_id, dpi=blank.dpi, fields=blank.fields)
    (folder / "template.toml").write_text(text, encoding="utf-8")


def _plan(numbers: Sequence[int], containers: Sequence[Container]) -> Iterator[_File]:
    """Deal filled forms to files, one each and two to a TIFF."""
    left = list(numbers)
    kinds = cycle(containers)
    count = 0
    while left:
        container, count = next(kinds), count + 1
        taken = _TIFF_PAGES if container is Container.TIFF else 1
        name = f"scan-{count:03}.{container}"
        yield _File(name=name, container=container, numbers=tuple(left[:taken]))
        left = left[taken:]


def _write_file(folder: Path, file: _File, blank: Blank, seed: int) -> list[_Row]:
    """Fill, scan and write the forms of one file, and give its rows of the truth."""
    rows: list[_Row] = []
    pages = []
    for page, number in enumerate(file.numbers, start=1):
        filled = fill(blank, np.random.default_rng([seed, number, _FILLING]))
        pages.append(scan(filled.image, np.random.default_rng([seed, number, _SCANNING])))
        rows += [
            (blank.form_id, file.name, name, text, page) for name, text in filled.texts.items()
        ]
    rng = np.random.default_rng([seed, file.numbers[0], _ENCODING])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file.name).write_bytes(encode(pages, file.container, dpi=blank.dpi, rng=rng))
    return rows


def _write_truth(path: Path, rows: Sequence[_Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
