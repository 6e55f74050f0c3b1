from __future__ import annotations

import pytest

from tests.factories import make_segmentation
from worker.page_sets import missing_pages


def pages(*indexes, form="intake", of=(0, 1, 2)):
    return [make_segmentation(template_id=form, page_index=i, form_pages=of) for i in indexes]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param([], id="nothing"),
        pytest.param(pages(2, 0, 1), id="any-order"),
        pytest.param(pages(0, 1, 2, 2, 1, 0), id="twice"),
        pytest.param(pages(0, of=(0,)), id="one-page-form"),
        pytest.param(pages(2, 0, of=(0, 2)), id="page-without-template"),
        pytest.param(pages(0, 1, 2) + pages(0, form="card", of=(0,)), id="two-forms"),
    ],
)
def test_a_whole_form_lacks_nothing(found):
    assert missing_pages(found) == []


def test_every_page_that_is_missing_is_named_from_one():
    assert missing_pages(pages(1)) == ["form 'intake': of its 3 pages, page 1, 3 is missing"]


def test_of_several_copies_the_one_that_lacks_a_page_is_noticed():
    (said,) = missing_pages(pages(0, 1, 2, 0, 2) + pages(0, form="card", of=(0,)))

    assert said == "form 'intake', which is there 2 times: of its 3 pages, page 2 is missing"
