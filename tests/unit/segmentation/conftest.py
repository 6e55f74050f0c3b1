"""Drawn forms, indexed once for all tests of this package."""

from __future__ import annotations

import pytest

from segmentation import Catalog, SegmentationParams, index_templates
from tests.drawing import draw_form

PARAMS = SegmentationParams()


@pytest.fixture(scope="session")
def two_forms():
    return (draw_form(5, dpi=150.0), draw_form(7, dpi=150.0))


@pytest.fixture(scope="session")
def catalog(two_forms) -> Catalog:
    return index_templates(two_forms, PARAMS)


@pytest.fixture(scope="session")
def form_and_catalog(two_forms):
    """One form alone, with its own catalog."""
    return two_forms[0], index_templates(two_forms[:1], PARAMS)


def read_only(image):
    image.setflags(write=False)
    return image
