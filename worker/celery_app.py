"""The Celery application: messages through Redis that wake workers up, and nothing else.

Messages carry no ids, no bytes and no names; what is to be done stands in the database. So a
lost message costs time, one that comes twice finds nothing, and Redis may be emptied at will.
Each setting has its reason beside it. Sources: the Celery and kombu documentation at
https://docs.celeryq.dev, and the issues named.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from celery import Celery
from celery.app.amqp import AMQP
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.exceptions import OperationalError
from kombu.transport import redis, virtual

from worker.config import read_settings
from worker.errors import QueueUnavailableError
from worker.types import Stage

if TYPE_CHECKING:
    from worker.config import Settings

NODE: Final = uuid4().hex[:12]  # this worker and the children that it forks; signs their leases

_SEND_S = 5.0  # a broker that takes longer to answer is taken to be away
_RECONNECT_MOST_S = 5.0


def queue_name(stage: Stage, *, urgent: bool) -> str:
    """Name the queue of a stage; the urgent one is for workers that are kept free for it."""
    return f"{stage.value}.urgent" if urgent else stage.value


def queues_of(stage: Stage, *, urgent_only: bool) -> tuple[str, ...]:
    """Name the queues that a worker listens to."""
    urgent = queue_name(stage, urgent=True)
    return (urgent,) if urgent_only else (urgent, queue_name(stage, urgent=False))


class _PromptConnection(Connection):
    """Comes back within seconds after the broker does.

    kombu's own wait grows to 30 s, and no setting of Celery reaches it.
    """

    def _ensure_connection(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401, kombu's signature
        options.setdefault("interval_step", 1)
        options.setdefault("interval_max", _RECONNECT_MOST_S)
        return super()._ensure_connection(*args, **options)  # type: ignore[no-untyped-call] # kombu is half typed

    def get_transport_cls(self) -> Any:  # noqa: ANN401, the same
        """Give the transport of the URL, whose consumers outlive an acknowledgement that failed."""
        return _going_on(super().get_transport_cls())  # type: ignore[no-untyped-call] # the same


class _GoingOnQoS(redis.QoS):
    """Forgets a message whose acknowledgement failed, since Redis was away.

    kombu 5.6 keeps it, so that a worker of one process never asks for another message; and as it
    asks for none, it does not notice that its connection is gone.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call] # the same
        except Exception:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call] # the same
            raise


@cache
def _going_on(transport: Any) -> Any:  # noqa: ANN401, kombu has no types for them
    channel = transport.Channel
    if not issubclass(channel, redis.Channel):
        return transport
    goes_on = type(channel.__name__, (channel,), {"QoS": _GoingOnQoS})
    return type(transport.__name__, (transport,), {"Channel": goes_on})


class PromptAmqp(AMQP):  # type: ignore[misc] # celery ships no types
    """Has Celery make such connections."""

    Connection = _PromptConnection


def configuration(settings: Settings | None = None) -> dict[str, Any]:
    """Give Celery's settings; None reads ours, once Celery first asks for its own.

    Raises:
        ConfigError: a setting of ours is wrong.
    """
    settings = settings or read_settings()
    redeliver_s = settings.redeliver_after_s
    return {
        "broker_url": settings.broker_url.get_secret_value(),
        "task_queues": tuple(
            Queue(queue_name(stage, urgent=urgent))  # type: ignore[no-untyped-call] # the same
            for stage in Stage
            for urgent in (True, False)
        ),
        "task_create_missing_queues": False,  # a mistyped -Q is refused, not served in silence
        "task_default_queue": Stage.SEGMENT.value,
        # Pickle from a broker that others can reach runs whatever they like.
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,  # the database holds the results; none pile up in Redis
        "result_backend": None,
        # A task that was taken is not lost with its worker, and no worker hoards what it cannot
        # begin (with acks_late alone, one more a process is reserved).
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        # True would run a task that kills its process in a hot loop; the sweep does it in order.
        "task_reject_on_worker_lost": False,
        # A claim outlives the connection: going on costs nothing, killing the work costs a lease.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_soft_time_limit": settings.task_soft_limit_s,
        "task_time_limit": settings.task_hard_limit_s,
        # A child may take its time to start on a busy machine; the default kills it after 4 s.
        "worker_proc_alive_timeout": 120.0,
        # The first signal drains. At the second one nobody wants to wait; claims are given back.
        "worker_soft_shutdown_timeout": 0.0,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # an outage of any length
        "broker_connection_timeout": _SEND_S,
        "worker_eta_task_limit": 100,  # no message of ours waits in a worker
        "worker_hijack_root_logger": False,  # logs are JSON, with the ids of the work
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,  # the database says more, and to everybody
        "worker_enable_remote_control": False,  # nobody uses it, and it costs connections
        "broker_transport_options": {
            # Longer than any task; checked against the limits in Settings. A message that is
            # given again finds nothing to claim, so a long time buys nothing.
            "visibility_timeout": redeliver_s,
            "global_keyprefix": settings.broker_key_prefix,
            # kombu before 5.7 looked every 100 s for messages to give again (kombu issue 2558).
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_keepalive": True,
            "socket_connect_timeout": _SEND_S,
            "socket_timeout": 30.0,  # a Redis that hangs is a Redis that is away
            "health_check_interval": 25,
        },
        # Redis obeys the shortest of any client's: say the same wherever it may be asked.
        "visibility_timeout": redeliver_s,
        "result_backend_transport_options": {"visibility_timeout": redeliver_s},
    }


# For ``celery -A worker.celery_app``; nothing is read or opened before a setting is asked for.
app = Celery("penname", amqp="worker.celery_app:PromptAmqp", include=["worker.tasks"])
app.add_defaults(configuration)


class CeleryNudger:
    """Wakes workers by messages, and counts those that no worker has taken yet."""

    def __init__(self, celery: Celery = app) -> None:
        """Take the application; it connects when it first sends."""
        self._app = celery

    def nudge(self, stage: Stage, *, urgent: bool, times: int = 1) -> None:
        """Send messages that carry nothing but: look whether something waits.

        Raises:
            QueueUnavailableError: the broker does not answer.
        """
        try:
            with self._app.producer_or_acquire() as producer:
                for _ in range(times):
                    self._app.send_task(
                        f"penname.{stage.value}",
                        kwargs={"urgent_only": urgent},
                        queue=queue_name(stage, urgent=urgent),
                        producer=producer,
                        retry=False,
                        ignore_result=True,
                    )
        except (OperationalError, OSError) as error:
            raise _away(error) from error

    def backlog(self, stage: Stage, *, urgent: bool) -> int:
        """Count the messages that wait.

        Raises:
            QueueUnavailableError: the broker does not answer.
        """
        try:
            with self._app.connection_or_acquire() as connection:
                size: int = connection.default_channel._size(queue_name(stage, urgent=urgent))  # noqa: SLF001, kombu has no other way to ask
                return size
        except (OperationalError, OSError, *app.connection().connection_errors) as error:
            raise _away(error) from error


def _away(error: BaseException) -> QueueUnavailableError:
    return QueueUnavailableError(
        f"the broker of the queue does not answer ({type(error).__name__}); see that Redis runs "
        "where PENNAME_BROKER_URL says; what was submitted waits in the database"
    )
