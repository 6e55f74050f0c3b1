"""Find the known form that a refused page comes nearest to, for people to see why it was refused.

Nothing here is evidence: a fit is taken however poor it is, and no field is cut by it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segmentation.errors import RegistrationError
from segmentation.matching import page_features, pair_features
from segmentation.registration import fit_registration
from segmentation.shortlist import shortlist
from segmentation.sighting import sight
from segmentation.warp import inverse, move

if TYPE_CHECKING:
    from segmentation.catalog import Catalog, CatalogParams, IndexedTemplate
    from segmentation.evidence import RegisterParams
    from segmentation.matching import Pairs
    from segmentation.register import PreparedPage
    from segmentation.types import Points


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nearest:
    """A form laid on a page as well as may be."""

    form: IndexedTemplate
    at: Points  # (N, 2), page px: its printed places that would be in sight
    found: npt.NDArray[np.bool_]  # (N,)


def nearest_form(
    page: PreparedPage, catalog: Catalog, *, prepared: CatalogParams, params: RegisterParams
) -> Nearest | None:
    """Lay the page onto each form that resembles it, and give the one with most print found.

    Args:
        page: the page.
        catalog: the forms it may be.
        prepared: how the forms were prepared.
        params: how they are looked for.

    Returns:
        The nearest form; None where nothing of any was seen.
    """
    best: Nearest | None = None
    for tier, match in enumerate(prepared.matches):
        features = page_features(page.levels[-1], match)
        for number in shortlist(features, catalog.lookups[tier]):
            form = catalog.forms[number]
            pairs = pair_features(features, form.features[tier], match)
            with suppress(RegistrationError):
                laid = _lay(page, form, pairs, params)
                if laid.found.any() and (best is None or laid.found.sum() > best.found.sum()):
                    best = laid
    return best


def _lay(
    page: PreparedPage, form: IndexedTemplate, pairs: Pairs, params: RegisterParams
) -> Nearest:
    """Look for a form's printed places where its keypoints put them.

    Raises:
        RegistrationError: there are next to none.
    """
    to_reduced = inverse(form.reduced.to_original())
    first = fit_registration(
        pairs.page,
        move(pairs.template, to_reduced),
        form.reduced.image.shape,
        replace(params.first, min_inliers=6, min_spread=0.0, max_stretch=4.0, max_tilt=4.0),
    )
    seen, where = sight(page.levels, form, form.patches, first.page_to_template, params.patch)
    height, width = page.levels[0].image.shape
    within = (where >= 0).all(axis=1) & (where < np.array([width, height])).all(axis=1)
    return Nearest(form=form, at=where[within], found=np.asarray(seen.found[within], bool))
