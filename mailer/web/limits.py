"""How often one caller may ask: one limiter for every door, counting in the broker's store.

Several web processes count together there. While the store is away each counts for
itself, since a limit that fails must not close the house.
"""

from collections import defaultdict
from dataclasses import dataclass
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
#: A process counts for itself for so long, if the limit is not near.
_UNTOLD_SECONDS: Final = 0.2

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


def count_in_minute(*about: str, limit: int, now: float) -> int:
    """Count one more of something, and return how many there were in this minute of the clock.

    Each process counts by itself and exchanges with the store now and then. So a limit below
    200 is exact, and a higher one lets through a hundredth more for each further process.

    :param about: what is counted, and whose
    :param limit: what the count is compared with
    :param now: in seconds since 1970
    :return: 0 where nothing is limited
    """
    return _in_minute("/".join(about), max(1, limit // 100), now) if limiter.enabled else 0


@dataclass
class _Tally:
    """How many there were, as far as this process knows.

    :ivar untold: those of ``count`` that the store has not heard of
    :ivar told_at: when it last heard of any
    """

    count: int = 0
    untold: int = 0
    told_at: float = 0.0


class _InMinute:
    """Counts in the processes and in their common store; in the processes alone while that is away."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked_again_at = 0.0
        self._minute, self._tallies = 0, defaultdict[str, _Tally](_Tally)

    def __call__(self, name: str, at_once: int, now: float) -> int:
        """Count one more, and tell the store when ``at_once`` are untold, or some for long enough."""
        minute = int(now // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._tallies = minute, defaultdict(_Tally)
            tally = self._tallies[name]
            tally.count += 1
            tally.untold += 1
            is_news = tally.untold >= at_once or now - tally.told_at >= _UNTOLD_SECONDS
            if not is_news or now < self._asked_again_at:
                return tally.count
            telling, tally.untold, tally.told_at = tally.untold, 0, now
        try:
            told = limiter.storage.incr(f"mailer-limits/{name}/{minute}", 60, telling)
        except RedisError:
            self._asked_again_at = now + _AWAY_SECONDS
            told = 0
        with self._lock:
            if not told:
                tally.untold += telling
            # Others here may have counted on meanwhile.
            tally.count = max(tally.count, told + tally.untold)
            return tally.count


_in_minute = _InMinute()


def _storage_of(broker_url: str) -> str:
    if broker_url.startswith("unix://"):
        return f"redis+{broker_url}"
    return broker_url if broker_url.startswith(("redis://", "rediss://")) else "memory://"


def _typed_email() -> str:
    return "person:" + request.form.get("email", "").strip().casefold()[:320]
