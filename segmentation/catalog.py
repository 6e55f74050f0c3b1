"""Prepare blank forms for finding: keypoints, printed patches and each field's print, once.

A ``Catalog`` holds arrays only, so it can be pickled to worker processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.matching import CAREFUL, Detector, Features, MatchParams, blank_features
from segmentation.outline import Outline, OutlineParams, cut_outline
from segmentation.own_print import OwnPrint, OwnPrintParams, find_own_print
from segmentation.patches import (
    Patches,
    PatchParams,
    cut_patches,
    patch_strength,
    pick_spread,
)
from segmentation.printed import FieldPrint, PrintParams, find_print
from segmentation.pyramid import Level, halvings
from segmentation.repeats import RepeatParams, Repeats, find_repeats
from segmentation.shortlist import Lookup, ShortlistParams, index_features
from segmentation.siblings import Sibling, SiblingParams, find_siblings
from segmentation.types import Homography, Template  # noqa: TC001, read by dataclass users
from segmentation.warp import center

if TYPE_CHECKING:
    import numpy.typing as npt

    from segmentation.types import FieldSpec, Mask, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogParams:
    """What is kept of each blank form."""

    matches: tuple[MatchParams, ...] = (MatchParams(), CAREFUL)  # tried in this order
    shortlist: ShortlistParams = field(default_factory=ShortlistParams)
    sibling: SiblingParams = field(default_factory=SiblingParams)
    patch: PatchParams = field(default_factory=PatchParams)
    outline: OutlineParams = field(default_factory=OutlineParams)
    repeat: RepeatParams = field(default_factory=RepeatParams)
    printed: PrintParams = field(default_factory=PrintParams)
    reduced_px: int = 800  # smallest level's long side is at least this; 75 to 150 dpi on letter
    patch_columns: int = 7
    patch_rows: int = 9
    field_patches: int = 10  # printed patches that vouch for one field
    near_cell_px: int = 24  # grid step of candidates for them, near-level px
    own: OwnPrintParams = field(default_factory=OwnPrintParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldPlan:
    """What is known of one field before any page is seen."""

    spec: FieldSpec
    patches: Patches  # around the field, near-level px
    printed: FieldPrint  # inside its crop
    own: OwnPrint = field(default_factory=OwnPrint)  # such as its label


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndexedTemplate:
    """One blank form, prepared for finding."""

    template: Template
    features: tuple[Features, ...]  # of each of ``CatalogParams.matches``, template px
    reduced: Level  # the level whose pixels fits are measured in
    patches: Patches  # over the whole form, reduced-level px
    repeats: Repeats  # where the form looks like itself, reduced-level px
    outline: Outline  # over the whole form, at half of that
    near_to_template: Homography  # px of the field patches to template px
    fields: tuple[FieldPlan, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Catalog:
    """All known forms, and their keypoints to shortlist them by."""

    forms: tuple[IndexedTemplate, ...]
    lookups: tuple[Lookup, ...]  # of each of ``CatalogParams.matches``
    siblings: tuple[tuple[Sibling, ...], ...]  # of each form, those it shares print with

    def pages_of(self, template_id: str) -> tuple[int, ...]:
        """List the indexes of the pages that a form has templates for."""
        templates = (form.template for form in self.forms)
        return tuple(sorted(t.page_index for t in templates if t.template_id == template_id))


def index_forms(forms: tuple[IndexedTemplate, ...], params: CatalogParams) -> Catalog:
    """Gather prepared forms so that a page meets only those it may be."""
    lookups = tuple(
        index_features(
            [form.features[tier] for form in forms],
            binary=match.detector is Detector.ORB,
            params=params.shortlist,
        )
        for tier, match in enumerate(params.matches)
    )
    siblings = find_siblings(
        [form.features[0] for form in forms],
        [form.reduced for form in forms],
        lookups[0],
        params.matches[0],
        params.sibling,
    )
    return Catalog(forms=forms, lookups=lookups, siblings=siblings)


def index_template(template: Template, params: CatalogParams) -> IndexedTemplate:
    """Prepare one blank form for finding."""
    levels = halvings(template.image, long_side_px=params.reduced_px)
    reduced, near = levels[-1], levels[max(0, len(levels) - 2)]
    avoid = _written_on(template, reduced)
    strength = patch_strength(reduced, params.patch, avoid=avoid)
    spread = pick_spread(
        strength, params.patch, columns=params.patch_columns, rows=params.patch_rows
    )
    patches = cut_patches(reduced, spread, params.patch)
    repeats = find_repeats(reduced, patches, avoid, params.repeat)
    candidates = _near_candidates(template, near, params)
    own = find_own_print(candidates, template.fields, near, params.patch, params.own)
    return IndexedTemplate(
        template=template,
        features=tuple(blank_features(reduced, match) for match in params.matches),
        reduced=reduced,
        patches=patches,
        repeats=repeats,
        outline=cut_outline(reduced, avoid, repeats.landmarks.centers, params.outline),
        near_to_template=near.to_original(),
        fields=tuple(
            FieldPlan(
                spec=spec,
                patches=cut_patches(near, _nearest(candidates, spec, near, params), params.patch),
                own=own_print,
                printed=find_print(template, spec, params.printed),
            )
            for spec, own_print in zip(template.fields, own, strict=True)
        ),
    )


def _written_on(template: Template, level: Level) -> Mask:
    """Mark the fields on a level: (h, w), 255 where people write."""
    mask = np.zeros(level.image.shape, np.uint8)
    for spec in template.fields:
        left, right = (
            round(v / level.scale_x) for v in (spec.box.x_px, spec.box.x_px + spec.box.width_px)
        )
        top, bottom = (
            round(v / level.scale_y) for v in (spec.box.y_px, spec.box.y_px + spec.box.height_px)
        )
        cv2.rectangle(mask, (left, top), (right, bottom), 255, thickness=-1)
    return mask


def _near_candidates(template: Template, near: Level, params: CatalogParams) -> Points:
    strength = patch_strength(near, params.patch, avoid=_written_on(template, near))
    height, width = near.image.shape
    return pick_spread(
        strength,
        params.patch,
        columns=max(1, width // params.near_cell_px),
        rows=max(1, height // params.near_cell_px),
    )


def _nearest(candidates: Points, spec: FieldSpec, near: Level, params: CatalogParams) -> Points:
    """Take the candidates nearest to a field that do not overlap each other much."""
    box = spec.box
    middle = center(box) / [near.scale_x, near.scale_y]
    half = np.array([box.width_px / near.scale_x, box.height_px / near.scale_y]) / 2
    gap = np.maximum(np.abs(candidates - middle) - half, 0)  # (N, 2) distance to the box
    order: npt.NDArray[np.intp] = np.argsort(np.linalg.norm(gap, axis=1), kind="stable")
    taken: list[Points] = []
    for place in candidates[order]:
        if all(np.abs(place - other).max() >= params.patch.side_px * 0.8 for other in taken):
            taken.append(place)
        if len(taken) == params.field_patches:
            break
    return np.array(taken).reshape(-1, 2)
