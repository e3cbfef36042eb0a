"""The broker: which one keeps the queues, and how a nudge gets into it."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import Final

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware, Retries, ShutdownNotifications, TimeLimit
from redis.backoff import ConstantBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

#: After this long a tick that nobody took is asked for again, should its mark be all that is left of it.
_TICK_MARK_MS: Final = 60_000
#: Likewise a bell, which somebody waits for.
_BELL_MARK_MS: Final = 1_000
#: A process rings a bell once in so long. What comes meanwhile is claimed together, which costs
#: little more than to claim one, and nobody sees a mail come so much later.
_BELL_SECONDS: Final = 0.05


def broker_for(url: str) -> dramatiq.Broker:
    """Return the broker behind a URL; nothing is connected until it is used.

    :param url: ``redis://``, ``rediss://``, ``unix://`` or ``amqp://``
    """
    middleware: list[Middleware] = [
        TimeLimit(),
        ShutdownNotifications(),
        Retries(min_backoff=1_000, max_backoff=60_000),
    ]
    if url.startswith("amqp"):
        # An extra of its own (``pip install mailer[rabbitmq]``), so it is imported only when chosen.
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        return RabbitmqBroker(url=url, middleware=middleware)
    client = redis.Redis.from_url(
        url,
        # A request waits for a broker that is down this long at most, twice.
        socket_connect_timeout=1.0,
        socket_timeout=10.0,
        retry=Retry(ConstantBackoff(0.05), 1),
    )
    # A killed worker's messages return after the heartbeat timeout and a roll of the dice on
    # each command. With the defaults (60 s, one in a thousand) 16 of 100 were still lost after
    # 150 s; with these all were back within 27 s.
    return RedisBroker(
        client=client,
        middleware=[*middleware, _TicksTaken()],
        heartbeat_timeout=15_000,
        maintenance_chance=100_000,
    )


def enqueue(name: str, queue: str, *ids: str) -> None:
    """Put a job into its queue; a broker that is down is logged, and the sweep asks again."""
    try:
        _enqueue(name, queue, *ids)
    except (dramatiq.BrokerError, redis.RedisError, OSError) as error:
        log.warning("The broker did not take %s%s (%s); the sweep will ask again.", name, ids, error)


def enqueue_tick(name: str, queue: str) -> None:
    """Put a recurring job into its queue, unless the last one still waits there.

    So ticks do not pile up while no worker is there to take them, and two schedulers
    ask no more often than one.
    """
    _enqueue_one(name, queue, forget_after_ms=_TICK_MARK_MS)


def ring(name: str, queue: str) -> None:
    """Put a job that finds its work by itself into its queue, unless one waits there, which will find it.

    Rung again within a moment, the bell rings once more at the end of it: for a process that
    commits five hundred messages in a second, to ask the broker each time took a fifth of the time.
    """
    wait = _bells[name].wait(time.monotonic()) if isinstance(dramatiq.get_broker(), RedisBroker) else 0.0
    if wait == 0.0:
        _enqueue_one(name, queue, forget_after_ms=_BELL_MARK_MS)
    elif wait is not None:
        timer = Timer(wait, _enqueue_one, (name, queue), {"forget_after_ms": _BELL_MARK_MS})
        timer.daemon = True
        timer.start()


class _Bell:
    """When a bell rings next."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rings_at = float("-inf")

    def wait(self, now: float) -> float | None:
        """Return in how many seconds to ring, or None where it will ring anyway."""
        with self._lock:
            if self._rings_at > now:
                return None
            wait = max(0.0, self._rings_at + _BELL_SECONDS - now)
            self._rings_at = now + wait
            return wait


_bells: defaultdict[str, _Bell] = defaultdict(_Bell)
#: By bell: held by the thread of this process that attends to it.
_posts: defaultdict[str, Lock] = defaultdict(Lock)


class Attendance:
    """Somebody who looks by themselves, every moment, for what a bell would tell of: it stays silent.

    To take each ring from the broker cost a quarter of what a single message cost its worker.

    :ivar is_attended: false where another thread of this process attends, or the broker cannot tell
    """

    def __init__(self, name: str, *, if_: bool = True) -> None:
        broker = dramatiq.get_broker()
        self._name, self._client = name, broker.client if isinstance(broker, RedisBroker) else None
        self.is_attended = if_ and self._client is not None and _posts[name].acquire(blocking=False)

    def keep_silent(self) -> None:
        """Silence the bell for a second. Look after this, not before: whoever rang before was heard."""
        if not self.is_attended or self._client is None:
            return
        try:
            self._client.set(_mark(self._name), "", px=_BELL_MARK_MS)
        except (redis.RedisError, OSError):
            self.leave()

    def leave(self) -> None:
        """Let it ring again. Look once more after this: until now everybody rang in vain."""
        if not self.is_attended or self._client is None:
            return
        self.is_attended = False
        # Should this fail, the mark is gone in a second.
        with suppress(redis.RedisError, OSError):
            self._client.delete(_mark(self._name))
        _posts[self._name].release()


@contextmanager
def attend(name: str, *, if_: bool = True) -> Iterator[Attendance]:
    """Attend to a bell, unless somebody else does."""
    attendance = Attendance(name, if_=if_)
    try:
        yield attendance
    finally:
        attendance.leave()


def is_answering(broker: dramatiq.Broker) -> bool:
    """Whether the broker can be reached right now."""
    try:
        if isinstance(broker, RedisBroker):
            return bool(broker.client.ping())
        # RabbitMQ's broker connects when this is read; the tests' is always there.
        return bool(getattr(broker, "connection", True))
    except (dramatiq.BrokerError, redis.RedisError, OSError):
        return False


class _TicksTaken(Middleware):
    """Takes a tick's mark away when a worker takes the tick."""

    def before_process_message(self, broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        if isinstance(broker, RedisBroker) and message.options.get("tick"):
            broker.client.delete(_mark(message.actor_name))


def _enqueue_one(name: str, queue: str, *, forget_after_ms: int) -> None:
    broker = dramatiq.get_broker()
    try:
        if isinstance(broker, RedisBroker) and not broker.client.set(
            _mark(name), "", nx=True, px=forget_after_ms
        ):
            return
        _enqueue(name, queue, tick=True)
    except (dramatiq.BrokerError, redis.RedisError, OSError) as error:
        log.warning("The broker did not take %s (%s); the next tick is near.", name, error)


def _enqueue(name: str, queue: str, *ids: str, **options: bool) -> None:
    broker = dramatiq.get_broker()
    message: dramatiq.Message[None] = dramatiq.Message(
        queue_name=queue, actor_name=name, args=ids, kwargs={}, options=options
    )
    broker.declare_queue(queue)
    broker.enqueue(message)


def _mark(name: str) -> str:
    return f"mailer:tick:{name}"
