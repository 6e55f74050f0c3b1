from __future__ import annotations

import numpy as np
import pytest

from segmentation.matching import Features
from segmentation.shortlist import ShortlistParams, index_features, shortlist

RNG = np.random.default_rng(4)
PARAMS = ShortlistParams(forms=3)


def features(descriptors):
    return Features(points=np.zeros((len(descriptors), 2)), descriptors=descriptors)


def noisy(descriptors, flips=25):
    """Flip some bits of each descriptor, as noise on a scan does."""
    bits = np.unpackbits(descriptors, axis=1)
    for row in bits:
        row[RNG.choice(256, flips, replace=False)] ^= 1
    return np.packbits(bits, axis=1)


FORMS = [features(RNG.integers(0, 256, (200, 32), dtype=np.uint8)) for _ in range(60)]


@pytest.mark.parametrize("number", [0, 17, 59])
def test_the_form_whose_print_a_page_shares_comes_first_among_many(number):
    lookup = index_features(FORMS, binary=True, params=PARAMS)

    found = shortlist(features(noisy(FORMS[number].descriptors)), lookup)

    assert found[0] == number
    assert len(found) == PARAMS.forms


def test_forms_that_share_nearly_all_print_are_all_tried():
    editions = [features(noisy(FORMS[0].descriptors, flips=2)) for _ in range(5)]
    lookup = index_features([*FORMS[1:], *editions], binary=True, params=PARAMS)

    found = shortlist(FORMS[0], lookup)

    assert set(found) == set(range(len(FORMS) - 1, len(FORMS) + 4))


def test_few_forms_are_all_tried_whatever_the_page_shows():
    lookup = index_features(FORMS[:3], binary=True, params=PARAMS)

    assert shortlist(features(np.empty((0, 32), np.uint8)), lookup) == [0, 1, 2]


def test_a_page_without_keypoints_still_gets_forms_to_be_refused_by():
    lookup = index_features(FORMS, binary=True, params=PARAMS)

    assert len(shortlist(features(np.empty((0, 32), np.uint8)), lookup)) >= PARAMS.forms
