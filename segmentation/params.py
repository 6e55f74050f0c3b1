"""Gather the limits of every step into one frozen object."""

from __future__ import annotations

from dataclasses import dataclass, field

from segmentation.catalog import CatalogParams
from segmentation.choose import ChooseParams
from segmentation.evidence import RegisterParams
from segmentation.fields import FieldParams
from segmentation.illumination import FlattenParams
from segmentation.ink import InkParams
from segmentation.placing import PlacingParams


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParams:
    """What a page must offer before any form is tried."""

    min_side_px: int = 300  # shorter sides hold no legible form
    min_dpi: float = 80.0  # measured against the template; handwriting is unreadable below
    min_ink: float = 0.0008  # share of ink under which a page that fits no form is blank
    border: float = 0.03  # share of each side left out, where scanners draw shadows
    flat: FlattenParams = field(default_factory=FlattenParams)
    ink: InkParams = field(default_factory=InkParams)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentationParams:
    """Every limit of segmentation; the defaults are the tested ones."""

    page: PageParams = field(default_factory=PageParams)
    catalog: CatalogParams = field(default_factory=CatalogParams)
    min_patches: int = 8  # printed places a blank must show, the least that a page is found by
    register: RegisterParams = field(default_factory=RegisterParams)
    choose: ChooseParams = field(default_factory=ChooseParams)
    placing: PlacingParams = field(default_factory=PlacingParams)
    field: FieldParams = field(default_factory=FieldParams)
