"""How often one caller may ask: one limiter for every door, counting in the broker's store.

Several web processes count together there. While the store is away each counts for
itself, since a limit that fails must not close the house.
"""

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from mailer.config import Settings

limiter = Limiter(
    key_func=get_remote_address,
    in_memory_fallback_enabled=True,
    key_prefix="mailer-limits",
    default_limits=[],
)


def init_app(app: Flask) -> None:
    """Count where the settings say."""
    settings: Settings = app.config["SETTINGS"]
    app.config["RATELIMIT_STORAGE_URI"] = _storage_of(settings.broker_url)
    limiter.init_app(app)


def _storage_of(broker_url: str) -> str:
    if broker_url.startswith("unix://"):
        return f"redis+{broker_url}"
    return broker_url if broker_url.startswith(("redis://", "rediss://")) else "memory://"
