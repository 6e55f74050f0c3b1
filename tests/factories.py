"""One function a type, with sensible defaults: a test names only what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import default_rng  # loaded here: a test without root may not read it later

from recognition.types import Evidence, Reading
from segmentation import (
    Box,
    Doubt,
    FieldCrop,
    FieldKind,
    FieldSpec,
    FieldState,
    PageSegmentation,
    Template,
    WritingStyle,
)
from worker.types import (
    DocumentReading,
    DocumentStatus,
    FieldReading,
    FieldStatus,
    PageReading,
    RunIdentity,
    SegmentedPage,
    Source,
)

if TYPE_CHECKING:
    from segmentation import GrayImage


def read_only(image: GrayImage) -> GrayImage:
    """Make an array that nothing may write into."""
    image.setflags(write=False)
    return image


def make_image(height: int = 40, width: int = 200, *, seed: int = 0) -> GrayImage:
    """White paper with a little noise: no two seeds alike."""
    rng = default_rng(seed)
    return read_only(rng.integers(200, 256, (height, width), dtype=np.uint8))


def make_box(**changes: Any) -> Box:
    return Box(**{"x_px": 8, "y_px": 8, "width_px": 184, "height_px": 24, **changes})


def make_field_spec(**changes: Any) -> FieldSpec:
    defaults: dict[str, Any] = {
        "name": "full_name",
        "box": make_box(),
        "kind": FieldKind.FULL_NAME,
        "style": WritingStyle.LINE,
    }
    return FieldSpec(**{**defaults, **changes})


def make_template(**changes: Any) -> Template:
    defaults: dict[str, Any] = {
        "template_id": "clinic",
        "version": "aaaaaaaaaaaa",
        "page_index": 0,
        "image": make_image(300, 200),
        "dpi": 100.0,
        "fields": (make_field_spec(),),
    }
    return Template(**{**defaults, **changes})


def make_crop(**changes: Any) -> FieldCrop:
    corners = [[10.0, 20.0], [190.0, 20.0], [190.0, 50.0], [10.0, 50.0]]
    defaults: dict[str, Any] = {
        "field_name": "full_name",
        "image": make_image(),
        "box": make_box(),
        "page_box": np.array(corners),
        "state": FieldState.WRITTEN,
        "doubt": Doubt.NONE,
        "ink_fraction": 0.08,
        "agreement": 0.97,
    }
    return FieldCrop(**{**defaults, **changes})


def make_segmentation(**changes: Any) -> PageSegmentation:
    defaults: dict[str, Any] = {
        "template_id": "clinic",
        "template_version": "aaaaaaaaaaaa",
        "page_index": 0,
        "crops": (make_crop(),),
        "page_to_template": np.eye(3),
        "turn_deg": 0,
        "skew_deg": 0.4,
        "scan_dpi": 300.0,
        "inlier_count": 120,
        "inlier_spread": 0.8,
        "rms_px": 0.9,
        "agreement": 0.95,
    }
    return PageSegmentation(**{**defaults, **changes})


def make_segmented_page(**changes: Any) -> SegmentedPage:
    defaults: dict[str, Any] = {
        "page_index": 0,
        "segmentation": make_segmentation(),
        "failure_code": None,
        "failure_detail": "",
    }
    return SegmentedPage(**{**defaults, **changes})


def make_refused_page(**changes: Any) -> SegmentedPage:
    """A page that is none of the known forms."""
    defaults: dict[str, Any] = {
        "segmentation": None,
        "failure_code": "no_template_matches",
        "failure_detail": "the page is none of 2 known forms",
    }
    return make_segmented_page(**{**defaults, **changes})


def make_reading(**changes: Any) -> Reading:
    defaults: dict[str, Any] = {
        "raw_text": "Ada Lovelace",
        "text": "Ada Lovelace",
        "alternatives": (),
        "raw_confidence": 0.95,
        "confidence": 0.97,
        "evidence": Evidence(ink_log_prob=-0.03, share=None),
        "chars": (),
        "model_id": "0123456789ab",
    }
    return Reading(**{**defaults, **changes})


def make_field_reading(**changes: Any) -> FieldReading:
    defaults: dict[str, Any] = {
        "crop": make_crop(),
        "status": FieldStatus.READ,
        "raw_text": "Ada Lovelace",
        "text": "Ada Lovelace",
        "alternatives": (),
        "raw_confidence": 0.95,
        "confidence": 0.97,
        "chars": (),
    }
    return FieldReading(**{**defaults, **changes})


def make_page_reading(**changes: Any) -> PageReading:
    defaults: dict[str, Any] = {
        "page_index": 0,
        "segmentation": make_segmentation(),
        "fields": (make_field_reading(),),
        "failure_code": None,
        "failure_detail": "",
    }
    return PageReading(**{**defaults, **changes})


def make_document_reading(**changes: Any) -> DocumentReading:
    defaults: dict[str, Any] = {
        "status": DocumentStatus.DONE,
        "failure_code": None,
        "failure_detail": "",
        "pages": (make_page_reading(),),
    }
    return DocumentReading(**{**defaults, **changes})


def make_source(**changes: Any) -> Source:
    return Source(**{"uri": "file:///scans/1.jpg", "size_bytes": 9, "version": "", **changes})


def make_identity(**changes: Any) -> RunIdentity:
    defaults = {
        "templates_version": "bbbbbbbbbbbb",
        "model_id": "0123456789ab",
        "decoder_version": "greedy",
    }
    return RunIdentity(**{**defaults, **changes})
