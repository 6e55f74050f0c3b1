"""Text that a database refuses, or that breaks addresses, gets a clear answer wherever it comes."""

from __future__ import annotations

import psycopg
import pytest

from tests.database import make_field, opened, read
from tests.handed_in import make_intake
from tests.web import served
from worker.roles import Role

API = "/api/v1"
HOSTILE = {
    "nul": "%00",
    "nul-within": "a%00b",
    "half-a-surrogate": "%ED%A0%80",
    "no-utf-8": "%FF%FE",
    "no-character": "%EF%BF%BF",
    "astral": "%F0%9F%92%A9",
    "line-end": "a%0D%0Ab",
    "quote": "%27%22%3B--",
    "backslash": "%5C",
    "pattern": "%25_%5C",
    "right-to-left": "%E2%80%AE",
}
ASKED = (
    *(f"/batches/{{}}{rest}" for rest in ("", "?code={}")),
    *(f"/results?{name}={{}}" for name in ("q", "batch", "field", "status", "sort", "cursor")),
    *("/results?q={}&how=like", "/results?q={}&how=holds", "/results?corrected={}&below={}"),
    *("/results/{}", "/review?undo={}", "/review/next?held={}", "/review/crops/{}"),
    *("/review/alike?text={}", "/editor/{}", "/login?next={}", "/documents/{}/1.png", "/{}"),
    *(f"{API}/batches/{{}}{rest}" for rest in ("", "/failures", "/failures?code={}")),
    *(f"{API}/results?{name}={{}}" for name in ("name", "similar_to", "batch", "field", "cursor")),
    *(f"{API}/results/export?{name}={{}}" for name in ("format", "name", "similar_to", "batch")),
    *(f"{API}/templates/{{}}", f"{API}/results/{{}}", f"{API}/{{}}", "/static/{}"),
)
SENT = (
    *("/batches/{}/retry", "/batches/{}/cancel", "/batches", "/batches/autumn/retry"),
    *("/results/{}", "/review/answers", "/review/undo", "/review/alike", "/editor", "/login"),
    *("/editor/00000000-0000-0000-0000-000000000000/save", "/logout"),
)
FIELDS = ("name", "code", "text", "status", "choice", "say", "lease", "password", "template_id")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(request, tmp_path_factory):
    """Serve the application over each kind of database."""
    folder = tmp_path_factory.mktemp("hostile")
    url = f"sqlite:///{folder}/penname.db"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_url")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("CREATE DATABASE hostile_text")
        url = server.rsplit("/", 1)[0] + "/hostile_text"
    with (
        opened(url) as sessions,
        served(sessions, intake=make_intake(), template_dir=folder / "templates") as web,
    ):
        read(sessions, make_field("full_name", "Ada"))
        yield web


@pytest.fixture(scope="module")
def admin(web):
    """Give a client of somebody who may do everything."""
    return web.log_in("anna", Role.ADMIN)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_no_address_breaks_the_server(admin, hostile):
    answers = {path: admin.get(path.replace("{}", hostile)).status_code for path in ASKED}

    assert {path: status for path, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_no_form_breaks_the_server(admin, hostile):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    lease = "lease=00000000-0000-0000-0000-000000000000&"
    body = "&".join(f"{name}={hostile}" for name in FIELDS)

    answers = {
        (path, start): admin.post(
            path.replace("{}", hostile), content=start + body, headers=form
        ).status_code
        for path in SENT
        if path != "/logout"
        for start in ("", lease)
    }

    assert {path: status for path, status in answers.items() if status >= 500} == {}
