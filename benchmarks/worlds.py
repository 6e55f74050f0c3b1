"""What distorted pages are made of, and the forms they are found among."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from benchmarks.alignments import ALIGNMENTS
from benchmarks.sheets import (
    EDITION,
    drawn_templates,
    editions,
    filled,
    list_editions,
    list_templates,
    real_sheets,
    sample_templates,
)
from segmentation import Catalog, SegmentationParams, Template, index_templates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.alignments import Aligner
    from benchmarks.distortions import Sheet

_DRAWN_SEEDS = (5, 7, 12, 21, 34)
_FILLINGS = 3  # of each drawn form


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where real forms are, if any are given."""

    templates: Path | None
    scans: Path | None
    alone: bool  # a page meets only its own form and that form's editions
    lists: bool  # lists of equal rows are what is distorted
    list_editions: bool  # or lists with one head, whose rows differ
    rivals: bool  # other ways to lay a page onto its form are measured too


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """What pages are made of, and the forms they are found among."""

    sheets: list[Sheet]
    catalogs: Mapping[str, Catalog]  # by the id of the sheet's form
    forms: Mapping[str, Template]  # by their ids
    aligners: Mapping[str, Mapping[str, Aligner]]  # the same; each rival by its name


@cache
def make_world(places: Places) -> World:
    """Make the sheets to distort and the forms to find them among, once a process."""
    drawn = drawn_templates(_DRAWN_SEEDS)
    templates = [*drawn[1:], *editions(drawn[0]), *sample_templates()]
    lists = list_templates() if places.lists else []
    lists = list_editions() if places.list_editions else lists
    sheets = [
        filled(template, seed=100 * at + filling)
        for at, template in enumerate(lists or templates)
        for filling in range(_FILLINGS)
    ]
    templates += lists
    if places.templates is not None and places.scans is not None:
        real, scans = real_sheets(places.templates, places.scans)
        templates += real
        sheets += [filled(template, seed=7) for template in real] + scans
    aligners = {}
    if places.rivals:
        aligners = {
            t.template_id: {name: prepare(t) for name, prepare in ALIGNMENTS.items()}
            for t in templates
        }
    return World(
        sheets=sheets,
        catalogs=_catalogs(templates, alone=places.alone),
        forms={t.template_id: t for t in templates},
        aligners=aligners,
    )


def _catalogs(templates: Sequence[Template], *, alone: bool) -> dict[str, Catalog]:
    """Index all forms together, or each with its editions; by the id of each form."""
    groups: dict[str, list[Template]] = {}
    for template in templates:
        group = _family(template.template_id) if alone else ""
        groups.setdefault(group, []).append(template)
    indexed = [(group, index_templates(group, SegmentationParams())) for group in groups.values()]
    return {t.template_id: catalog for group, catalog in indexed for t in group}


def _family(template_id: str) -> str:
    """Give what the ids of a form's editions have in common; lists name theirs behind a comma."""
    return template_id.split(EDITION, maxsplit=1)[0].split(",", maxsplit=1)[0]
