"""Cut the handwritten fields out of scanned forms: arrays in, crops and evidence out."""

from __future__ import annotations

from segmentation.catalog import Catalog
from segmentation.errors import (
    AmbiguousTemplateError,
    BlankPageError,
    FieldOutOfPageError,
    LowResolutionError,
    Misfit,
    NoTemplateMatchesError,
    RegistrationError,
    SegmentationError,
    TemplateError,
    TemplateFault,
)
from segmentation.params import SegmentationParams
from segmentation.segment import index_templates, segment_page
from segmentation.template import format_template, parse_template
from segmentation.types import (
    Box,
    Doubt,
    FieldCrop,
    FieldKind,
    FieldSpec,
    FieldState,
    GrayImage,
    Homography,
    Letters,
    Page,
    PageSegmentation,
    Template,
    WritingStyle,
)

__all__ = [
    "AmbiguousTemplateError",
    "BlankPageError",
    "Box",
    "Catalog",
    "Doubt",
    "FieldCrop",
    "FieldKind",
    "FieldOutOfPageError",
    "FieldSpec",
    "FieldState",
    "GrayImage",
    "Homography",
    "Letters",
    "LowResolutionError",
    "Misfit",
    "NoTemplateMatchesError",
    "Page",
    "PageSegmentation",
    "RegistrationError",
    "SegmentationError",
    "SegmentationParams",
    "Template",
    "TemplateError",
    "TemplateFault",
    "WritingStyle",
    "format_template",
    "index_templates",
    "parse_template",
    "segment_page",
]
