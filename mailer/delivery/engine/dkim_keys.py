"""Key pairs for DKIM, and the DNS record that publishes one (RFC 6376 3.6.1, RFC 8463)."""

import base64
import textwrap
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

#: Longer keys do not fit into one UDP answer everywhere, and receivers need no more than this.
_RSA_BITS: Final = 2048
#: One string of a TXT record is no longer (RFC 1035 3.3).
_LONGEST_STRING: Final = 255


class Algorithm(StrEnum):
    """What a key signs with; the values are those of ``k=``."""

    RSA = "rsa"
    ED25519 = "ed25519"


def make_key(algorithm: Algorithm) -> tuple[str, str]:
    """Return a new private key, as PKCS #8 in PEM, and its public key, as ``p=`` has it."""
    if algorithm is Algorithm.ED25519:
        edwards = Ed25519PrivateKey.generate()
        private, public = edwards.private_bytes, edwards.public_key().public_bytes_raw()
    else:
        rsa = generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        private = rsa.private_bytes
        public = rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = private(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode(), base64.b64encode(public).decode()


def record_name(selector: str, domain: str) -> str:
    """Return the name that a key is published under."""
    return f"{selector}._domainkey.{domain}"


def record_value(algorithm: Algorithm, public_key: str) -> str:
    """Return the TXT record that publishes a key."""
    return f"v=DKIM1; k={algorithm.value}; p={public_key}"


def zone_line(name: str, value: str) -> str:
    """Return a TXT record as a zone file has it, in strings that are short enough."""
    strings = textwrap.wrap(value, _LONGEST_STRING, break_on_hyphens=False, drop_whitespace=False)
    return f"{name}. 3600 IN TXT ( " + " ".join(f'"{string}"' for string in strings) + " )"


def problem_of(texts: Sequence[str], *, algorithm: Algorithm, public_key: str) -> str:
    """Return why the TXT records under a key's name do not publish it; empty when they do."""
    keys = [tags for tags in map(_tags, texts) if "p" in tags]
    if not keys:
        found = f" What is there: “{texts[0][:120]}”." if texts else ""
        return f"The record has no public key.{found}"
    if len(keys) > 1:
        return f"There are {len(keys)} keys under this name, and receivers may take either. Keep one."
    (tags,) = keys
    if not tags["p"]:
        return "The record says that this key was withdrawn: its p= is empty."
    if tags["p"] != public_key:
        if public_key.startswith(tags["p"]):
            return "The record was cut off: some panels take 255 characters at most. Split it in two strings."
        return "The record has another key than this one."
    if tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa") != algorithm.value:
        return f"The record has the right key, but must begin with “v=DKIM1; k={algorithm.value};”."
    if "sha256" not in tags.get("h", "sha256").split(":"):
        return "The record's h= does not allow SHA-256, which every signature uses."
    if not {"*", "email"} & set(tags.get("s", "*").split(":")):
        return "The record's s= does not allow the key to be used for email."
    return ""


def _tags(text: str) -> dict[str, str]:
    """Read ``tag=value; …``; white space means nothing in the values that are looked at."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in pairs if equals}
