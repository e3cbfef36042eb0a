"""Proof of work: a riddle that costs a browser a second and a flood of programs its profit.

Made and judged by ALTCHA's library; nobody else is asked. Only who looks suspicious gets one.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from altcha import Payload, create_challenge, verify_solution

from mailer.lib.secrets import derive_key

_ALGORITHM: Final = "PBKDF2/SHA-256"
#: Iterations a try; 256 tries on average make about a second in a browser.
_COST: Final = 3_000
LIFETIME: Final = timedelta(minutes=10)


def new_riddle(secret_key: str, *, now: datetime) -> dict[str, Any]:
    """Return a riddle for a page's script."""
    riddle: dict[str, Any] = create_challenge(
        _ALGORITHM, _COST, expires_at=now + LIFETIME, hmac_secret=_key(secret_key)
    ).to_dict()
    return riddle


def solved_riddle(answer: str, secret_key: str) -> str:
    """Return the name of the riddle of ours that an answer solves in time, or nothing."""
    if not answer or len(answer) > 4_000:
        return ""
    try:
        payload = Payload.from_base64(answer)
        is_solved = verify_solution(payload, _key(secret_key)).verified
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    return str(payload.challenge.signature) if is_solved else ""


@lru_cache(maxsize=4)
def _key(secret_key: str) -> str:
    return derive_key(secret_key, "signup-riddle").hex()
