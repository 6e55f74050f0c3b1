from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI

from worker.web.failures import answer_failures
from worker.web.middleware import HEADERS


def test_a_bug_is_answered_with_its_code_and_under_the_same_policy_as_all_else():
    app = FastAPI()
    answer_failures(app)

    @app.get("/api/v1/broken")
    def broken():
        raise RuntimeError("Ada Lovelace")

    async def ask():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/api/v1/broken")

    # The browser that other tests share keeps a loop of its own running in this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        answer = elsewhere.submit(asyncio.run, ask()).result()

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "Lovelace" not in answer.text
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
