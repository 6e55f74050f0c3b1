"""Tell other programs that a batch is done: signed messages, tried again until they arrive.

A message is a POST of JSON with the header ``X-Penname-Signature: t=SECONDS,v1=HEX``, where HEX
is the HMAC-SHA256 of ``SECONDS.BODY`` under the webhook's secret: who receives it can tell that
it is ours, and by the time that it is not an old one sent again. What is to be sent stands in
the database first, so that neither a crash nor an outage loses a message.

Admins set the addresses. Even so nothing is sent into the network that this machine stands in
unless a setting allows it: the host is looked up once, refused when it is private, and that very
address is connected to. Redirects are not followed.
"""

from __future__ import annotations

import hmac
import http.client
import ipaddress
import logging
import socket
import ssl
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from queue import Empty, Queue
from secrets import token_urlsafe
from threading import Thread, Timer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from worker.database.audit_log import Action, write_log
from worker.database.session import looking, transaction
from worker.database.webhooks import (
    add_webhook,
    announce_done_batches,
    claim_deliveries,
    close_delivery,
    list_webhooks,
    remove_webhook,
)
from worker.errors import TransientError
from worker.query_errors import WebhookRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event
    from uuid import UUID

    from worker.database.session import Sessions
    from worker.database.webhooks import Delivery, Webhook

_log = logging.getLogger(__name__)
_PORTS = {"http": 80, "https": 443}
_MOST_CHARS = 2000
_SUCCESS = range(200, 300)
# Python calls them public; the first two lead to an IPv4 address, which may be private.
_NOT_PUBLIC = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16", "fec0::/10")))
_LEASE_S = 120.0  # over which another process may send what one has in hand


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookParams:
    """How messages are sent."""

    timeout_s: float = 10.0  # for looking the host up, for connecting, and for each answer to come
    first_wait_s: float = 10.0  # after the first failure, doubled after each
    longest_wait_s: float = 3600.0
    most_attempts: int = 12  # some three and a half hours
    deadline_s: float = 25.0  # once connected, for all of an answer's head: drop by drop is away
    at_once: int = 20  # messages a round
    settled_s: float = 10.0  # how long a batch must have been done
    private_hosts: bool = False  # whether this machine's own network may be told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where a message goes, looked up."""

    scheme: str
    host: str
    port: int
    address: str  # IP
    path: str


def register_webhook(
    sessions: Sessions, url: str, *, by: str, params: WebhookParams
) -> tuple[UUID, str]:
    """Keep an address that is told from now on.

    Returns:
        Its id, and the secret that its messages are signed with, which is shown this once.

    Raises:
        WebhookRefusedError: the URL cannot be one.
    """
    _look_up(url, params)
    secret = token_urlsafe(32)
    with transaction(sessions) as session:
        webhook_id = add_webhook(session, url=url, secret=secret, created_by=by)
        write_log(session, who=by, action=Action.WEBHOOK_ADDED, subject=str(webhook_id))
    return webhook_id, secret


def forget_webhook(sessions: Sessions, webhook_id: UUID, *, by: str) -> None:
    """Tell an address no more.

    Raises:
        NoSuchResultError: there is none of that id.
    """
    with transaction(sessions) as session:
        remove_webhook(session, webhook_id)
        write_log(session, who=by, action=Action.WEBHOOK_REMOVED, subject=str(webhook_id))


def all_webhooks(sessions: Sessions) -> list[Webhook]:
    """List every address."""
    with looking(sessions) as session:
        return list_webhooks(session)


def deliver_due(
    sessions: Sessions, params: WebhookParams, *, now: Callable[[], float] = time.time
) -> int:
    """Announce batches that are done and send what is due, once each.

    Returns:
        How many messages arrived.

    Raises:
        DatabaseUnavailableError: the database is away; nothing is lost.
    """
    with transaction(sessions) as session:
        announce_done_batches(session, settled_s=params.settled_s)
    arrived = 0
    for _ in range(params.at_once):
        with transaction(sessions) as session:  # one, or a slow receiver would hold up the others'
            deliveries = claim_deliveries(session, limit=1, lease_s=_LEASE_S)
        if not deliveries:
            break
        arrived += _deliver(sessions, deliveries[0], params, now())
    return arrived


def keep_delivering(
    sessions: Sessions, params: WebhookParams, stopped: Event, *, every_s: float
) -> None:
    """Deliver what is due, again and again, until it is told to stop.

    Several processes may do this at once: each message is one's at a time.
    """
    while not stopped.wait(every_s):
        try:
            deliver_due(sessions, params)
        except TransientError as error:  # what is due stays due
            _log.warning("webhooks_put_off", extra={"detail": str(error)})
        except Exception as error:  # noqa: BLE001, or a bug ends it in silence for all
            _log.exception("webhooks_put_off", extra={"kind": type(error).__name__})


def signature(secret: str, body: bytes, *, seconds: int) -> str:
    """Sign a message and the time it is sent at."""
    signed = hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256")
    return f"t={seconds},v1={signed.hexdigest()}"


def wait_s(attempt: int, params: WebhookParams) -> float | None:
    """Say how long to wait after an attempt that failed; None gives up."""
    if attempt >= params.most_attempts:
        return None
    return min(params.first_wait_s * 2.0 ** (attempt - 1), params.longest_wait_s)


def _deliver(sessions: Sessions, delivery: Delivery, params: WebhookParams, moment: float) -> bool:
    failure = _send(delivery, params, moment)
    if failure:
        _log.warning("webhook_failed", extra={"delivery": delivery.id, "reason": failure})
    with transaction(sessions) as session:
        again_in_s = wait_s(delivery.attempt, params) if failure else None
        close_delivery(session, delivery, failure=failure, again_in_s=again_in_s)
    return not failure


def _send(delivery: Delivery, params: WebhookParams, moment: float) -> str:
    """Send one message; "" once it arrived, else why it did not, in words of ours."""
    body = delivery.body.encode()
    seconds = int(moment)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "penname",
        "X-Penname-Delivery": str(delivery.id),
        "X-Penname-Signature": signature(delivery.secret, body, seconds=seconds),
    }
    try:
        target = _look_up(delivery.url, params)
        status = _post(target, body, headers, params)
    except WebhookRefusedError as error:
        return str(error)
    except (OSError, http.client.HTTPException) as error:
        return f"the receiver does not answer ({type(error).__name__})"
    return "" if status in _SUCCESS else f"the receiver answers {status}"


def _post(target: _Target, body: bytes, headers: dict[str, str], params: WebhookParams) -> int:
    """POST to the address that was looked up, as the host that was asked for."""
    address, timeout_s = (target.address, target.port), params.timeout_s
    with closing(socket.create_connection(address, timeout=timeout_s)) as plain:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=timeout_s)
        sock = connection.sock = plain
        if target.scheme == "https":
            context = ssl.create_default_context()
            sock = connection.sock = context.wrap_socket(
                plain, server_hostname=target.host, do_handshake_on_connect=False
            )
        timer = Timer(params.deadline_s, _cut, [sock])
        timer.start()
        try:
            if isinstance(sock, ssl.SSLSocket):
                sock.do_handshake()
            connection.request("POST", target.path, body, headers)
            return connection.getresponse().status
        finally:
            timer.cancel()
            connection.close()


def _cut(sock: socket.socket) -> None:
    """End a connection that another thread waits on, below its encryption."""
    with suppress(OSError):  # it is over already
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _look_up(url: str, params: WebhookParams) -> _Target:
    """Read a URL and look its host up.

    Raises:
        WebhookRefusedError: it is no URL to send to, or leads into this machine's own network.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        host = parts.hostname or ""
    except ValueError as error:
        raise WebhookRefusedError("the address is no URL") from error
    if parts.scheme not in _PORTS or not host or not port or len(url) > _MOST_CHARS:
        raise WebhookRefusedError("want an address such as https://HOST/PATH")
    if parts.username or parts.password or not (url.isascii() and url.isprintable()) or " " in url:
        raise WebhookRefusedError("the address may hold neither a user nor blanks")
    addresses = _addresses(host, port, params.timeout_s)
    if not params.private_hosts and not all(map(_is_public, addresses)):
        raise WebhookRefusedError(
            "the address leads into a private network; PENNAME_WEBHOOK_PRIVATE_HOSTS allows that"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _Target(scheme=parts.scheme, host=host, port=port, address=addresses[0], path=path)


def _addresses(host: str, port: int, timeout_s: float) -> list[str]:
    """Look a host up within some time.

    The system's own limit is some half a minute for each name server, and nothing can end its
    call: a thread that hangs in it is left behind, and holds nobody up, nor the process's end.

    Raises:
        WebhookRefusedError: the host is not known, or the answer takes longer.
    """
    answers: Queue[list[str] | OSError | UnicodeError] = Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put([str(entry[4][0]) for entry in found])

    Thread(target=ask, name="webhook-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except Empty:
        raise WebhookRefusedError("looking the host of the address up takes too long") from None
    if not isinstance(answer, list):
        raise WebhookRefusedError("the host of the address is not known") from answer
    return answer


def _is_public(address: str) -> bool:
    """Tell an address of the open network; one mapped into IPv6 is what it maps."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not (mapped or ip).is_multicast
