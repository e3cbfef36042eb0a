"""Addresses that mail comes back to: each carries one sealed token, so that only who got the mail knows it.

Base32 in lower case, since some servers on the way fold the case of local parts; and 54
characters of the 64 that RFC 5321 4.5.3.1.1 allows.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from mailer.lib.secrets import MAC_BYTES, derive_key


class Purpose(StrEnum):
    """What an address is for; its first letter says it."""

    BOUNCE = "b"
    UNSUBSCRIBE = "u"


@dataclass(frozen=True)
class ReturnToken:
    """A delivery that something came back for."""

    purpose: Purpose
    delivery_id: UUID


_LOCAL_PART: Final = re.compile(r"\b([bu])\+([a-z2-7]{52})@", re.IGNORECASE)


class ReturnPaths:
    """Makes the return addresses of one installation and reads their tokens back."""

    def __init__(self, secret_key: str) -> None:
        self._keys = {
            purpose: derive_key(secret_key, f"return-{purpose.name.lower()}") for purpose in Purpose
        }

    def address(self, purpose: Purpose, delivery_id: UUID, domain: str) -> str:
        """Return the address at which something about a delivery comes back."""
        payload = delivery_id.bytes
        mac = hashlib.blake2b(payload, digest_size=MAC_BYTES, key=self._keys[purpose]).digest()
        token = base64.b32encode(payload + mac).decode().rstrip("=").lower()
        return f"{purpose.value}+{token}@{domain}"

    def read(self, text: str) -> ReturnToken | None:
        """Return what the first address of ours in a text says, or None when there is none."""
        for letter, token in _LOCAL_PART.findall(text):
            purpose = Purpose(letter.lower())
            data = base64.b32decode(token.upper() + "====")
            payload, mac = data[:-MAC_BYTES], data[-MAC_BYTES:]
            expected = hashlib.blake2b(payload, digest_size=MAC_BYTES, key=self._keys[purpose]).digest()
            if hmac.compare_digest(mac, expected):
                return ReturnToken(purpose, UUID(bytes=payload))
        return None
