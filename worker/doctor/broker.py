"""Ask a Redis that serves as broker what it does with messages when it is full or restarted.

The one home of the ``redis`` client in penname; Celery has its own connections. Managed
servers may refuse CONFIG; what they do not say stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from worker.doctor.facts import BrokerFacts, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TIMEOUT_S = 5.0
_UNACKED = "unacked_index"  # how Celery's transport names what workers hold
_KEYS_PER_CALL = 1000
_CALLS = 100  # SCAN is bounded: a broker holds few keys, and a shared one may hold millions


def ask_broker(url: str, *, key_prefix: str) -> BrokerFacts | Unreachable:
    """Ask the server for its settings and for other Celery apps in the same database.

    Args:
        url: of the broker; it may hold a password, which appears nowhere in the answer.
        key_prefix: what the keys of penname begin with.
    """
    try:
        client = Redis.from_url(
            url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, protocol=2
        )
    except ValueError:  # its text may hold the URL, and so the password
        return Unreachable(why="the URL cannot be read; want redis://:PASSWORD@HOST:PORT/0")
    try:
        with client:
            return _facts(client, url, key_prefix)
    except AuthenticationError:
        return Unreachable(why="the server refuses the password")
    except RedisError as error:
        return Unreachable(why=f"{type(error).__name__} from {_place(url)}")


def _facts(client: Redis, url: str, key_prefix: str) -> BrokerFacts:
    memory = _info(client, "memory")
    configured = _configuration(client)
    return BrokerFacts(
        version=str(_info(client, "server").get("redis_version", "unknown")),
        eviction=configured.get("maxmemory-policy") or memory.get("maxmemory_policy"),
        append_only=_append_only(client, configured),
        used_bytes=int(memory.get("used_memory", 0)),
        max_bytes=int(memory.get("maxmemory", 0)),
        has_password=bool(urlsplit(url).password),
        other_apps=tuple(sorted(set(_other_apps(client, key_prefix)))),
    )


def _info(client: Redis, section: str) -> Mapping[str, Any]:
    answer: Any = client.info(section)
    return answer if isinstance(answer, dict) else {}


def _configuration(client: Redis) -> Mapping[str, str]:
    try:
        answer: Any = client.config_get("maxmemory-policy", "appendonly")
    except ResponseError:  # a managed server keeps CONFIG to itself
        return {}
    return answer if isinstance(answer, dict) else {}


def _append_only(client: Redis, configured: Mapping[str, str]) -> bool | None:
    if "appendonly" in configured:
        return configured["appendonly"] == "yes"
    enabled = _info(client, "persistence").get("aof_enabled")
    return None if enabled is None else bool(enabled)


def _other_apps(client: Redis, key_prefix: str) -> Iterator[str]:
    """Name the key prefixes of other Celery apps that hold messages here."""
    cursor = 0
    for _ in range(_CALLS):
        answer: Any = client.scan(cursor, match=f"*{_UNACKED}", count=_KEYS_PER_CALL)
        cursor, keys = answer
        for key in keys:
            prefix = key.decode("utf-8", "replace").removesuffix(_UNACKED)
            if prefix != key_prefix:
                yield prefix or "(none)"
        if cursor == 0:
            return


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
