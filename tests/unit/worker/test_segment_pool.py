from __future__ import annotations

import time

import pytest

from tests.fakes.hard_limits import short_of_time
from tests.scans import encode, endless_pdf
from worker.document_images import DecodeLimits
from worker.errors import FailureCode
from worker.segment_pool import SegmentPool
from worker.segment_process import Refusal, SegmentJob


@pytest.fixture
def job(forms):
    return SegmentJob(catalog=forms.catalog, params=forms.params, limits=DecodeLimits())


def test_many_documents_each_get_their_own_answer(job, forms):
    with SegmentPool(job, processes=2) as pool:
        answers = [pool.submit(encode(forms.filled(n), "TIFF")) for n in range(6)]
        found = [_template_id(answer.result()) for answer in answers]

    assert found == [forms.templates[n % 2].template_id for n in range(6)]


def test_a_poison_document_fails_alone_among_its_neighbours(job, forms):
    documents = [encode(forms.filled(n), "TIFF") for n in range(3)]
    documents.insert(1, endless_pdf())

    with SegmentPool(job, processes=2, prepare=short_of_time) as pool:
        answers = [answer.result() for answer in map(pool.submit, documents)]

    refused = [n for n, answer in enumerate(answers) if isinstance(answer, Refusal)]
    assert refused == [1]
    assert isinstance(answers[1], Refusal)
    assert answers[1].code is FailureCode.DOCUMENT_CRASHED
    assert "ended 2 times, by SIG" in answers[1].detail


def test_leaving_drops_what_waits_and_ends_the_children(job):
    with SegmentPool(job, processes=1) as pool:
        pool.submit(b"").result()
        answers = [pool.submit(endless_pdf()) for _ in range(3)]
        while not answers[0].running():
            time.sleep(0.01)

    assert isinstance(answers[0].exception(timeout=20), RuntimeError)
    assert all(answer.cancelled() for answer in answers[1:])


def _template_id(answer):
    (page,) = answer
    return page.segmentation.template_id
