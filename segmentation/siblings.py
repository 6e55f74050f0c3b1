"""Find the forms that share print, such as two editions that differ in one line.

A poor page may be laid onto one edition and narrowly not onto the other, by chance and whichever it
is. So wherever a page fits a form, its siblings are laid onto it too, by what the blanks have in
common, and their difference decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation.errors import RegistrationError
from segmentation.matching import MatchParams, pair_features
from segmentation.registration import RegistrationParams, fit_registration
from segmentation.shortlist import Lookup, shortlist
from segmentation.types import Homography  # noqa: TC001, read by dataclass users
from segmentation.warp import inverse, move, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.matching import Features
    from segmentation.pyramid import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class SiblingParams:
    """When two blanks share print; px of the reduced level."""

    fit: RegistrationParams = field(
        default_factory=lambda: RegistrationParams(inlier_px=4.0, min_inliers=20)
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sibling:
    """A form that shares print with another."""

    number: int  # of the form in its catalog
    to_sibling: Homography  # px of the other form's blank to px of this one's


def find_siblings(
    features: Sequence[Features],
    reduced: Sequence[Level],
    lookup: Lookup,
    match: MatchParams,
    params: SiblingParams,
) -> tuple[tuple[Sibling, ...], ...]:
    """Find for each form those it shares print with.

    Args:
        features: keypoints of each blank, in px of the blank.
        reduced: the level of each blank that fits are measured in.
        lookup: of ``features``.
        match: how the keypoints were found.
        params: when two blanks share print.

    Returns:
        The siblings of each form, in the order of the forms.
    """
    found: list[tuple[Sibling, ...]] = []
    for one, own in enumerate(features):
        near = (number for number in shortlist(own, lookup) if number != one)
        maps = ((n, _fit(own, features[n], reduced[n], match, params)) for n in near)
        found.append(tuple(Sibling(number=n, to_sibling=to) for n, to in maps if to is not None))
    return tuple(found)


def _fit(
    one: Features, other: Features, reduced: Level, match: MatchParams, params: SiblingParams
) -> Homography | None:
    """Lay one blank onto the other; None where they share too little."""
    pairs = pair_features(one, other, match)
    height, width = reduced.image.shape
    to_reduced = inverse(reduced.to_original())
    try:
        fit = fit_registration(
            pairs.page, move(pairs.template, to_reduced), (height, width), params.fit
        )
    except RegistrationError:
        return None
    return unit(reduced.to_original() @ fit.page_to_template)
