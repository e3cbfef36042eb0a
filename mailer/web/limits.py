"""How often one caller may ask: one limiter for every door, counting in the broker's store.

Several web processes count together there. While the store is away each counts for
itself, since a limit that fails must not close the house.
"""

from collections import Counter
from threading import Lock
from typing import Final

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse_many
from redis import RedisError

from mailer.config import Settings

limiter = Limiter(
    key_func=get_remote_address,
    in_memory_fallback_enabled=True,
    key_prefix="mailer-limits",
    default_limits=[],
)

#: A store that did not answer is left alone for so long.
_AWAY_SECONDS: Final = 5.0

#: How often passwords and codes may be tried: from one address, and for one person from anywhere.
SIGN_IN_TRIES: Final = {
    "security.login": ("30 per 5 minutes", "10 per 15 minutes"),
    "security.forgot_password": ("20 per hour", "4 per hour"),
    "security.reset_password": ("30 per hour", None),
    "security.two_factor_token_validation": ("15 per 5 minutes", None),
    "security.mf_recovery": ("10 per 15 minutes", None),
}


def init_app(app: Flask) -> None:
    """Count where the settings say, and begin with the tries at signing in."""
    settings: Settings = app.config["SETTINGS"]
    app.config["RATELIMIT_STORAGE_URI"] = _storage_of(settings.broker_url)
    # As if it had been here before: each limited view asks by itself, and its hooks before and
    # after every request would take a call of the API a tenth longer.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    for endpoint, (from_one_address, for_one_person) in SIGN_IN_TRIES.items():
        view = limiter.limit(from_one_address, methods=["POST"])(app.view_functions[endpoint])
        if for_one_person:
            view = limiter.limit(for_one_person, methods=["POST"], key_func=_typed_email)(view)
        app.view_functions[endpoint] = view  # type: ignore[assignment]


def is_within(limit: str, *about: str, cost: int = 1) -> bool:
    """Count one more of something, and say whether there were few enough.

    For what is answered otherwise when there is too much of it, rather than refused.

    :param limit: such as ``8 per minute; 40 per hour``
    :param about: what is counted, and whose
    :param cost: for how many it counts
    """
    if not limiter.enabled:
        return True
    try:
        hits = [limiter.limiter.hit(item, "mailer", *about, cost=cost) for item in parse_many(limit)]
    except RedisError:
        # The store is away: a limit that fails must not close the house.
        return True
    return all(hits)


def count_in_minute(*about: str, now: float) -> int:
    """Count one more of something, and return how many there were in this minute of the clock.

    One question to the store, where :func:`is_within` asks one for each limit.

    :param about: what is counted, and whose
    :param now: in seconds since 1970
    :return: 0 where nothing is limited
    """
    return _in_minute("/".join(about), now) if limiter.enabled else 0


class _InMinute:
    """Counts in the store, and in this process while the store is away."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked_again_at = 0.0
        self._minute, self._counts = 0, Counter[str]()

    def __call__(self, name: str, now: float) -> int:
        minute = int(now // 60)
        if now >= self._asked_again_at:
            try:
                return limiter.storage.incr(f"mailer-limits/{name}/{minute}", 60)
            except RedisError:
                self._asked_again_at = now + _AWAY_SECONDS
        with self._lock:
            if minute != self._minute:
                self._minute, self._counts = minute, Counter()
            self._counts[name] += 1
            return self._counts[name]


_in_minute = _InMinute()


def _storage_of(broker_url: str) -> str:
    if broker_url.startswith("unix://"):
        return f"redis+{broker_url}"
    return broker_url if broker_url.startswith(("redis://", "rediss://")) else "memory://"


def _typed_email() -> str:
    return "person:" + request.form.get("email", "").strip().casefold()[:320]
