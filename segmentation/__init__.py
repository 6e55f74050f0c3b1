"""Cut the handwritten fields out of scanned forms: arrays in, crops and evidence out."""

from __future__ import annotations

from segmentation.catalog import Catalog
from segmentation.cells import as_line
from segmentation.errors import (
    AmbiguousTemplateError,
    BlankPageError,
    FieldOutOfPageError,
    LowResolutionError,
    Misfit,
    NoNameFieldsError,
    NoTemplateMatchesError,
    RegistrationError,
    SegmentationError,
    TemplateError,
    TemplateFault,
)
from segmentation.params import SegmentationParams
from segmentation.segment import index_templates, segment_page
from segmentation.suggest import (
    FormPage,
    Proposal,
    look_at_form,
    merge_words,
    suggest_fields,
)
from segmentation.template import format_template, parse_template
from segmentation.types import (
    Box,
    CombCells,
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
    PrintedWord,
    Template,
    WritingStyle,
)
from segmentation.unknown import UnknownParams, cut_unknown, erase_writing
from segmentation.upright import Upright, set_upright, turn_over

__all__ = [
    "AmbiguousTemplateError",
    "BlankPageError",
    "Box",
    "Catalog",
    "CombCells",
    "Doubt",
    "FieldCrop",
    "FieldKind",
    "FieldOutOfPageError",
    "FieldSpec",
    "FieldState",
    "FormPage",
    "GrayImage",
    "Homography",
    "Letters",
    "LowResolutionError",
    "Misfit",
    "NoNameFieldsError",
    "NoTemplateMatchesError",
    "Page",
    "PageSegmentation",
    "PrintedWord",
    "Proposal",
    "RegistrationError",
    "SegmentationError",
    "SegmentationParams",
    "Template",
    "TemplateError",
    "TemplateFault",
    "UnknownParams",
    "Upright",
    "WritingStyle",
    "as_line",
    "cut_unknown",
    "erase_writing",
    "format_template",
    "index_templates",
    "look_at_form",
    "merge_words",
    "parse_template",
    "segment_page",
    "set_upright",
    "suggest_fields",
    "turn_over",
]
