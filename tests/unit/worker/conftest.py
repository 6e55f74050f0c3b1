"""Two forms that people fill in, drawn small, and a bench to read them on."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from segmentation import Catalog, GrayImage, SegmentationParams, Template, index_templates
from segmentation.template import format_template
from tests.bench import Bench
from tests.database import opened
from tests.drawing import Distortion, draw_form, scan, write_in
from tests.factories import make_template
from tests.fakes.scripted_pool import ScriptedPool
from tests.scans import encode
from worker.document_images import DecodeLimits
from worker.segment_pool import SegmentPool
from worker.segment_process import SegmentJob

if TYPE_CHECKING:
    from pathlib import Path


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


@pytest.fixture(scope="session")
def template_folder(forms, tmp_path_factory) -> Path:
    """Write the forms as template folders."""
    folder = tmp_path_factory.mktemp("templates")
    for template in forms.templates:
        place = folder / template.template_id
        place.mkdir()
        (place / "blank.png").write_bytes(encode(template.image, "PNG"))
        (place / "template.toml").write_text(
            format_template(
                template_id=template.template_id, dpi=template.dpi, fields=template.fields
            )
        )
    return folder


@pytest.fixture
def sessions(tmp_path):
    """Give a fresh database."""
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions:
        yield sessions


@pytest.fixture
def bench(tmp_path):
    """Give a fresh database and store, and a pool that cuts nothing."""
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions:
        yield Bench(pool=ScriptedPool(), sessions=sessions, templates=(make_template(),))


@pytest.fixture(scope="session")
def real_pool(forms):
    """Start two segment processes for all tests: they hold nothing between documents."""
    job = SegmentJob(catalog=forms.catalog, params=forms.params, limits=DecodeLimits())
    with SegmentPool(job, processes=2) as pool:
        yield pool


@pytest.fixture
def real_bench(real_pool, forms, tmp_path):
    """Give a fresh database and store, and processes that cut."""
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions:
        yield Bench(pool=real_pool, sessions=sessions, templates=forms.templates)


@pytest.fixture
def restored_logs():
    """Undo what a test does to the logs of the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
