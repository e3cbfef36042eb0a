"""Signing messages (DKIM: RFC 6376, Ed25519 by RFC 8463), relaxed/relaxed.

With ``cryptography`` directly: a general library takes 9,400 µs for a signature, of
which RSA itself is 360. What is the same for every message of a key is written once;
what is the same for every key of a message is computed once.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

#: What a signature covers, in its order. RFC 8058 4 wants both List-Unsubscribe headers.
SIGNED: Final[tuple[bytes, ...]] = (
    b"from",
    b"to",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-id",
    b"feedback-id",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
)
#: Named once more than they occur, so that nobody can add another one (RFC 6376 8.15).
OVERSIGNED: Final = frozenset(
    {
        b"from",
        b"to",
        b"reply-to",
        b"subject",
        b"date",
        b"list-unsubscribe",
        b"list-unsubscribe-post",
        b"content-type",
    }
)

_COVERED: Final = frozenset(SIGNED)
_LINE: Final = 76
_PADDING: Final = PKCS1v15()
_SHA256: Final = SHA256()


class Signs(Protocol):
    """Whatever makes the signature of one key."""

    def sign(self, covered: "Covered", digest: bytes, *, at: int) -> bytes:
        """Return a complete, folded ``DKIM-Signature`` header.

        :param digest: from :func:`body_hash`
        """
        ...


def sign_message(signers: Iterable[Signs], head: bytes, body: bytes, *, at: int) -> bytes:
    """Return the signatures of a message, one header each, to be put before its head.

    :param head: the header fields, each ending in CRLF
    :param body: what follows the empty line
    :param at: seconds since 1970, the time that the signatures name
    """
    signers = tuple(signers)
    if not signers:
        return b""
    covered, digest = cover(head), body_hash(body)
    return b"".join([signer.sign(covered, digest, at=at) for signer in signers])


@dataclass(frozen=True, slots=True)
class Covered:
    """The headers of one message that its signatures cover.

    :param names: as ``h=`` lists them
    :param canonical: in the relaxed form of RFC 6376 3.4.2, in that order
    """

    names: bytes
    canonical: bytes


def cover(head: bytes) -> Covered:
    """Return the headers of a message that are signed, and those that nobody may add."""
    fields: dict[bytes, list[bytes]] = {}
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    for field in unfolded.split(b"\r\n"):
        name, _, value = field.partition(b":")
        name = name.rstrip().lower()
        if name in _COVERED:
            # ``split`` without an argument strips, and leaves nothing of a run of spaces.
            fields.setdefault(name, []).append(b"%b:%b\r\n" % (name, b" ".join(value.split())))
    present = tuple((name, len(fields[name])) for name in SIGNED if name in fields)
    # From the last up, as a verifier takes them (RFC 6376 5.4.2).
    canonical = b"".join([line for name, _ in present for line in reversed(fields[name])])
    return Covered(_names(present), canonical)


def body_hash(body: bytes) -> bytes:
    """Return the base64 of a body's SHA-256, as ``bh=`` has it.

    Only empty lines at its end are taken off: the rest has to be in the relaxed form of
    RFC 6376 3.4.4 already, as ``quoted_printable`` writes it. To look for what is
    not would take as long as the hash itself.

    :param body: lines that end in CRLF, with no tab, no two spaces together, none at an end
    """
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    return base64.b64encode(hashlib.sha256(b"" if body == b"\r\n" else body).digest())


class Signer:
    """One key of one domain, parsed once.

    :param domain: as A-labels
    :param private_key_pem: RSA or Ed25519, as PKCS #8
    :raises ValueError: the key cannot be read, or is of another kind
    """

    def __init__(self, *, domain: str, selector: str, private_key_pem: bytes) -> None:
        key = load_pem_private_key(private_key_pem, password=None)
        if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
            raise ValueError("A DKIM key is an RSA or an Ed25519 key.")
        self._key = key
        self.domain, self.selector = domain, selector
        self.algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        self._beginning = (
            f"v=1; a={self.algorithm}; c=relaxed/relaxed;\r\n d={domain};\r\n s={selector}; t=".encode()
        )

    def sign(self, covered: Covered, digest: bytes, *, at: int) -> bytes:
        """Return a complete, folded ``DKIM-Signature`` header.

        :param digest: from :func:`body_hash`
        """
        value = b"%b%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (self._beginning, at, covered.names, digest)
        # Each fold is one space in the relaxed form, and the header itself has no CRLF (3.7).
        signed = covered.canonical + b"dkim-signature:" + value.replace(b"\r\n", b"")
        signature = base64.b64encode(self._signature(signed))
        lines = [signature[start : start + _LINE - 1] for start in range(0, len(signature), _LINE - 1)]
        return b"DKIM-Signature: %b%b\r\n" % (value, b"\r\n ".join(lines))

    def _signature(self, signed: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            # The hash is what is signed (RFC 8463 3).
            return self._key.sign(hashlib.sha256(signed).digest())
        return self._key.sign(signed, _PADDING, _SHA256)


@lru_cache(maxsize=256)
def _names(present: tuple[tuple[bytes, int], ...]) -> bytes:
    """Return the value of ``h=``, folded after colons."""
    counts = dict(present)
    names = []
    for name in SIGNED:
        names += [name] * (counts.get(name, 0) + (name in OVERSIGNED))
    lines = [b"h="]
    for name in names:
        if len(lines[-1]) + len(name) + 1 > _LINE:
            lines.append(b" ")
        lines[-1] += name + b":"
    return b"\r\n".join(lines).removeprefix(b"h=").removesuffix(b":")
