"""Results, batches and the template editor in a real browser."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.database import make_field, opened, read
from tests.factories import make_crop
from tests.handed_in import make_intake
from tests.web import log_in, served
from worker.crop_archive import encode_png, pack_crops
from worker.roles import Role
from worker.samples.clinic_form import clinic_form
from worker.templates import load_templates

SMALL = {"width": 390, "height": 844}


@pytest.fixture
def web(tmp_path):
    with (
        opened(f"sqlite:///{tmp_path}/penname.db") as sessions,
        served(sessions, intake=make_intake(), template_dir=tmp_path / "templates") as web,
    ):
        yield web


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1100, "height": 800})
    page.faults = []
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    yield page
    page.close()


def fill(web, *names):
    for number, name in enumerate(names):
        field = make_field("full_name", name, confidence=0.9 - 0.1 * number)
        claim = read(web.sessions, field, uri=f"file:///scans/{number}.jpg")
        crops = pack_crops([(0, [make_crop()])])
        web.store.put(f"crops/{claim.document_id}/{claim.attempt}.zip", crops)


def test_a_name_is_searched_looked_into_and_corrected(web, page):
    fill(web, "Ada Lovelace", "Adele Mason", "Grace Hopper")
    log_in(page, web)

    page.get_by_role("link", name="Results").first.click()
    page.get_by_role("searchbox").fill("ad")
    page.keyboard.press("Enter")
    page.wait_for_url("**/results?*q=ad*")

    assert page.locator("table.results tbody tr").count() == 2
    page.get_by_role("link", name="Ada Lovelace").click()
    image = page.get_by_alt_text("The field as it was cut from the page")
    assert image.evaluate("one => one.naturalWidth") > 0
    page.get_by_label("Text").fill("Ada King")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Ada King")
    assert "rita" in page.inner_text("main")
    assert page.faults == []


def test_a_name_with_a_slip_is_found_and_what_is_found_goes_out_as_a_file(web, page):
    fill(web, "Ada Lovelace", "Grace Hopper")
    log_in(page, web, role=Role.VIEWER)
    page.goto(f"{web.url}/results?q=lovlace&how=like")

    assert page.locator("table.results tbody tr").count() == 1
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text("utf-8")

    assert "Ada Lovelace" in text
    assert "Grace" not in text


def test_results_go_on_from_page_to_page(web, page):
    for number in range(60):
        read(
            web.sessions, make_field("full_name", f"Name {number:02}"), uri=f"file:///{number}.jpg"
        )
    log_in(page, web, role=Role.VIEWER)
    page.goto(f"{web.url}/results?sort=name")

    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**cursor=**")

    assert page.locator("table.results tbody tr").count() == 10
    assert "cursor=Name" not in page.url


@pytest.mark.parametrize(
    "query", ["q=%00", f"q={'x' * 300}", "below=x", "status=x", "sort=x", "cursor=x", "sort=place"]
)
def test_a_search_that_makes_no_sense_says_so(web, query):
    answer = web.log_in().get(f"/results?{query}")

    assert answer.status_code == 400
    assert "bad_query" in answer.text


def test_scans_are_handed_in_and_their_batch_is_followed_live(web, page, tmp_path):
    scan = tmp_path / "scan.png"
    scan.write_bytes(encode_png(make_crop().image))
    log_in(page, web)
    page.goto(f"{web.url}/batches")
    page.get_by_label("Batch, new").fill("spring & summer")
    page.get_by_label("JPEG, PNG").set_input_files(scan)
    page.get_by_role("button", name="Hand in").click()
    page.wait_for_url("**/batches/spring*")
    assert "0 of 1 documents" in page.inner_text("main")

    with web.sessions.begin() as session:
        session.execute(
            text(
                "UPDATE documents SET status = 'failed', failure_code = 'damaged_document', "
                "failure_detail = 'the file ends early', finished_at = '2026-11-24 12:00:00.000000'"
            )
        )
    page.wait_for_selector("text=1 of 1 documents")  # without a reload
    page.reload()
    page.get_by_text("Show its first page").click()
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("text=1 pending")

    assert web.app.state.services.intake.nudger.nudges
    assert all("404" in fault for fault in page.faults)  # the store in memory has no page to draw


def test_a_batch_is_drawn_with_its_rate(web, page):
    for number in range(5):
        fill_one = make_field("full_name", "Ada")
        claim = read(web.sessions, fill_one, uri=f"file:///{number}.jpg")
        with web.sessions.begin() as session:
            session.execute(
                text("UPDATE documents SET finished_at = :at WHERE uri = :uri"),
                {"at": f"2026-11-24 12:00:{10 * number:02}.000000", "uri": f"file:///{number}.jpg"},
            )
        assert claim.attempt == 1
    log_in(page, web, role=Role.VIEWER)
    page.goto(f"{web.url}/batches/autumn")

    assert page.locator("svg polyline").count() == 1
    assert page.get_by_role("button", name="Cancel").count() == 0


def open_editor(page, web, tmp_path):
    blank = tmp_path / "blank.png"
    blank.write_bytes(encode_png(clinic_form().image))
    log_in(page, web, "anna", Role.ADMIN)
    page.goto(f"{web.url}/editor")
    page.get_by_label("JPEG, PNG").set_input_files(blank)
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_selector("#editor")
    page.wait_for_load_state()  # and its script with it
    return blank


def test_a_template_is_drawn_by_mouse_tried_and_saved(web, page, tmp_path):
    blank = open_editor(page, web, tmp_path)
    assert "No fields are proposed" in page.inner_text("main")

    edge = page.locator(".sheet svg").bounding_box()
    page.mouse.move(edge["x"] + 100, edge["y"] + 120)
    page.mouse.down()
    page.mouse.move(edge["x"] + 300, edge["y"] + 150, steps=4)
    page.mouse.up()
    page.keyboard.type("patient")
    page.get_by_label("Letters").select_option("upper")
    page.get_by_label("Try it on a scan").set_input_files(blank)
    page.wait_for_selector("#trial:not([hidden])", timeout=60_000)
    page.get_by_label("Save as").fill("intake")
    page.get_by_role("button", name="Save the template").click()
    page.wait_for_selector("text=Saved")

    [template] = load_templates([tmp_path / "templates"])
    [field] = template.fields
    assert (field.name, field.letters) == ("patient", "upper")
    scale = clinic_form().image.shape[1] / edge["width"]
    assert field.box.x_px == pytest.approx(100 * scale, abs=3)
    assert field.box.width_px == pytest.approx(200 * scale, abs=5)
    assert list(web.store.list("drafts/")) == []
    assert page.faults == []


def test_a_template_is_drawn_by_keyboard_alone(web, page, tmp_path):
    open_editor(page, web, tmp_path)

    page.get_by_role("button", name="Add a field").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("guardian")
    box = page.locator(".box")
    box.focus()
    before = [int(page.locator(f"[data-box='{i}']").input_value()) for i in range(4)]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+Shift+ArrowRight")
    after = [int(page.locator(f"[data-box='{i}']").input_value()) for i in range(4)]
    assert [b - a for a, b in zip(before, after, strict=True)][1:] == [1, 1, 0]
    assert after[0] > before[0]
    assert "guardian" in (box.get_attribute("aria-label") or "")
    page.get_by_label("Save as").focus()
    page.keyboard.type("by-keys")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Saved")

    assert (tmp_path / "templates" / "by-keys" / "blank.png").is_file()


def test_what_cannot_be_saved_says_why_and_keeps_the_boxes(web, page, tmp_path):
    open_editor(page, web, tmp_path)
    page.get_by_role("button", name="Add a field").click()
    page.keyboard.type("../x")
    page.get_by_label("Save as").fill("intake")

    page.get_by_role("button", name="Save the template").click()
    page.wait_for_selector("#fault:not([hidden])")
    assert "name" in page.inner_text("#fault")
    page.get_by_role("button", name="Remove").click()

    assert page.locator(".box").count() == 0
    assert not (tmp_path / "templates").exists()


@pytest.mark.parametrize("path", ["/results", "/batches", "/batches/autumn", "/editor"])
def test_no_page_is_wider_than_a_phone(web, page, path):
    fill(web, "Ada Lovelace", "Grace Hopper")
    log_in(page, web, "anna", Role.ADMIN)
    page.set_viewport_size(SMALL)
    page.goto(f"{web.url}{path}")

    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]


def test_templates_are_for_admins(web):
    assert web.log_in().get("/editor").status_code == 403


def test_a_page_is_drawn_for_those_who_look_into_a_failure(web, tmp_path):
    scan = tmp_path / "scan.png"
    scan.write_bytes(encode_png(make_crop().image))
    claim = read(web.sessions, make_field("full_name", "Ada"), uri=scan.as_uri())
    client = web.log_in(role=Role.VIEWER)

    drawn = client.get(f"/documents/{claim.document_id}/1.png")

    assert drawn.content.startswith(b"\x89PNG")
    assert client.get(f"/documents/{claim.document_id}/2.png").status_code == 404


def drag_by_finger(page, start, end, steps=5):
    """Move a finger as a touch screen reports it, not as a script would call it."""
    screen = page.context.new_cdp_session(page)

    def touch(kind, *fingers):
        points = [{"x": x, "y": y} for x, y in fingers]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    for step in range(1, steps + 1):
        share = step / steps
        touch("touchMove", [a + share * (b - a) for a, b in zip(start, end, strict=True)])
    touch("touchEnd")
    screen.detach()


def test_a_box_is_moved_and_sized_by_finger_and_elsewhere_a_finger_scrolls(browser, web, tmp_path):
    context = browser.new_context(
        viewport={"width": 400, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    open_editor(page, web, tmp_path)
    page.get_by_role("button", name="Add a field").tap()
    box = page.locator(".box .area")
    grip = page.locator(".box .grip")
    box.scroll_into_view_if_needed()

    def placed():
        return [int(page.locator(f"[data-box='{side}']").input_value()) for side in range(4)]

    def middle(what):
        edge = what.bounding_box()
        return edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 2

    before, (x, y), scrolled = placed(), middle(box), page.evaluate("scrollY")
    drag_by_finger(page, (x, y), (x - 40, y - 60))
    moved = placed()
    assert moved[0] < before[0]
    assert moved[1] < before[1]
    assert moved[2:] == before[2:]
    assert page.evaluate("scrollY") == scrolled

    edge = grip.bounding_box()
    assert min(edge["width"], edge["height"]) >= 24  # px, what a finger hits (WCAG 2.5.8)
    x, y = middle(grip)
    drag_by_finger(page, (x, y), (x + 30, y + 40))
    sized = placed()
    assert sized[:2] == moved[:2]
    assert sized[2] > moved[2]
    assert sized[3] > moved[3]
    assert page.evaluate("scrollY") == scrolled

    sheet = page.locator(".sheet svg").bounding_box()
    free = (sheet["x"] + sheet["width"] - 20, min(sheet["y"] + sheet["height"] - 20, 700))
    drag_by_finger(page, free, (free[0], free[1] - 200), steps=10)
    page.wait_for_function("was => scrollY !== was", arg=scrolled)
    assert page.locator(".box").count() == 1
    context.close()
