"""Whether a provider's call is really the provider's: each signs in its own way.

A call is refused when it is older than five minutes, where the provider signs the time at all.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509 import load_pem_x509_certificate

_TOLERANCE_SECONDS: Final = 300


@dataclass(frozen=True)
class Call:
    """A provider's request.

    :param headers: by lower-case name
    :param form: the fields of a form, where the body is one
    """

    headers: Mapping[str, str]
    body: bytes
    form: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Return the body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


class NotGenuine(Exception):
    """The call was not signed as it should be."""


#: Fetches a certificate or a page of Amazon's; tests give their own.
Fetch = Callable[[str], bytes]


def check_call(provider: str, call: Call, *, secret: str, now: datetime, fetch: Fetch) -> None:
    """Check that a call is the provider's own.

    :raises NotGenuine: its signature is missing, wrong or too old
    """
    _CHECKS[provider](call, secret, now, fetch)


def _check_basic(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    """Check HTTP Basic: the secret is ``user:password``, or the password alone."""
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    try:
        given = base64.b64decode(value, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        given = ""
    candidates = (given, given.partition(":")[2])
    if kind.lower() != "basic" or not any(_same(each, secret) for each in candidates):
        raise NotGenuine("The user or password of the call is wrong.")


def _check_bearer(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and _same(value.strip(), secret):
        return
    _check_basic(call, secret, now, fetch)


def _check_sparkpost(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    token = call.headers.get("x-messagesystems-webhook-token", "")
    if not (token and _same(token, secret)):
        _check_bearer(call, secret, now, fetch)


def _check_mailgun(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    told = call.json()
    signed = told.get("signature") if isinstance(told, dict) else call.form
    signed = signed if isinstance(signed, Mapping) else {}
    timestamp, token = str(signed.get("timestamp", "")), str(signed.get("token", ""))
    _check_age(timestamp, now)
    expected = hmac.new(secret.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not _same(str(signed.get("signature", "")), expected):
        raise NotGenuine("Mailgun’s signature is wrong.")


def _check_sendgrid(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    prefix = "x-twilio-email-event-webhook-"
    timestamp = call.headers.get(f"{prefix}timestamp", "")
    _check_age(timestamp, now)
    try:
        key = load_der_public_key(base64.b64decode(secret))
        signature = base64.b64decode(call.headers.get(f"{prefix}signature", ""))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise NotGenuine("The key kept for SendGrid is no ECDSA key.")
        key.verify(signature, timestamp.encode() + call.body, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        raise NotGenuine("SendGrid’s signature is wrong.") from None


def _check_standard(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    """Check a Standard Webhooks signature, under its own header names or Svix’s."""
    for prefix in ("webhook", "svix"):
        name = call.headers.get(f"{prefix}-id", "")
        timestamp = call.headers.get(f"{prefix}-timestamp", "")
        if not name:
            continue
        _check_age(timestamp, now)
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise NotGenuine("The secret kept for this webhook is not base64.") from None
        signed = f"{name}.{timestamp}.".encode() + call.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = call.headers.get(f"{prefix}-signature", "").split()
        if any(_same(each, f"v1,{expected}") for each in given):
            return
        raise NotGenuine("The webhook’s signature is wrong.")
    raise NotGenuine("The call is not signed.")


_SNS_HOST: Final = re.compile(r"sns\.[a-z0-9-]{3,30}\.amazonaws\.com(\.cn)?")
_SNS_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    ),
}
_SNS_SIGNED["UnsubscribeConfirmation"] = _SNS_SIGNED["SubscriptionConfirmation"]


def _check_sns(call: Call, secret: str, now: datetime, fetch: Fetch) -> None:
    """Check that Amazon signed it, and for our topic: anybody can have Amazon sign for theirs."""
    told = call.json()
    if not isinstance(told, dict) or told.get("Type") not in _SNS_SIGNED:
        raise NotGenuine("This is no notification of Amazon SNS.")
    if not _same(str(told.get("TopicArn", "")), secret):
        raise NotGenuine(f"It is about another topic: {str(told.get('TopicArn', ''))[:200]}")
    url = str(told.get("SigningCertURL", ""))
    if not _is_amazons(url) or not url.endswith(".pem"):
        raise NotGenuine("Its certificate is not at Amazon.")
    names = _SNS_SIGNED[told["Type"]]
    signed = "".join(f"{name}\n{told[name]}\n" for name in names if told.get(name) is not None)
    try:
        key = load_pem_x509_certificate(fetch(url)).public_key()
        signature = base64.b64decode(str(told.get("Signature", "")))
        if not isinstance(key, rsa.RSAPublicKey):
            raise NotGenuine("Amazon’s certificate holds no RSA key.")
        digest = SHA256() if str(told.get("SignatureVersion")) == "2" else SHA1()  # noqa: S303
        key.verify(signature, signed.encode(), padding.PKCS1v15(), digest)
    except (ValueError, InvalidSignature):
        raise NotGenuine("Amazon’s signature is wrong.") from None
    except OSError as error:
        raise NotGenuine(f"Amazon’s certificate could not be fetched: {error}") from None
    if told["Type"] == "SubscriptionConfirmation" and _is_amazons(str(told.get("SubscribeURL", ""))):
        fetch(str(told["SubscribeURL"]))


def _is_amazons(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" and bool(_SNS_HOST.fullmatch(parts.netloc))


def _check_age(timestamp: str, now: datetime) -> None:
    try:
        age = abs(now.timestamp() - float(timestamp))
    except ValueError:
        age = float("inf")
    if not age <= _TOLERANCE_SECONDS:
        raise NotGenuine("The call is older than five minutes, or does not say when it was made.")


def _same(given: str, expected: str) -> bool:
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


_CHECKS: Final[dict[str, Callable[[Call, str, datetime, Fetch], None]]] = {
    "ses": _check_sns,
    "sendgrid": _check_sendgrid,
    "mailgun": _check_mailgun,
    "postmark": _check_basic,
    "sparkpost": _check_sparkpost,
    "brevo": _check_bearer,
    "mailjet": _check_basic,
    "resend": _check_standard,
    "generic": _check_standard,
}
