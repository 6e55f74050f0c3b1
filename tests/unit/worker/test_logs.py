from __future__ import annotations

import json
import logging

import pytest

from worker.logs import bound, configure_logs

pytestmark = pytest.mark.usefixtures("restored_logs")

log = logging.getLogger("tests.logs")


def lines(capsys) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_json_with_its_event_and_fields(capsys):
    configure_logs("INFO")

    log.info("page_segmented", extra={"fields": 4})

    (line,) = lines(capsys)
    assert line["event"] == "page_segmented"
    assert line["fields"] == 4
    assert line["level"] == "INFO"


def test_bound_ids_are_on_every_line_of_the_block_and_no_other(capsys):
    configure_logs("INFO")

    with bound(batch="b1"), bound(document="d1"):
        log.info("inside")
    log.info("outside")

    inside, outside = lines(capsys)
    assert (inside["batch"], inside["document"]) == ("b1", "d1")
    assert "batch" not in outside


def test_lines_below_the_level_are_left_out(capsys):
    configure_logs("WARNING")

    log.info("quiet")

    assert lines(capsys) == []


def test_a_trace_is_one_field_of_its_line(capsys):
    configure_logs("INFO")

    try:
        _ = 1 / 0
    except ZeroDivisionError:
        log.exception("internal_error")

    (line,) = lines(capsys)
    assert "ZeroDivisionError" in str(line["trace"])
