"""Review over HTTP: what its routes give, with and without the script, and what they refuse."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
from sqlalchemy import text

from recognition.types import CharReading
from tests.database import opened, rows
from tests.reviewers import said
from tests.shelf import Shelf
from tests.web import PASSWORD, served
from worker.database.session import transaction
from worker.roles import Role
from worker.types import FieldStatus


def leases(page):
    return re.findall(r'data-lease="([-0-9a-f]{36})"', page.text)


def test_the_form_works_without_the_script(web, shelf):
    shelf.put("Ado", "Eva")
    client = web.log_in()
    csrf = client.headers.pop("X-CSRF-Token")
    [lease] = leases(client.get("/review"))

    answer = client.post("/review/answers", data={"csrf": csrf, "lease": lease, "text": "Ada"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/review?undo={lease}")
    assert said(web.sessions) == [("Ada", "read", "rita")]
    assert leases(client.get(answer.headers["location"])) != [lease]
    back = client.post("/review/undo", data={"csrf": csrf, "lease": lease})
    assert back.headers["location"] == "/review"


def test_a_reading_that_was_picked_counts_before_what_stands_in_the_box(web, shelf):
    shelf.put("Martin", alternatives=(("Marlin", 0.2),))
    client = web.log_in()
    [lease] = leases(client.get("/review"))

    client.post("/review/answers", data={"lease": lease, "text": "Martin", "choice": "Marlin"})

    assert [text for text, *_ in said(web.sessions)] == ["Marlin"]


def test_an_audit_of_a_blank_field_looks_like_any_field_without_a_text(tmp_path):
    with (
        opened(f"sqlite:///{tmp_path}/audit.db") as sessions,
        served(sessions, audit_share=1.0) as web,
    ):
        shelf = Shelf(web=web, folder=tmp_path)
        shelf.put("", status=FieldStatus.LOW_CONFIDENCE)
        shelf.put("", status=FieldStatus.BLANK)
        shown = web.log_in().get("/review/next").text

    fields = shown.split("</article>")[:-1]
    plain = [re.sub(r"[0-9a-f]{8}-[-0-9a-f]{27}|scan-\d+", "", field).strip() for field in fields]
    assert len(fields) == 2
    assert plain[0] == plain[1]


def test_a_box_that_was_emptied_does_not_say_that_the_field_is_blank(web, shelf):
    shelf.put("Ado")
    client = web.log_in()
    [lease] = leases(client.get("/review"))

    data = {"lease": lease, "say": "accept", "text": " "}

    assert client.post("/review/answers", data=data).status_code == 400
    assert said(web.sessions) == []


def test_accepting_a_blank_field_without_the_script_keeps_what_was_typed(web, shelf):
    shelf.put("", "", status=FieldStatus.MISPLACED)
    client = web.log_in()
    for typed in ("", "Ada"):
        [lease] = leases(client.get("/review"))
        data = {"lease": lease, "say": "accept", "text": typed}
        assert client.post("/review/answers", data=data).status_code == 204

    assert said(web.sessions) == [("", "blank", "rita"), ("Ada", "read", "rita")]


def test_unsure_characters_are_marked_for_the_eye_and_named_for_the_ear(web, shelf):
    chars = [("A", 0.99, 0, 1), ("d", 0.4, 1, 2), ("a", 0.95, 2, 3)]
    shelf.put(
        "Ada",
        chars=tuple(
            CharReading(char=c, probability=p, start_frame=a, end_frame=b) for c, p, a, b in chars
        ),
    )

    page = web.log_in().get("/review").text

    assert "A<mark>d</mark>a" in page
    assert "Unsure: d." in page


def test_a_hostile_text_is_shown_as_it_is_and_run_nowhere(web, shelf):
    hostile = "<script>alert('Ada')</script>\"><img src=x onerror=alert(1)>"
    shelf.put(hostile, hostile, hostile)
    client = web.log_in()

    pages = [client.get(path).text for path in ("/review", "/review/alike")]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;script&gt;alert" in page


def test_a_hostile_file_name_is_shown_as_it_is(web, shelf):
    shelf.put("Ada")
    name = "file:///scans/%3Cb%3E..%2F..%2Fetc%2Fpasswd.jpg"
    with transaction(web.sessions) as session:
        session.execute(text("UPDATE documents SET uri = :uri"), {"uri": name})
    client = web.log_in()

    page = client.get("/review")

    assert "&lt;b&gt;../../etc/passwd.jpg" in page.text
    assert client.get(f"/review/pages/{leases(page)[0]}").status_code == 404


def test_pictures_are_for_whoever_holds_the_field(web, shelf):
    shelf.put("Ada")
    rita, otto = web.log_in("rita"), web.log_in("otto")
    [lease] = leases(rita.get("/review"))

    crop, page = (rita.get(f"/review/{kind}/{lease}") for kind in ("crops", "pages"))

    for answer in (crop, page):
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "no-store"
        assert cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR) is not None
    for kind in ("crops", "pages"):
        assert otto.get(f"/review/{kind}/{lease}").status_code == 409
        assert web.anonymous().get(f"/review/{kind}/{lease}").status_code == 303


def test_a_field_whose_pictures_are_gone_can_be_reviewed_all_the_same(web, shelf):
    shelf.put("Ada")
    [row] = rows(web.sessions, "SELECT crop_key FROM readings")
    web.store.delete(row["crop_key"])
    client = web.log_in()
    [lease] = leases(client.get("/review"))

    answer = client.get(f"/review/crops/{lease}")

    assert (answer.status_code, answer.json()["code"]) == (404, "object_missing")


@pytest.mark.parametrize("path", ["/review", "/review/next", "/review/alike"])
def test_a_viewer_does_not_review(web, shelf, path):
    shelf.put("Ada")
    viewer = web.log_in("vera", Role.VIEWER)

    assert viewer.get(path).status_code == 403
    assert viewer.post("/review/answers", data={"lease": "0" * 32}).status_code == 403
    assert rows(web.sessions, "SELECT * FROM review_leases") == []


def test_a_late_answer_says_so(web, shelf):
    shelf.put("Ada")
    client = web.log_in()
    [lease] = leases(client.get("/review"))
    client.post("/review/answers", data={"lease": lease, "text": "Ada"})

    late = client.post("/review/answers", data={"lease": lease, "text": "Ida"})

    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")


def test_what_is_no_lease_is_refused_without_quoting_it(web):
    client = web.log_in()

    answer = client.post("/review/answers", data={"lease": "Ada Lovelace", "text": "x"})

    assert answer.status_code == 422
    assert "Ada" not in answer.text


def test_quality_shows_the_measured_error_with_its_bound(web, shelf):
    shelf.put("Ada", confidence=0.9, status=FieldStatus.READ)

    page = web.log_in("vera", Role.VIEWER).get("/quality").text

    assert "100.0 %" in page
    assert "Measured error" in page


def test_an_admin_sees_people_and_what_they_changed(web, shelf):
    shelf.put("Ada")
    rita = web.log_in("rita")
    [lease] = leases(rita.get("/review"))
    rita.post("/review/answers", data={"lease": lease, "text": "Ada"})

    page = web.log_in("anna", Role.ADMIN).get("/people").text

    assert "field corrected" in page
    assert "rita" in page
    assert "Ada" not in page
    assert PASSWORD not in page
