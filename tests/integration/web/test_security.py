"""Every promise about who may do what, kept over HTTP."""

from __future__ import annotations

from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from starlette.routing import Mount

from tests.database import opened, rows
from tests.web import PASSWORD, served
from worker.people import LoginLimits
from worker.roles import Role

OPEN = {"/health", "/login", "/api/v1/openapi.json", "/static"}


def test_a_page_leads_to_the_login_and_back(web):
    client = web.log_in("anna", Role.ADMIN)
    stranger = web.anonymous()

    asked = stranger.get("/people")

    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/people")
    assert client.get("/people").status_code == 200


def test_a_wrong_password_and_an_unknown_name_are_told_alike(web):
    web.add("rita")
    client = web.anonymous()

    wrong = client.post("/login", data={"name": "rita", "password": "not the right one"})
    unknown = client.post("/login", data={"name": "nobody", "password": PASSWORD})

    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert not client.cookies


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(web):
    web.add("rita")

    answer = web.anonymous().post("/login", data={"name": "rita", "password": PASSWORD})

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "/\t/evil.example"]
)
def test_a_login_leads_nowhere_else(web, target):
    web.add("rita")

    answer = web.anonymous().post(
        "/login", data={"name": "rita", "password": PASSWORD, "next": target}
    )

    assert answer.headers["location"] == "/"


def test_logins_are_limited_by_name_and_a_success_forgets_the_failures(tmp_path):
    limits = LoginLimits(by_name=3)
    with (
        opened(f"sqlite:///{tmp_path}/penname.db") as sessions,
        served(sessions, login_limits=limits) as web,
    ):
        web.add("rita")
        client = web.anonymous()

        def answers(*passwords):
            return [
                client.post("/login", data={"name": "rita", "password": password}).status_code
                for password in passwords
            ]

        assert answers("wrong", "wrong", PASSWORD) == [401, 401, 303]
        assert answers("wrong", "wrong", "wrong", PASSWORD) == [401, 401, 401, 429]


def test_secrets_are_kept_as_hashes_only(web):
    client = web.log_in("rita")
    token = client.cookies["penname_session"]
    program = web.program("robot")
    bearer = program.headers["authorization"].partition(" ")[2]

    kept = str(
        [rows(web.sessions, f"SELECT * FROM {name}") for name in ("users", "web_sessions")]  # noqa: S608, our own names
        + rows(web.sessions, "SELECT * FROM api_tokens")
    )

    assert "$argon2id$" in kept
    assert not [secret for secret in (PASSWORD, token, bearer) if secret in kept]


def routes_below(router, prefix=""):
    """Give every path of an application with its methods, routers within routers among them."""
    for route in router.routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from routes_below(included, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            yield prefix + route.path, {"GET"}
        else:
            yield prefix + route.path, route.methods


def test_no_route_but_the_few_answers_without_login(web):
    client = web.anonymous()
    found = list(routes_below(web.app))

    answering = set()
    for path, methods in found:
        address = path.replace("{", "").replace("}", "")
        for method in methods:
            answer = client.request(method, address)
            to_login = answer.headers.get("location", "").startswith("/login?")
            if answer.status_code != 401 and not to_login:
                answering.add(path)

    assert len(found) >= 8
    assert answering == OPEN
    assert client.get("/api/v1/openapi.json").status_code == 200


def test_every_answer_carries_the_content_security_policy(web):
    client = web.log_in("anna", Role.ADMIN)

    answers = [
        client.get(path)
        for path in ("/health", "/login", "/", "/static/style.css", "/nowhere", "/people")
    ]

    policies = {answer.headers["content-security-policy"] for answer in answers}
    assert len(policies) == 1
    assert "default-src 'none'" in policies.pop()
    assert answers[2].headers["cache-control"] == "no-store"


def test_what_changes_something_needs_the_token_of_the_session(web):
    client = web.log_in("rita")
    token = client.headers.pop("X-CSRF-Token")

    assert client.post("/logout").status_code == 403
    assert client.post("/logout", headers={"X-CSRF-Token": "0" * 64}).status_code == 403
    assert client.post("/logout", data={"csrf": token}).status_code == 303
    assert client.get("/").headers["location"] == "/login?next=/"


def test_another_site_can_neither_log_somebody_in_nor_out(web):
    client = web.log_in("rita")

    for path in ("/login", "/logout"):
        answer = client.post(path, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403


@pytest.mark.parametrize("length", [10**6, 10**12])
def test_a_body_that_is_too_long_is_refused_by_its_header(web, length):
    with closing(HTTPConnection(urlsplit(web.url).netloc)) as connection:
        connection.putrequest("POST", "/login")
        connection.putheader("Content-Length", str(length))
        connection.endheaders()

        assert connection.getresponse().status == 413


def test_a_body_that_goes_on_and_on_is_refused_as_it_comes(web):
    def body():
        for _ in range(40):
            yield b"name=" + b"x" * 100_000

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = web.anonymous().post("/login", content=body(), headers=form)

    assert answer.status_code == 413


@pytest.mark.parametrize("page", ["99999999999999999999", "0"])
def test_a_page_that_no_document_has_is_refused(web, page):
    client = web.log_in("anna", Role.ADMIN)

    answer = client.get(f"/documents/00000000-0000-0000-0000-000000000000/{page}.png")

    assert answer.status_code == 422


def test_nobody_sends_a_file_before_they_are_known(web):
    strangers: list[dict[str, str]] = [
        {},
        {"Cookie": "penname_session=made-up"},
        {"Authorization": "Bearer made-up"},
    ]
    for stranger in strangers:
        with closing(HTTPConnection(urlsplit(web.url).netloc, timeout=10)) as connection:
            connection.putrequest("POST", "/api/v1/batches")
            for name, value in {**stranger, "Content-Length": "300000"}.items():
                connection.putheader(name, value)
            connection.endheaders()

            assert connection.getresponse().status == 413


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"]
)
def test_no_path_leaves_the_folder_of_assets(web, path):
    assert web.anonymous().get(path).status_code == 404
