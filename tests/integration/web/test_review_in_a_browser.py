"""Review as people do it: in Chromium, by keyboard alone, without the internet."""

from __future__ import annotations

import re

import pytest

from tests.database import opened
from tests.reviewers import said
from tests.shelf import Shelf
from tests.web import log_in, served
from worker.types import FieldStatus

pytestmark = pytest.mark.slow
NEXT_MS = 100  # until the next field is on the screen


@pytest.fixture
def page(browser, web):
    """Give a page that may speak to the application only, and whose faults are the test's."""
    page = browser.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    foreign = []
    page.on(
        "request",
        lambda request: None if request.url.startswith(web.url) else foreign.append(request.url),
    )
    yield page
    page.close()
    assert (faults, foreign) == ([], [])


def shown(page):
    return page.locator("#stage .reading [aria-hidden]").inner_text()


def press(page, key):
    """Press a key and wait until another field is there."""
    lease = page.locator("#stage .field").get_attribute("data-lease")
    page.keyboard.press(key)
    page.wait_for_function(
        "lease => [...document.querySelectorAll('#stage .field')]"
        ".some(field => field.dataset.lease !== lease)",
        arg=lease,
    )


def wait_until_said(page, web, count):
    for _ in range(200):
        if len(said(web.sessions)) >= count:
            return said(web.sessions)
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(said(web.sessions))} answers of {count} came")


def test_ten_fields_are_reviewed_by_keyboard(page, web, shelf):
    shelf.put("Martin", alternatives=(("Marlin", 0.2), ("Merlin", 0.1)))
    shelf.put("Ado", "Eva", "Iris", "Jo", "Kim", "Lea", "Max", "Nora", "Otto")
    log_in(page, web)
    page.goto(f"{web.url}/review")

    assert shown(page) == "Martin"
    press(page, "2")
    page.keyboard.type("Ada")
    press(page, "Enter")
    press(page, "Enter")  # Eva
    press(page, "0")  # Iris
    press(page, "9")  # Jo
    press(page, "8")  # Kim
    press(page, "Enter")  # Lea
    press(page, "6")  # back
    assert page.locator("#stage .text").input_value() == "Lea"
    page.keyboard.type("Leo")
    for _ in range(3):
        press(page, "Enter")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Nothing waits for you").wait_for()

    texts = [text or status for text, status, _ in wait_until_said(page, web, 10)]
    assert texts == [
        *("Marlin", "Ada", "Eva", "blank", "unreadable", "Lea", "Leo", "Max", "Nora", "Otto"),
    ]


def test_the_next_field_is_there_at_once(page, web, shelf):
    shelf.put(*(f"Ada {chr(97 + number)}" for number in range(8)))
    log_in(page, web)
    page.goto(f"{web.url}/review")

    for _ in range(6):
        page.wait_for_function("() => document.querySelectorAll('#ready .field').length > 0")
        page.wait_for_load_state("networkidle")
        press(page, "Enter")
    page.wait_for_function("() => performance.getEntriesByName('next-field').length >= 6")

    took = page.evaluate("performance.getEntriesByName('next-field').map(one => one.duration)")
    assert sorted(took)[len(took) // 2] < NEXT_MS


def test_the_page_is_shown_on_demand(page, web, shelf):
    shelf.put("Ada")
    log_in(page, web)
    page.goto(f"{web.url}/review")

    page.keyboard.press("7")

    picture = page.locator("#stage .page img")
    picture.wait_for()
    page.wait_for_function("() => document.querySelector('#stage .page img').naturalWidth > 0")
    page.keyboard.press("7")
    assert not picture.is_visible()


def test_a_screen_reader_hears_each_field(page, web, shelf):
    shelf.put("Ado", "Eva")
    log_in(page, web)
    page.goto(f"{web.url}/review")
    heard = page.get_by_role("status")

    assert "Field full name" in heard.inner_text()
    press(page, "Enter")

    assert "Read as Eva" in heard.inner_text()
    assert page.get_by_role("textbox", name="What stands there").evaluate(
        "box => box === document.activeElement"
    )
    assert page.get_by_role("img", name="The handwriting in the field full name").count() == 1


def test_an_answer_that_did_not_arrive_comes_back_after_the_field_being_typed(browser, web, shelf):
    shelf.put("Ado", "Eva")
    page = browser.new_page()
    log_in(page, web)
    page.goto(f"{web.url}/review")
    page.wait_for_load_state("networkidle")
    page.route("**/review/answers", lambda route: route.abort())

    press(page, "Enter")
    page.keyboard.type("Ev")
    page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
    page.unroute("**/review/answers")
    page.keyboard.type("e")

    assert shown(page) == "Eva"
    press(page, "Enter")
    assert shown(page) == "Ado"
    page.keyboard.press("Enter")
    assert wait_until_said(page, web, 2) == [("Eve", "read", "rita"), ("Ado", "read", "rita")]
    page.close()


def test_the_last_answer_comes_back_at_once_when_it_did_not_arrive(browser, web, shelf):
    shelf.put("Ado")
    page = browser.new_page()
    log_in(page, web)
    page.goto(f"{web.url}/review")
    page.wait_for_load_state("networkidle")
    page.route("**/review/answers", lambda route: route.abort())

    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("The server does not answer").wait_for()
    page.unroute("**/review/answers")

    page.locator("#stage .field").wait_for()
    assert shown(page) == "Ado"
    page.keyboard.press("Enter")
    assert wait_until_said(page, web, 1) == [("Ado", "read", "rita")]
    page.close()


def test_an_emptied_box_is_not_accepted_but_blank_is_said_with_its_key(page, web, shelf):
    shelf.put("Ado", "Eva")
    log_in(page, web)
    page.goto(f"{web.url}/review")

    for emptied in (" ", "Backspace"):
        page.keyboard.press(emptied)
        page.keyboard.press("Enter")
        assert page.locator("#stage .text:invalid").count() == 1
    press(page, "0")

    assert wait_until_said(page, web, 1) == [("", "blank", "rita")]


def test_the_odd_one_is_picked_out_by_keyboard(page, web, shelf):
    shelf.put("Ada", "Ada", "Ada", "Ada")
    log_in(page, web)
    page.goto(f"{web.url}/review/alike")

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Confirm the other 3").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("3 confirmed").wait_for()

    assert said(web.sessions) == [("Ada", "read", "rita")] * 3


def test_a_field_that_passed_as_blank_is_confirmed_with_enter(browser, tmp_path):
    with (
        opened(f"sqlite:///{tmp_path}/audit.db") as sessions,
        served(sessions, audit_share=1.0) as web,
    ):
        Shelf(web=web, folder=tmp_path).put("", status=FieldStatus.BLANK)
        page = browser.new_page()
        log_in(page, web)
        page.goto(f"{web.url}/review")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Nothing waits for you").wait_for()

        assert wait_until_said(page, web, 1) == [("", "blank", "rita")]
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(browser, web, shelf, scheme):
    shelf.put("Bartholomew-Montgomery von und zu Hohenstein", "Ada", "Ada", "Ada")
    page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    log_in(page, web)

    for path in ("/review", "/review/alike", "/quality", "/"):
        page.goto(web.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ink, paper = (
        page.evaluate(f"getComputedStyle(document.body).{name}")
        for name in ("color", "backgroundColor")
    )
    bright = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert (bright[0] > bright[1]) is (scheme == "dark")
    page.close()
