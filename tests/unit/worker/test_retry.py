from __future__ import annotations

from random import Random

import pytest

from worker.errors import (
    ConfigError,
    DamagedDocumentError,
    DatabaseUnavailableError,
    DocumentOutOfMemoryError,
    FailureCode,
    ModelUnavailableError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
)
from worker.retry import GiveBack, RetryRule, Stop, TryAgain, decide

OUTAGES = (
    StorageUnavailableError("away"),
    StorageFullError("full"),
    DatabaseUnavailableError("away"),
    ModelUnavailableError("gone"),
    ConfigError("the server refuses the credentials; renew them"),
)


def decided(error, *, tries=1, outages=0):
    return decide(error, tries=tries, outages=outages, rule=RetryRule(), random=Random(1))


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_an_outage_gives_the_try_back_however_long_it_lasts(error):
    waits = [decided(error, tries=3, outages=outages).wait_s for outages in (0, 1, 2, 3, 1000)]

    assert all(isinstance(decided(error, outages=n), GiveBack) for n in (0, 10_000))
    assert waits == sorted(waits)
    assert 1 <= waits[0] <= 2
    assert waits[-1] <= 15


@pytest.mark.parametrize(
    ("error", "most_tries", "code"),
    [
        (DamagedDocumentError("cut off"), 1, FailureCode.DAMAGED_DOCUMENT),
        (ObjectMissingError("gone"), 2, FailureCode.OBJECT_MISSING),
        (DocumentOutOfMemoryError("large"), 3, FailureCode.DOCUMENT_OUT_OF_MEMORY),
        (MemoryError(), 3, FailureCode.DOCUMENT_OUT_OF_MEMORY),
        (ValueError("a bug, and a name in its text"), 3, FailureCode.INTERNAL_ERROR),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_document_at_fault_is_tried_so_often_and_fails_with_its_code(error, most_tries, code):
    for tries in range(1, most_tries):
        assert isinstance(decided(error, tries=tries), TryAgain)

    last = decided(error, tries=most_tries)

    assert isinstance(last, Stop)
    assert last.code == code
    assert "a name" not in last.detail


def test_waits_grow_with_the_tries_and_stay_apart():
    rule = RetryRule()
    first, second = (
        decide(MemoryError(), tries=n, outages=0, rule=rule, random=Random(2)) for n in (1, 2)
    )
    other = decide(MemoryError(), tries=1, outages=0, rule=rule, random=Random(3))

    assert isinstance(first, TryAgain)
    assert isinstance(second, TryAgain)
    assert isinstance(other, TryAgain)
    assert second.wait_s == 2 * first.wait_s
    assert other.wait_s != first.wait_s


def test_what_is_said_of_a_document_can_be_stored():
    found = decided(DamagedDocumentError("caf\udce9\0.jpg ends early"))

    assert found == Stop(code=FailureCode.DAMAGED_DOCUMENT, detail="caf\\udce9.jpg ends early")
