"""What tells a person from a program on a sign-up page without troubling the person.

A field that only programs fill in, and a sealed note of when the page was made: a
form that was never opened, or long ago, is shown once more; one that was sent back
within a second counts several times against its network's limit.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from mailer.lib.secrets import Seal, derive_key

_QUICKEST: Final = timedelta(seconds=1)
_OLDEST: Final = timedelta(days=1)
#: Who has no script to solve a riddle may wait instead.
PATIENCE: Final = timedelta(seconds=15)


class Pace(StrEnum):
    """How long a form was open."""

    UNSEEN = "unseen"
    HASTY = "hasty"
    HUMAN = "human"
    PATIENT = "patient"


def opened_note(secret_key: str, *, now: datetime) -> str:
    """Return the sealed note of when a form was opened."""
    milliseconds = int(now.timestamp() * 1000)
    return _seal(secret_key)(milliseconds.to_bytes(8, "big"))


def pace_of(note: str, secret_key: str, *, now: datetime) -> Pace:
    """Return how long the form that carries a note was open."""
    payload = _seal(secret_key).payload_of(note)
    if payload is None or len(payload) != 8:
        return Pace.UNSEEN
    open_for = now - datetime.fromtimestamp(int.from_bytes(payload, "big") / 1000, UTC)
    if open_for > _OLDEST:
        return Pace.UNSEEN
    if open_for < _QUICKEST:
        return Pace.HASTY
    return Pace.PATIENT if open_for >= PATIENCE else Pace.HUMAN


def _seal(secret_key: str) -> Seal:
    return Seal(derive_key(secret_key, "signup-form"))
