from __future__ import annotations

import pytest

from worker.answers import check_typed
from worker.batch_names import fault_of_name
from worker.query_errors import AnswerRefusedError


@pytest.mark.parametrize(
    "name", ["autumn", "clinic/2026-11", "Ü 1?#%", "retry", "a/b/c", "x" * 128]
)
def test_what_an_address_can_hold_names_a_batch(name):
    assert fault_of_name(name) == ""


@pytest.mark.parametrize(
    "name", ["", " a", "a ", "a\nb", "a\0", "x" * 129, "/a", "a/", "a//b", ".", "a/..", "a/retry"]
)
def test_what_no_address_can_hold_names_none(name):
    assert fault_of_name(name)


@pytest.mark.parametrize("text", ["Ada", "O'Neill-Smith", "\u0915\u094d\u200d\u0937", "Zoë"])
def test_a_name_may_be_typed_as_people_write_it(text):
    check_typed(text)


@pytest.mark.parametrize("text", ["A\0da", "A\x1bda", "\ud800", "A\ufdd0"])
def test_what_nobody_writes_is_refused_without_being_quoted(text):
    with pytest.raises(AnswerRefusedError, match="control character"):
        check_typed(text)
