"""Two forms that people fill in, drawn small, for the tests of the whole path."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from segmentation import Catalog, GrayImage, SegmentationParams, Template, index_templates
from tests.drawing import Distortion, draw_form, scan, write_in


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forms:
    """Known forms, and sheets of them as a scanner gives them."""

    templates: tuple[Template, ...]
    catalog: Catalog
    params: SegmentationParams

    def filled(self, number: int, *, turn_deg: int = 0, blank_fields: int = 0) -> GrayImage:
        """Fill in and scan a form; no two numbers give the same bytes."""
        template = self.templates[number % len(self.templates)]
        sheet = template.image
        for at, spec in enumerate(template.fields[blank_fields:]):
            sheet = write_in(sheet, spec.box, seed=100 * number + at, dpi=template.dpi)
        page, _ = scan(sheet, Distortion(turn_deg=turn_deg, noise=2.0, skew_deg=0.5, seed=number))
        return page

    def fields(self, number: int) -> tuple[str, ...]:
        """Name the fields of the form that ``filled`` gives."""
        template = self.templates[number % len(self.templates)]
        return tuple(spec.name for spec in template.fields)


@pytest.fixture(scope="session")
def forms() -> Forms:
    """Index the forms once for all tests."""
    templates = tuple(draw_form(seed, dpi=150.0) for seed in (5, 7))
    params = SegmentationParams()
    return Forms(templates=templates, catalog=index_templates(templates, params), params=params)
