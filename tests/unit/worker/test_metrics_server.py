"""The page of metrics over HTTP, as far as no socket is needed."""

from __future__ import annotations

from itertools import count
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from worker.errors import DatabaseUnavailableError
from worker.metrics import CONTENT_TYPE
from worker.metrics_server import KeptPage, metrics_app


class Clock:
    """A clock that tests turn."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def ask(page, path):
    environment: dict[str, object] = {"PATH_INFO": path}
    setup_testing_defaults(environment)
    environment["PATH_INFO"] = path
    answer: dict[str, Any] = {}

    def start(status, headers, _=None):
        answer.update(status=status, headers=dict(headers))
        return lambda _: None

    body = b"".join(metrics_app(page)(environment, start))
    return answer["status"], answer["headers"], body


def away():
    raise DatabaseUnavailableError("postgresql://host: no answer")


def test_the_page_comes_with_its_type_and_length():
    status, headers, body = ask(lambda: b"penname_put_off 1\n", "/metrics")

    assert status == "200 OK"
    assert headers == {"Content-Type": CONTENT_TYPE, "Content-Length": "18"}
    assert body == b"penname_put_off 1\n"


def test_while_the_database_is_away_no_number_is_made_up():
    status, _, body = ask(away, "/metrics")

    assert status == "503 Service Unavailable"
    assert b"host" not in body


def test_that_the_process_runs_is_told_without_the_database():
    assert ask(away, "/healthz")[0] == "200 OK"


def test_there_is_no_other_page():
    assert ask(away, "/")[0] == "404 Not Found"


def test_many_readers_ask_the_database_once_in_a_while():
    numbers, clock = count(1), Clock()
    page = KeptPage(lambda: b"%d" % next(numbers), kept_s=5, clock=clock)

    pages = [page(), page()]
    clock.now_s = 5.0
    pages.append(page())

    assert pages == [b"1", b"1", b"2"]


def test_a_page_that_could_not_be_made_is_asked_for_again():
    answers = [away, lambda: b"here"]

    def make():
        return answers.pop(0)()

    page = KeptPage(make, clock=Clock())

    with pytest.raises(DatabaseUnavailableError):
        page()

    assert page() == b"here"
