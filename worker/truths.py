"""What filled forms are known to say: the rows of ``truth.csv``, for ``evaluating``."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from recognition.normal import normalise
from worker.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from segmentation import Catalog

UNREADABLE = "UNREADABLE"  # in the truth: struck out, or nobody is sure
_COLUMNS = ("form", "scan", "field", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One row of ``truth.csv``."""

    form: str
    scan: str
    page_index: int  # from 0
    field: str
    text: str


def read_truths(path: Path) -> dict[tuple[str, str], list[Truth]]:
    """Group the rows of ``truth.csv`` by form and scan; texts are normalised as crops' labels are.

    Raises:
        ConfigError: the file cannot be read, holds no row, or a row is not whole.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    if not rows:
        raise ConfigError(f"{path} holds no rows")
    grouped: dict[tuple[str, str], list[Truth]] = defaultdict(list)
    for number, row in enumerate(rows, start=2):  # the header is line 1
        if missing := [name for name in _COLUMNS if row.get(name) is None]:
            raise ConfigError(f"{path}, row {number}: lacks the columns {', '.join(missing)}")
        page = row.get("page") or "1"
        if not page.isdecimal() or page == "0":
            raise ConfigError(f"{path}, row {number}: page must be a number from 1")
        truth = Truth(
            form=row["form"],
            scan=row["scan"],
            page_index=int(page) - 1,
            field=row["field"],
            text=normalise(row["text"]),
        )
        grouped[truth.form, truth.scan].append(truth)
    return grouped


def check_fields(truths: Mapping[tuple[str, str], Iterable[Truth]], catalog: Catalog) -> None:
    """Refuse fields that a form lacks: they would pass for fields of a refused page.

    Raises:
        ConfigError: there is one; the message names form and field.
    """
    known: dict[tuple[str, int], set[str]] = {}
    for form in catalog.forms:
        template = form.template
        place = template.template_id, template.page_index
        known[place] = {spec.name for spec in template.fields}
    for truth in chain.from_iterable(truths.values()):
        fields = known.get((truth.form, truth.page_index))
        if fields is not None and truth.field not in fields:
            raise ConfigError(
                f"truth.csv names the field {truth.field!r} on page {truth.page_index + 1} of the "
                f"form {truth.form!r}, whose template has none of that name"
            )
