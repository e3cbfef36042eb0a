"""The kiosk: a form on a device in a shop, opened by staff with a number, left to whoever comes."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

from mailer.errors import Forbidden, Invalid
from mailer.lib.secrets import Seal, derive_key
from mailer.signup.models import Form

LIFETIME: Final = timedelta(days=30)
#: A number has little of its own to protect; tries are limited where it is asked.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def set_pin(form: Form, pin: str) -> None:
    """Set the number that opens and ends the kiosk; without one there is no kiosk.

    :raises Invalid: it is too short, or no number
    """
    pin = pin.strip()
    if pin and not re.fullmatch(r"[0-9]{4,12}", pin):
        raise Invalid("The number has 4 to 12 digits.", fields={"pin": "4 to 12 digits."})
    form.kiosk_pin = _HASHER.hash(pin) if pin else ""


def check_pin(form: Form, pin: str) -> None:
    """Let through whoever knows the number.

    :raises Forbidden: it is another
    """
    try:
        _HASHER.verify(form.kiosk_pin, pin.strip())
    except Argon2Error:
        raise Forbidden("This is not the number.") from None


def kiosk_pass(form: Form, secret_key: str, *, place: str, now: datetime) -> str:
    """Return what lets one device, at one place, send in sign-ups for some weeks.

    Another number ends it, and so the kiosk on a device that was lost.
    """
    seconds = int((now + LIFETIME).timestamp())
    return Seal(_key(form, secret_key))(seconds.to_bytes(8, "big") + place.encode())


def place_of_pass(text: str, form: Form, secret_key: str, *, now: datetime) -> str | None:
    """Return the place of a device that was opened for this form; None when it was not, or too long ago."""
    payload = Seal(_key(form, secret_key)).payload_of(text)
    if payload is None or len(payload) < 8 or not form.kiosk_pin:
        return None
    until = datetime.fromtimestamp(int.from_bytes(payload[:8], "big"), UTC)
    return payload[8:].decode() if now < until else None


def _key(form: Form, secret_key: str) -> bytes:
    return derive_key(secret_key, f"signup-kiosk {form.id} {form.kiosk_pin}")
