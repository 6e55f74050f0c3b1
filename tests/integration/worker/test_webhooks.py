"""Webhooks, to a real receiver on this machine."""

from __future__ import annotations

import hmac
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import text

from tests.database import make_field, read, register, rows
from tests.receiver import receiving
from worker.database.session import transaction
from worker.errors import NoSuchResultError
from worker.query_errors import WebhookRefusedError
from worker.webhooks import (
    WebhookParams,
    all_webhooks,
    deliver_due,
    forget_webhook,
    keep_delivering,
    register_webhook,
    wait_s,
)

pytestmark = pytest.mark.integration
PARAMS = WebhookParams(private_hosts=True, settled_s=-1.0, timeout_s=2.0, most_attempts=3)


def due_now(sessions):
    """Let the wait for the next attempt be over."""
    with transaction(sessions) as session:
        session.execute(
            text(
                "UPDATE webhook_deliveries SET next_attempt_at = created_at "
                "WHERE next_attempt_at IS NOT NULL"
            )
        )


def test_a_batch_that_is_done_is_told_once_and_signed(sessions):
    with receiving() as receiver:
        webhook_id, secret = register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada Lovelace"))

        assert deliver_due(sessions, PARAMS, now=lambda: 1_800_000_000.7) == 1
        assert deliver_due(sessions, PARAMS) == 0

    [(path, headers, body)] = receiver.got
    assert path == "/told?by=penname"
    said = json.loads(body)
    assert (said["event"], said["batch"], said["documents"]) == (
        "batch.done",
        "autumn",
        {"done": 1},
    )
    assert b"Ada" not in body
    wanted = hmac.new(secret.encode(), b"1800000000." + body, "sha256").hexdigest()
    assert headers["X-Penname-Signature"] == f"t=1800000000,v1={wanted}"
    [webhook] = all_webhooks(sessions)
    assert (webhook.id, webhook.delivered, webhook.waiting) == (webhook_id, 1, 0)
    assert secret not in repr(webhook)


def test_messages_are_sent_beside_other_work_until_it_stops(sessions):
    stopped = threading.Event()
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        sender = threading.Thread(
            target=keep_delivering, args=(sessions, PARAMS, stopped), kwargs={"every_s": 0.01}
        )
        sender.start()
        deadline = time.monotonic() + 30
        while not receiver.got and time.monotonic() < deadline:
            time.sleep(0.01)
        stopped.set()
        sender.join(30)

    assert len(receiver.got) == 1
    assert not sender.is_alive()


def test_a_message_that_does_not_arrive_is_sent_again_until_it_does(sessions):
    with receiving(500, 302) as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))

        arrived = [deliver_due(sessions, PARAMS)]
        assert all_webhooks(sessions)[0].last_failure == "the receiver answers 500"
        assert deliver_due(sessions, PARAMS) == 0  # not before its time
        assert len(receiver.got) == 1
        for _ in range(2):
            due_now(sessions)
            arrived.append(deliver_due(sessions, PARAMS))

    assert arrived == [0, 0, 1]
    assert {path for path, _, _ in receiver.got} == {"/told?by=penname"}  # no redirect followed
    assert len({body for _, _, body in receiver.got}) == 1


def test_a_receiver_that_is_away_is_given_up_after_so_many_attempts(sessions):
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
    read(sessions, make_field("full_name", "Ada"))

    for _ in range(5):
        deliver_due(sessions, PARAMS)
        due_now(sessions)

    [row] = rows(sessions, "SELECT attempts, next_attempt_at, delivered_at FROM webhook_deliveries")
    assert (row["attempts"], row["next_attempt_at"], row["delivered_at"]) == (3, None, None)
    assert "does not answer" in all_webhooks(sessions)[0].last_failure


def test_a_receiver_that_answers_drop_by_drop_is_left_at_the_deadline(sessions):
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection, suppress(OSError):
                for drop in b"HTTP/1.1 200 " + b"O" * 100:
                    connection.sendall(bytes([drop]))
                    if stopped.wait(0.1):
                        break

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        register_webhook(sessions, url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        begun = time.monotonic()

        assert deliver_due(sessions, replace(PARAMS, deadline_s=0.5)) == 0

        assert time.monotonic() - begun < 5
        stopped.set()
        thread.join()


def test_a_fault_does_not_end_the_sending(sessions, monkeypatch, caplog):
    stopped = threading.Event()
    calls = []

    def fail_first(*_):
        calls.append(1)
        if len(calls) > 1:
            stopped.set()
        raise ValueError("a bug")

    monkeypatch.setattr("worker.webhooks.deliver_due", fail_first)

    keep_delivering(sessions, PARAMS, stopped, every_s=0.01)

    assert len(calls) == 2
    assert "webhooks_put_off" in caplog.messages


def test_batches_that_were_told_are_not_counted_again(sessions, monkeypatch):
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        deliver_due(sessions, PARAMS)
        monkeypatch.setattr("worker.database.webhooks._counts", None)

        assert deliver_due(sessions, PARAMS) == 0


def test_the_wait_doubles_up_to_a_limit():
    params = WebhookParams()
    waits = [wait_s(attempt, params) for attempt in range(1, 13)]

    assert waits[:3] == [10.0, 20.0, 40.0]
    assert max(wait for wait in waits if wait) == 3600.0
    assert waits[-1] is None


def test_a_batch_in_which_documents_wait_is_not_done(sessions):
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        register(sessions, uri="file:///2.jpg", data="2")

        assert deliver_due(sessions, PARAMS) == 0
        assert deliver_due(sessions, replace(PARAMS, settled_s=60.0)) == 0


def test_what_was_done_before_is_not_told(sessions):
    read(sessions, make_field("full_name", "Ada"))
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)

        assert deliver_due(sessions, PARAMS) == 0


def test_a_webhook_that_is_forgotten_is_told_no_more(sessions):
    with receiving() as receiver:
        webhook_id, _ = register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        forget_webhook(sessions, webhook_id, by="anna")

        assert deliver_due(sessions, PARAMS) == 0
        with pytest.raises(NoSuchResultError):
            forget_webhook(sessions, webhook_id, by="anna")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://example.com/", id="scheme"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("http://user:secret@example.com/", id="user"),
        pytest.param("http://127.0.0.1/", id="this-machine"),
        pytest.param("http://[::1]/", id="this-machine-6"),
        pytest.param("http://[::ffff:10.0.0.1]/", id="mapped"),
        pytest.param("http://10.1.2.3/", id="private"),
        pytest.param("http://169.254.169.254/latest/", id="cloud-metadata"),
        pytest.param("http://0.0.0.0/", id="any"),
        pytest.param("http://2130706433/", id="a-number"),
        pytest.param("http://localhost/", id="localhost"),
        pytest.param("http://no-such-host.invalid/", id="not-known"),
        pytest.param("http://example.com:99999/", id="port"),
        pytest.param("http:///path", id="no-host"),
        pytest.param("http://example.com/a b", id="blank"),
    ],
)
def test_an_address_that_is_none_or_private_is_refused(sessions, url):
    with pytest.raises(WebhookRefusedError):
        register_webhook(sessions, url, by="anna", params=WebhookParams())
    assert all_webhooks(sessions) == []


@pytest.mark.parametrize("host", ["64:ff9b::a00:1", "2002:a00:1::", "fec0::1"])
def test_an_address_that_hides_a_private_one_is_refused(sessions, host):
    with pytest.raises(WebhookRefusedError, match="private network"):
        register_webhook(sessions, f"http://[{host}]/", by="anna", params=WebhookParams())


def test_an_address_that_became_private_is_not_sent_to(sessions):
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))

        assert deliver_due(sessions, replace(PARAMS, private_hosts=False)) == 0

    assert receiver.got == []


def test_a_host_that_no_name_server_answers_for_holds_up_no_other_message(sessions, monkeypatch):
    let_go = threading.Event()
    lookup = socket.getaddrinfo

    def hang(host, *rest, **more):
        if host == "hanging.example":
            let_go.wait(30)
        return lookup("127.0.0.1", *rest, **more)

    let_go.set()
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    register_webhook(sessions, "http://hanging.example/", by="anna", params=PARAMS)
    let_go.clear()
    with receiving() as receiver:
        register_webhook(sessions, receiver.url, by="anna", params=PARAMS)
        read(sessions, make_field("full_name", "Ada"))
        began = time.monotonic()

        assert deliver_due(sessions, replace(PARAMS, timeout_s=0.3)) == 1

        assert time.monotonic() - began < 20
    let_go.set()
    told = {one.url: one.last_failure for one in all_webhooks(sessions)}
    assert told.pop("http://hanging.example/").endswith("takes too long")
    assert len(receiver.got) == 1
