"""Secrets at rest and tokens in links, all derived from one secret key.

Each purpose gets a key of its own (HKDF, RFC 5869), so that a token made for one
purpose is never accepted for another and an encrypted password cannot be replayed
as a token.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAC_BYTES: Final = 16
#: RFC 4648 5
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")


def derive_key(secret_key: str, purpose: str) -> bytes:
    """Return the 32-byte key for one purpose."""
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return kdf.derive(secret_key.encode())


def encrypt(key: bytes, text: str) -> str:
    """Encrypt a secret for storage (Fernet: AES-128-CBC with HMAC-SHA256)."""
    return Fernet(base64.urlsafe_b64encode(key)).encrypt(text.encode()).decode()


def decrypt(key: bytes, stored: str) -> str:
    """Return a secret that :func:`encrypt` stored.

    :raises ValueError: it was stored under another key, or was altered
    """
    try:
        return Fernet(base64.urlsafe_b64encode(key)).decrypt(stored.encode()).decode()
    except InvalidToken:
        raise ValueError("This secret was stored under another MAILER_SECRET_KEY.") from None


class Seal:
    """Makes tokens and reads them back: a payload with its MAC as URL-safe text.

    The MAC is keyed BLAKE2b (RFC 7693) of 128 bits: one microsecond, against thirty
    for a signed JSON token, which matters at a dozen links a message.
    """

    def __init__(self, key: bytes) -> None:
        self._keyed = hashlib.blake2b(digest_size=MAC_BYTES, key=key)

    def __call__(self, payload: bytes) -> str:
        """Return a token."""
        keyed = self._keyed.copy()
        keyed.update(payload)
        token = binascii.b2a_base64(payload + keyed.digest(), newline=False)
        return token.translate(_URL_SAFE, b"=").decode()

    def payload_of(self, token: str) -> bytes | None:
        """Return the payload of a token that this seal made, or None."""
        try:
            given = token.encode("ascii")
            data = binascii.a2b_base64(given.translate(_FROM_URL_SAFE) + b"==")
        except (binascii.Error, UnicodeEncodeError):
            return None
        payload = data[:-MAC_BYTES]
        # Made again rather than looked into: base64 has several spellings, and only one is ours.
        return payload if payload and hmac.compare_digest(self(payload).encode(), given) else None


def fingerprint(secret: str) -> str:
    """Return what is stored of a random secret (API key, invitation): its SHA-256 in hex.

    A slow hash would add nothing: these secrets have 128 bits or more of their own.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
