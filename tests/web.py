"""The web application as people meet it: served on a port, over a database, to a real browser.

``web`` gives the application on SQLite, ``browser`` a Chromium of Debian's; both are for a
``conftest.py`` to import.
"""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from tests.database import opened
from tests.fakes.memory_store import MemoryStore
from tests.servers import HOST, free_port
from worker.people import add_person, make_token
from worker.roles import Role
from worker.storage.s3 import S3Options
from worker.storage.sources import Sources
from worker.web.app import create_app
from worker.web.services import WebServices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from sqlalchemy.orm import Session, sessionmaker

PASSWORD = "a good long password"  # noqa: S105, of people who live as long as their test
_START_S = 20.0


@dataclass(slots=True, kw_only=True)
class Web:
    """The application while it is being served."""

    url: str
    sessions: sessionmaker[Session]
    store: MemoryStore
    app: FastAPI
    clients: list[httpx.Client] = field(default_factory=list)

    def add(self, name: str, role: Role = Role.REVIEWER) -> None:
        """Let somebody log in with ``PASSWORD``."""
        add_person(self.sessions, name=name, role=role, password=PASSWORD, by="test")

    def anonymous(self) -> httpx.Client:
        """Give a client that nobody knows."""
        client = httpx.Client(base_url=self.url, timeout=30.0)
        self.clients.append(client)
        return client

    def log_in(self, name: str = "rita", role: Role = Role.REVIEWER) -> httpx.Client:
        """Give a client with a session and, in ``X-CSRF-Token``, what its scripts send."""
        self.add(name, role)
        client = self.anonymous()
        answer = client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303
        page = client.get("/", follow_redirects=True).text
        client.headers["X-CSRF-Token"] = page.partition('name="csrf" content="')[2][:64]
        return client

    def program(self, name: str = "robot", role: Role = Role.VIEWER) -> httpx.Client:
        """Give a client with a token."""
        self.add(name, role)
        token = make_token(self.sessions, name=name, label="test", by="test")
        client = self.anonymous()
        client.headers["Authorization"] = f"Bearer {token}"
        return client


@contextmanager
def served(
    sessions: sessionmaker[Session], *, store: MemoryStore | None = None, **changes: Any
) -> Iterator[Web]:
    """Serve the application over a database; ``changes`` are of its ``WebServices``."""
    store = store or MemoryStore()
    defaults: dict[str, Any] = {
        "sessions": sessions,
        "store": store,
        "sources": Sources(S3Options(endpoint_url=None)),
        "audit_share": 0.0,
        "random": Random(1),
    }
    app = create_app(WebServices(**{**defaults, **changes}))
    port = free_port()
    config = uvicorn.Config(app, host=HOST, port=port, log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="web")
    thread.start()
    web = Web(url=f"http://{HOST}:{port}", sessions=sessions, store=store, app=app)
    try:
        _wait_for(server)
        yield web
    finally:
        for client in web.clients:
            client.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def web(tmp_path):
    """Serve the application over an empty SQLite database."""
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions, served(sessions) as web:
        yield web


@pytest.fixture(scope="session")
def browser():
    """Start Debian's Chromium once; each test opens pages, ``browser.new_page()``, of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise RuntimeError("these tests need Chromium; run: make system")
    with sync_playwright() as playwright:
        # Root, as in a container, may not use Chromium's own sandbox.
        browser = playwright.chromium.launch(
            executable_path=str(Path(program)), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def log_in(page: Any, web: Web, name: str = "rita", role: Role = Role.REVIEWER) -> None:
    """Let somebody new log in by the page, as people do."""
    web.add(name, role)
    page.goto(f"{web.url}/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _START_S
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("the application did not start")
        time.sleep(0.01)
