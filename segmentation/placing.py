"""Place one field on a registered page by the print around it, or doubt it.

The page's homography puts a field within a few pixels. Patches printed around the field say how
far off it is there, and a linear correction fitted to them follows stretch and bent paper. Where
they are not found, the field may lie elsewhere, so it is never read unseen. Nor is it where they
are far away, or where the field's own print, such as its label, is not among them: lines alone are
found again a row off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segmentation.own_print import box_gaps
from segmentation.patches import PatchParams, find_patches
from segmentation.sampling import level_for
from segmentation.types import Doubt, Homography, Points
from segmentation.warp import center, corners, inverse, move

if TYPE_CHECKING:
    from segmentation.catalog import FieldPlan
    from segmentation.own_print import OwnPrint
    from segmentation.patches import Sighting
    from segmentation.pyramid import Level
    from segmentation.register import PreparedPage, RegisteredPage

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_LEFT = 0  # of ``OwnPrint.side``


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacingParams:
    """When the print around a field vouches for its place; px of the near level, ~150 dpi."""

    patch: PatchParams = field(default_factory=lambda: PatchParams(search_px=7, min_score=0.5))
    consistent_px: float = 2.5  # patches must agree with their common correction this well
    min_found: int = 3  # patches; fewer could agree by chance
    min_agreement: float = 0.5  # share of the visible patches that must be found
    nearest: int = 4  # patches, of which
    min_nearest: int = 2  # on the page must be found, hidden ones counted
    min_own: int = 2  # patches of the field's own print on one side; of fewer nothing is asked
    max_gap_px: float = 300.0  # from the field to the nearest: bent paper is not followed farther
    reach_px: float = 150.0  # print this far away counts half as much
    ridge: float = 1.0  # weight of "no stretch", in patches
    max_outside: float = 0.02  # share of the box that may lie off the page


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placement:
    """Where a field lies on the page, and how sure that is."""

    crop_to_page: Homography
    page_box: Points  # (4, 2), page px
    agreement: float  # [0, 1]
    doubt: Doubt


def place_field(
    page: PreparedPage, registered: RegisteredPage, plan: FieldPlan, params: PlacingParams
) -> Placement:
    """Correct a field's place by the print around it."""
    form = registered.form
    near_to_page = inverse(registered.page_to_template) @ form.near_to_template
    template_to_near = inverse(form.near_to_template)
    middle = move(center(plan.spec.box)[None], template_to_near)[0]
    level = level_for(page.levels, near_to_page, middle)
    to_level = inverse(level.to_original()) @ near_to_page
    sighting = find_patches(plan.patches, level, to_level, params.patch)

    places, moved = plan.patches.centers[sighting.found], sighting.moved[sighting.found]
    weights = 1 / (1 + np.linalg.norm(places - middle, axis=1) / params.reach_px)
    correction, agree = fit_correction(places, moved, weights, middle, params)
    found = np.zeros(len(sighting.found), bool)
    found[np.flatnonzero(sighting.found)[agree]] = True
    near_to_page = near_to_page @ correction
    template_to_page = near_to_page @ template_to_near
    page_box = move(corners(plan.spec.box), template_to_page)
    doubt = (  # of which none is false
        _out_of_page(page, page_box, params)
        or _uncounted(sighting, found, params)
        or _far(
            box_gaps(plan.patches.centers, plan.spec.box, template_to_near), sighting, found, params
        )
        or _unlabelled(
            plan.own,
            level,
            inverse(level.to_original()) @ near_to_page,
            float(np.median(sighting.scores[found])),
            params,
        )
    )
    return Placement(
        crop_to_page=template_to_page @ plan.printed.crop_to_template,
        page_box=page_box,
        agreement=float(found.sum()) / max(1, int(sighting.visible.sum())),
        doubt=doubt,
    )


def is_alone(plan: FieldPlan, near_to_template: Homography, params: PlacingParams) -> bool:
    """Tell whether too little is printed near a field for its place ever to be believed."""
    gaps = box_gaps(plan.patches.centers, plan.spec.box, inverse(near_to_template))
    return len(gaps) < params.min_found or bool(gaps.min() > params.max_gap_px)


def fit_correction(
    places: Points, moved: Points, weights: Floats, middle: Points, params: PlacingParams
) -> tuple[Homography, Flags]:
    """Fit the shift and stretch that most patches agree on.

    Args:
        places: (N, 2) where patches were expected.
        moved: (N, 2) how far from there they were found.
        weights: (N,) how much each counts.
        middle: (2,) of the field; the stretch is about this point.
        params: how well patches must agree.

    Returns:
        The map from expected to found places, and (N,) which patches agree with it.
    """
    if len(places) == 0:
        return np.eye(3), np.zeros(0, bool)
    agree = np.linalg.norm(moved - np.median(moved, axis=0), axis=1) <= 2 * params.consistent_px
    basis = np.column_stack([np.ones(len(places)), (places - middle) / params.reach_px])
    solution = np.zeros((3, 2))
    for _ in range(2):
        if not agree.any():
            return np.eye(3), agree
        weighted = basis[agree] * weights[agree, None]
        normal = weighted.T @ basis[agree] + np.diag([1e-9, params.ridge, params.ridge])
        solution = np.linalg.solve(normal, weighted.T @ moved[agree])
        agree = np.linalg.norm(moved - basis @ solution, axis=1) <= params.consistent_px
    stretch = solution[1:].T / params.reach_px  # (2, 2), d(moved) / d(place)
    correction = np.eye(3)
    correction[:2, :2] += stretch
    correction[:2, 2] = solution[0] - stretch @ middle
    return correction, agree


def _out_of_page(page: PreparedPage, page_box: Points, params: PlacingParams) -> Doubt:
    height, width = page.levels[0].image.shape
    slack = params.max_outside * max(float(np.ptp(page_box[:, 0])), float(np.ptp(page_box[:, 1])))
    inside = (page_box >= -slack) & (page_box <= np.array([width, height]) - 1 + slack)
    return Doubt.NONE if inside.all() else Doubt.OUT_OF_PAGE


def _uncounted(sighting: Sighting, found: Flags, params: PlacingParams) -> Doubt:
    """Doubt a field around which too few patches are in sight, or agree."""
    visible, consistent = int(sighting.visible.sum()), int(found.sum())
    if visible < params.min_found:
        return Doubt.SURROUNDINGS_HIDDEN
    if consistent < params.min_found or consistent < params.min_agreement * visible:
        return Doubt.SURROUNDINGS_DISAGREE
    return Doubt.NONE


def _far(gaps: Floats, sighting: Sighting, found: Flags, params: PlacingParams) -> Doubt:
    """Doubt a field that print some way off vouches for, but not what is nearest."""
    if gaps[found].min() > params.max_gap_px:
        return Doubt.SURROUNDINGS_HIDDEN
    order = np.argsort(gaps, kind="stable")
    nearest = order[sighting.on_page[order]][: params.nearest]
    if found[nearest].sum() >= params.min_nearest:
        return Doubt.NONE
    hidden = sighting.visible[nearest].sum() < params.min_nearest
    return Doubt.SURROUNDINGS_HIDDEN if hidden else Doubt.SURROUNDINGS_DISAGREE


def _unlabelled(
    own: OwnPrint, level: Level, own_to_level: Homography, usual: float, params: PlacingParams
) -> Doubt:
    """Doubt a field whose own print is not where the field's place would have it.

    What stands to the left of a field is its label, and must be there. Else it may stand on any
    side, and half of the sides must show what they should.

    Args:
        own: the print.
        level: of the page.
        own_to_level: px of the own print to px of ``level``, as the field was placed.
        usual: correlation of the print around the field that was found; noise lowers all alike.
        params: how much print makes a side.
    """
    sighting = find_patches(own.patches, level, own_to_level, params.patch)
    near = np.linalg.norm(sighting.moved, axis=1) <= params.consistent_px
    least = usual * (1 + own.likeness) / 2  # nearer to itself than to other print
    itself = sighting.found & near & (sighting.scores > least)
    shown: dict[int, bool] = {}
    for side in np.unique(own.side[sighting.on_page]).tolist():
        here = (own.side == side) & sighting.on_page
        if here.sum() >= params.min_own:
            shown[side] = bool(itself[here].any())
    asked = [shown[_LEFT]] if _LEFT in shown else list(shown.values())
    if 2 * sum(asked) >= len(asked):
        return Doubt.NONE
    in_sight = sighting.visible[own.side == _LEFT] if _LEFT in shown else sighting.visible
    return Doubt.SURROUNDINGS_DISAGREE if in_sight.any() else Doubt.SURROUNDINGS_HIDDEN
