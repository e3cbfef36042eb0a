"""Providers' calls: whether they are theirs, and what they say."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from mailer.bounces.parsers.providers import read_call
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.parsers.signatures import Call, NotGenuine, check_call
from tests.corpora import corpus

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
STAMP = str(int(NOW.timestamp()))
ARN = "arn:aws:sns:eu-west-1:123456789012:back"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"


def no_fetch(url: str) -> bytes:
    raise AssertionError(f"{url} was fetched")


def check(provider, call, secret, *, fetch=no_fetch, now=NOW):
    check_call(provider, call, secret=secret, now=now, fetch=fetch)


def told(provider, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return [(each.kind, each.email, each.hard) for each in read_call(provider, Call(headers, raw))]


def basic(secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}


@pytest.fixture(scope="module")
def amazon():
    """A signer whose certificate stands where Amazon's would."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)

    def sign(message: dict, **fields) -> Call:
        whole = {
            **{
                "Type": "Notification",
                "MessageId": "m-1",
                "TopicArn": ARN,
                "Timestamp": "2026-03-02T12:00:00Z",
            },
            **{"Message": json.dumps(message), "SignatureVersion": "2", "SigningCertURL": CERTIFICATE_URL},
            **fields,
        }
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        signed = "".join(f"{name}\n{whole[name]}\n" for name in names if name in whole).encode()
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        whole["Signature"] = base64.b64encode(signature).decode()
        return Call({}, json.dumps(whole).encode())

    return sign, lambda url: pem


SES_BOUNCE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [
            {
                "emailAddress": "dora@example.org",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown",
            }
        ],
    },
    "mail": {"commonHeaders": {"messageId": "<dlv_1@bakery.example>"}},
}


def test_amazons_signature_is_checked_against_its_certificate_and_our_topic(amazon):
    sign, fetch = amazon
    call = sign(SES_BOUNCE)

    check("ses", call, ARN, fetch=fetch)

    assert told("ses", call.body) == [(Kind.BOUNCE, "dora@example.org", True)]
    with pytest.raises(NotGenuine, match="another topic"):
        check("ses", call, ARN + "-of-somebody", fetch=fetch)
    with pytest.raises(NotGenuine, match="signature is wrong"):
        check("ses", Call({}, call.body.replace(b"dora@", b"emil@")), ARN, fetch=fetch)
    elsewhere = sign(
        SES_BOUNCE, SigningCertURL=CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.evil.example")
    )
    with pytest.raises(NotGenuine, match="not at Amazon"):
        check("ses", elsewhere, ARN)


def test_sendgrids_key_signs_time_and_body():
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    secret = base64.b64encode(public).decode()
    body = json.dumps(
        [
            {
                "event": "bounce",
                "type": "bounce",
                "email": "dora@example.org",
                "reason": "550 5.1.1 no such user",
            }
        ]
    ).encode()
    signature = base64.b64encode(key.sign(STAMP.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    prefix = "x-twilio-email-event-webhook-"
    headers = {f"{prefix}signature": signature, f"{prefix}timestamp": STAMP}

    check("sendgrid", Call(headers, body), secret)

    assert told("sendgrid", body) == [(Kind.BOUNCE, "dora@example.org", True)]
    with pytest.raises(NotGenuine):
        check("sendgrid", Call(headers, body + b" "), secret)
    with pytest.raises(NotGenuine, match="five minutes"):
        check("sendgrid", Call(headers, body), secret, now=NOW + dt.timedelta(minutes=6))


def test_standard_webhooks_vector():
    secret, name, stamp = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
    )
    headers = {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1,other v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    call = Call(headers, b'{"test": 2432232314}')
    then = dt.datetime.fromtimestamp(int(stamp), dt.UTC)

    check("generic", call, secret, now=then)

    # Resend's headers have Svix's names.
    check(
        "resend",
        Call({k.replace("webhook", "svix"): v for k, v in headers.items()}, call.body),
        secret,
        now=then,
    )
    with pytest.raises(NotGenuine):
        check("generic", Call(headers, b'{"test": 1}'), secret, now=then)


def mailgun_signature(secret: str, stamp: str = STAMP) -> dict[str, str]:
    signature = hmac.new(secret.encode(), f"{stamp}t".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": stamp, "token": "t", "signature": signature}


def test_mailgun_signs_a_token():
    body = json.dumps({"signature": mailgun_signature("key"), "event-data": {}}).encode()

    check("mailgun", Call({}, body), "key")

    with pytest.raises(NotGenuine):
        check("mailgun", Call({}, body), "another key")


@pytest.mark.parametrize("provider", ["postmark", "mailjet", "brevo", "sparkpost"])
def test_a_password_is_asked_for_where_a_provider_signs_nothing(provider):
    check(provider, Call(basic("mailer:secret"), b"{}"), "mailer:secret")
    check(provider, Call(basic("mailer:secret"), b"{}"), "secret")

    for headers in ({}, basic("mailer:wrong"), {"authorization": "Basic !"}, basic(":")):
        with pytest.raises(NotGenuine):
            check(provider, Call(headers, b"{}"), "secret")


@pytest.mark.parametrize(
    ("provider", "body", "expected"),
    [
        ("postmark", {"RecordType": "SpamComplaint", "Email": "d@example.org"}, (Kind.COMPLAINT, None)),
        (
            "postmark",
            {"RecordType": "Bounce", "Type": "HardBounce", "Email": "d@example.org"},
            (Kind.BOUNCE, True),
        ),
        (
            "postmark",
            {"RecordType": "Bounce", "Type": "SoftBounce", "Email": "d@example.org"},
            (Kind.BOUNCE, False),
        ),
        (
            "postmark",
            {"RecordType": "Bounce", "Type": "AutoResponder", "Email": "d@example.org"},
            (Kind.AUTO_REPLY, None),
        ),
        (
            "sparkpost",
            [
                {
                    "msys": {
                        "message_event": {"type": "bounce", "bounce_class": "10", "rcpt_to": "d@example.org"}
                    }
                }
            ],
            (Kind.BOUNCE, True),
        ),
        (
            "sparkpost",
            [
                {
                    "msys": {
                        "message_event": {"type": "bounce", "bounce_class": "51", "rcpt_to": "d@example.org"}
                    }
                }
            ],
            (Kind.BOUNCE, False),
        ),
        ("brevo", {"event": "hard_bounce", "email": "d@example.org"}, (Kind.BOUNCE, True)),
        ("brevo", {"event": "spam", "email": "d@example.org"}, (Kind.COMPLAINT, None)),
        ("mailjet", {"event": "bounce", "hard_bounce": True, "email": "d@example.org"}, (Kind.BOUNCE, True)),
        ("mailjet", [{"event": "unsub", "email": "d@example.org"}], (Kind.UNSUBSCRIBE, None)),
        (
            "resend",
            {"type": "email.bounced", "data": {"to": ["d@example.org"], "bounce": {"type": "Permanent"}}},
            (Kind.BOUNCE, True),
        ),
        (
            "resend",
            {"type": "email.bounced", "data": {"to": ["d@example.org"], "bounce": {"type": "Transient"}}},
            (Kind.BOUNCE, False),
        ),
        ("generic", {"type": "complaint", "data": {"email": "d@example.org"}}, (Kind.COMPLAINT, None)),
        ("sendgrid", [{"event": "spamreport", "email": "d@example.org"}], (Kind.COMPLAINT, None)),
        (
            "sendgrid",
            [{"event": "bounce", "type": "blocked", "email": "d@example.org"}],
            (Kind.BOUNCE, False),
        ),
    ],
)
def test_every_dialect_is_understood(provider, body, expected):
    assert told(provider, body) == [(expected[0], "d@example.org", expected[1])]


@pytest.mark.parametrize(
    "provider",
    ["ses", "sendgrid", "mailgun", "postmark", "sparkpost", "brevo", "mailjet", "resend", "generic"],
)
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"[[1]]", b'{"Type": 1}', b'[{"msys": []}]', b"\xff", b"[" * 9_000]
)
def test_nonsense_says_nothing(provider, body):
    assert all(not each.email for each in read_call(provider, Call({}, body)))


KINDS = {"bounced": Kind.BOUNCE, "complained": Kind.COMPLAINT, "unsubscribed": Kind.UNSUBSCRIBE}


@pytest.mark.parametrize("provider", ["mailgun", "postmark"])
def test_captured_calls_say_what_others_read_in_them(provider):
    captured = json.loads(corpus(f"webhooks/{provider}_webhooks.json").read_text())
    compared = 0
    for each in captured:
        expected = [
            (KINDS[event["event_type"]], event["recipient"])
            for event in each["expect_events"] or []
            if event.get("event_type") in KINDS
        ]
        if not expected:
            continue
        read = read_call(provider, captured_call(each))
        assert [(event.kind, event.email or None) for event in read] == expected, each["test"]
        compared += 1
    assert compared >= 3


def captured_call(request) -> Call:
    body, kind = request["body"].encode(), request["content_type"]
    form = {}
    if kind.startswith("multipart/"):
        parsed = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        for part in parsed.iter_parts():
            name = part.get_param("name", header="content-disposition")
            form[name] = part.get_payload(decode=True).decode().strip()
    return Call({}, body, form)
