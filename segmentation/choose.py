"""Choose which of the known forms a page is, or none.

Of few forms, each is first looked for where the page's edges put it (``outline``). Else the forms
whose keypoints resemble the page's most are tried; those that fit are compared by how much of their
print is found. When two forms fit nearly as well, such as two editions that differ in one line,
only the print in which they differ decides. The page must show what one of them prints there, more
than chance gives: where that print is torn off or hidden, it is refused.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.errors import (
    AmbiguousTemplateError,
    Misfit,
    NoTemplateMatchesError,
    RegistrationError,
)
from segmentation.matching import page_features, pair_features
from segmentation.outline import guess
from segmentation.pyramid import halve
from segmentation.register import register, register_guessed, register_near
from segmentation.sampling import pull_level
from segmentation.shortlist import shortlist
from segmentation.warp import inverse, pull, unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation.catalog import Catalog, CatalogParams
    from segmentation.evidence import RegisterParams
    from segmentation.outline import OutlineParams
    from segmentation.register import PreparedPage, RegisteredPage
    from segmentation.types import GrayImage


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseParams:
    """When two forms are told apart."""

    rival_agreement: float = 0.75  # of the best form's; less is no rival
    narrow: float = 0.8  # share of the limits that a sibling must meet to be weighed all the same
    blur_px: int = 5  # forms are compared after blurring away what registration cannot hold
    min_difference: int = 40  # gray steps by which the two blanks differ there
    min_pixels: int = 60  # of difference, at the reduced level
    paper_px: int = 15  # gray is compared with its mean this far around: shadows are no print
    # How well the page must correlate there with the form chosen, and how much better than with the
    # other. Over 1000 px of difference hidden print gave up to 0.19, print in sight 0.44 and more.
    min_likeness: float = 0.35
    chance: float = 8.0  # at least this over the root of the px: over few, chance gives more


def choose(
    page: PreparedPage,
    catalog: Catalog,
    *,
    prepared: CatalogParams,
    register_params: RegisterParams,
    params: ChooseParams,
) -> RegisteredPage:
    """Choose the form a page is and lay the page onto it.

    Args:
        page: the page.
        catalog: the forms it may be.
        prepared: how the forms were prepared; of its ways to pair keypoints, a costlier one is
            tried when the ones before it fail.
        register_params: when a page counts as laid onto a form.
        params: when two forms are told apart.

    Raises:
        NoTemplateMatchesError: the page is none of the forms.
        RegistrationError: the page shows a form, but not which of its equal rows is which.
        AmbiguousTemplateError: the page fits two forms equally well.
    """
    guessed = _guessed(page, catalog, register_params, prepared.outline)
    if guessed:
        return _among_siblings(page, guessed, catalog, register_params, params)
    misfits: list[RegistrationError] = []
    for tier, match in enumerate(prepared.matches):
        features = page_features(page.levels[-1], match)
        fits: dict[int, RegisteredPage] = {}
        for number in shortlist(features, catalog.lookups[tier]):
            form = catalog.forms[number]
            pairs = pair_features(features, form.features[tier], match)
            try:
                fits[number] = register(page, form, pairs, register_params)
            except RegistrationError as misfit:
                misfits.append(misfit)
        if fits:
            return _among_siblings(page, fits, catalog, register_params, params)
    closest = max(misfits, key=_closeness)
    if closest.reason is Misfit.ROWS_ALIKE:
        raise closest
    raise NoTemplateMatchesError(known=len(catalog.forms), closest=closest)


def _guessed(
    page: PreparedPage, catalog: Catalog, register_params: RegisterParams, params: OutlineParams
) -> dict[int, RegisteredPage]:
    """Lay the page onto the forms that it shows edge to edge, where all forms are tried anyway."""
    fits: dict[int, RegisteredPage] = {}
    if len(catalog.forms) > catalog.lookups[0].params.forms:
        return fits  # a shortlist costs less
    coarse = halve(page.levels[-1])
    for number, form in enumerate(catalog.forms):
        seen = guess(coarse, form.outline, params)
        if seen is not None:
            with suppress(RegistrationError):
                fits[number] = register_guessed(page, form, seen, register_params)
    return fits


def _among_siblings(
    page: PreparedPage,
    fits: Mapping[int, RegisteredPage],
    catalog: Catalog,
    register_params: RegisterParams,
    params: ChooseParams,
) -> RegisteredPage:
    """Weigh the forms that a page fits against their siblings, those that narrowly fail too."""
    more, narrow = _sibling_fits(page, fits, catalog, register_params, params.narrow)
    best = _best(page, [*fits.values(), *more], params)
    for rival, misfit in narrow:
        if _decide(page, best, rival, params) is rival:
            raise NoTemplateMatchesError(known=len(catalog.forms), closest=misfit)
    return best


def _sibling_fits(
    page: PreparedPage,
    fits: Mapping[int, RegisteredPage],
    catalog: Catalog,
    params: RegisterParams,
    narrow: float,
) -> tuple[list[RegisteredPage], list[tuple[RegisteredPage, RegistrationError]]]:
    """Lay the page onto the siblings of the forms it fits, where it was not yet.

    Returns:
        Those it fits, and those that it fits within ``narrow`` of the limits, with what it missed.
    """
    slack = replace(
        params,
        min_agreement=narrow * params.min_agreement,
        min_found=narrow * params.min_found,
        min_span=narrow * params.min_span,
    )
    more: list[RegisteredPage] = []
    missed: list[tuple[RegisteredPage, RegistrationError]] = []
    seen = set(fits)
    for number, fit in fits.items():
        for sibling in (s for s in catalog.siblings[number] if s.number not in seen):
            seen.add(sibling.number)
            form = catalog.forms[sibling.number]
            guess = sibling.to_sibling @ fit.page_to_template
            try:
                more.append(register_near(page, form, guess, fit, params))
            except RegistrationError as misfit:
                with suppress(RegistrationError):
                    missed.append((register_near(page, form, guess, fit, slack), misfit))
    return more, missed


def _best(page: PreparedPage, fits: list[RegisteredPage], params: ChooseParams) -> RegisteredPage:
    """Take the form that wins against each rival where the two differ.

    Two that cannot be told apart do not stop a third that wins against both.

    Raises:
        AmbiguousTemplateError: no form wins against all others.
    """
    fits.sort(key=lambda fit: (-fit.agreement, -fit.inlier_count))
    rivals = [f for f in fits if f.agreement >= params.rival_agreement * fits[0].agreement]
    best: RegisteredPage | None = None
    beaten: list[RegisteredPage] = []
    undecided: list[AmbiguousTemplateError] = []
    for rival in rivals:
        if best is None:
            best, beaten = rival, []
            continue
        try:
            winner = _decide(page, best, rival, params)
        except AmbiguousTemplateError as error:  # so neither wins against all
            undecided.append(error)
            best = None
        else:
            beaten = [*beaten, rival] if winner is best else [best]
            best = winner
    if best is None:
        raise undecided[0]
    for rival in rivals:
        unmet = rival is not best and all(rival is not other for other in beaten)
        if unmet and _decide(page, best, rival, params) is rival:
            raise undecided[0] if undecided else _circular(best, rival, params)
    return best


def _circular(
    best: RegisteredPage, rival: RegisteredPage, params: ChooseParams
) -> AmbiguousTemplateError:
    """Say that a page fits three forms, each better than the next."""
    ids = (best.form.template.template_id, rival.form.template.template_id)
    return AmbiguousTemplateError(template_ids=ids, margin=0.0, limit=params.min_likeness)


def _closeness(misfit: RegistrationError) -> tuple[int, float]:
    """Order misfits by how far registration came before it failed."""
    return list(Misfit).index(misfit.reason), misfit.found


def _decide(
    page: PreparedPage, one: RegisteredPage, other: RegisteredPage, params: ChooseParams
) -> RegisteredPage:
    """Compare two fitting forms where their blanks differ, in the first one's reduced frame."""
    height, width = one.form.reduced.image.shape
    reduced_to_page = inverse(one.page_to_template) @ one.form.reduced.to_original()
    to_other = inverse(other.form.reduced.to_original()) @ other.page_to_template @ reduced_to_page
    seen = _soft(pull_level(page.levels, reduced_to_page, width_px=width, height_px=height), params)
    first = _soft(one.form.reduced.image, params)
    second = _soft(
        pull(other.form.reduced.image, unit(to_other), width_px=width, height_px=height), params
    )
    apart = cv2.absdiff(first, second) >= params.min_difference
    count = int(apart.sum())
    ids = (one.form.template.template_id, other.form.template.template_id)
    if count < params.min_pixels:  # the forms are the same where it can be seen
        raise AmbiguousTemplateError(template_ids=ids, margin=0.0, limit=params.min_likeness)
    ink = _above_paper(seen, params)[apart]
    like_first = _likeness(ink, _above_paper(first, params)[apart])
    like_second = _likeness(ink, _above_paper(second, params)[apart])
    shown = min(max(like_first, like_second), abs(like_first - like_second))
    limit = max(params.min_likeness, params.chance / count**0.5)
    if shown < limit:
        raise AmbiguousTemplateError(template_ids=ids, margin=shown, limit=limit)
    return one if like_first > like_second else other


def _soft(image: GrayImage, params: ChooseParams) -> GrayImage:
    return np.asarray(cv2.GaussianBlur(image, (params.blur_px, params.blur_px), 0), np.uint8)


def _above_paper(image: GrayImage, params: ChooseParams) -> npt.NDArray[np.float32]:
    """Give how much lighter each pixel is than the mean around it, (H, W)."""
    gray = image.astype(np.float32)
    return gray - np.asarray(cv2.blur(gray, (params.paper_px, params.paper_px)), np.float32)


def _likeness(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Correlate two (N,) rows; 0 where one of them is even."""
    x, y = a.astype(np.float64) - a.mean(), b.astype(np.float64) - b.mean()
    scale = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / scale if scale else 0.0
