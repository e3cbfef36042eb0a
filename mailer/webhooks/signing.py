"""Secrets of endpoints, and what they sign: Standard Webhooks 1.0 (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from mailer.current import settings
from mailer.lib.secrets import decrypt, derive_key, encrypt
from mailer.webhooks.models import ROTATES_FOR, Endpoint

_MARK: Final = "whsec_"
_PURPOSE: Final = "webhook-secret"


def new_secret() -> str:
    """Return a secret of 256 bits as the standard writes it."""
    return _MARK + base64.b64encode(secrets.token_bytes(32)).decode()


def give_secret(endpoint: Endpoint) -> str:
    """Give an endpoint its first secret; return it, since it is shown once."""
    secret = new_secret()
    endpoint.secret_encrypted = encrypt(_key(), secret)
    return secret


def rotate_secret(endpoint: Endpoint, *, now: datetime) -> str:
    """Give an endpoint another secret; for a day the one before signs as well.

    :return: the new one, since it is shown once
    """
    endpoint.old_secret_encrypted, endpoint.old_secret_until = endpoint.secret_encrypted, now + ROTATES_FOR
    return give_secret(endpoint)


def secrets_of(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """Return the secrets that sign now, the newest first."""
    stored = [endpoint.secret_encrypted]
    if endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        stored.append(endpoint.old_secret_encrypted)
    return [decrypt(_key(), one) for one in stored]


def signature(keys: Iterable[str], *, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature``: one for each secret, with spaces between.

    What keys the HMAC is the secret's decoded part, not its text: a peer forgot, and had to
    replace every secret.
    """
    signed = f"{event_id}.{timestamp}.".encode() + body
    digests = (hmac.digest(base64.b64decode(key.removeprefix(_MARK)), signed, hashlib.sha256) for key in keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key() -> bytes:
    return derive_key(settings().secret_key, _PURPOSE)
