"""What mail providers say when they call: bounces, complaints and wishes to leave, in nine dialects."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from mailer.bounces.parsers.failures import failure
from mailer.bounces.parsers.notification import failures_of
from mailer.bounces.parsers.reasons import Reason
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.parsers.signatures import Call

_MOST_EVENTS: Final = 2_000


@dataclass(frozen=True)
class Event:
    """What one call says came back about one address.

    :param key: the provider's own id of it, so that it is written down once
    """

    key: str
    kind: Kind
    email: str
    message_id: str = ""
    hard: bool | None = None
    reason: Reason | None = None
    status: str = ""
    code: str = ""
    feedback_type: str = ""
    words: str = ""


def read_call(provider: str, call: Call) -> list[Event]:
    """Return what a provider's call, which was checked before, says came back."""
    return list(islice(_READERS[provider](call), _MOST_EVENTS))


def _bounce(
    key: str, email: Any, words: Any, *, message_id: Any = "", hard: bool | None = None, status: Any = ""
) -> Event:
    """Return a bounce: our own reading of the server's words, and the provider's where those say nothing.

    :param hard: the provider's own opinion
    """
    read = failure(_text(email), re.sub(r"(?i)^\s*smtp;\s*", "", _text(words)), status=_text(status))
    unclear = read.reason in (Reason.UNCLEAR, Reason.FILTERED)
    is_hard = hard if unclear and hard is not None else bool(read.hard)
    reason = Reason.UNKNOWN_USER if unclear and is_hard else read.reason
    return Event(
        key,
        Kind.BOUNCE,
        read.recipient,
        _id(message_id),
        is_hard,
        reason,
        read.status,
        read.code,
        "",
        read.words,
    )


def _complaint(key: str, email: Any, *, message_id: Any = "", feedback: Any = "") -> Event:
    return Event(
        key, Kind.COMPLAINT, _text(email), _id(message_id), feedback_type=_text(feedback).lower() or "abuse"
    )


def _leaves(key: str, email: Any, *, message_id: Any = "") -> Event:
    return Event(key, Kind.UNSUBSCRIBE, _text(email), _id(message_id))


def _ses(call: Call) -> Iterator[Event]:
    outer = _object(call.json())
    if outer.get("Type") != "Notification":
        return
    try:
        told = _object(json.loads(_text(outer.get("Message"))))
    except (ValueError, RecursionError):
        return
    kind = _text(told.get("notificationType") or told.get("eventType")).lower()
    mail = _object(told.get("mail"))
    message_id = _header(mail.get("headers"), "Message-ID") or _text(
        _object(mail.get("commonHeaders")).get("messageId")
    )
    key = f"ses:{_text(outer.get('MessageId'))}"
    if kind == "bounce":
        bounce = _object(told.get("bounce"))
        is_permanent = bounce.get("bounceType") == "Permanent" and bounce.get("bounceSubType") in (
            "General",
            "NoEmail",
            "Suppressed",
            "OnAccountSuppressionList",
        )
        for number, each in enumerate(failures_of(told)):
            yield _bounce(
                f"{key}:{number}",
                each.recipient,
                each.words,
                message_id=message_id,
                hard=is_permanent,
                status=each.status,
            )
    elif kind == "complaint":
        complaint = _object(told.get("complaint"))
        feedback = complaint.get("complaintFeedbackType")
        for number, each in enumerate(_list(complaint.get("complainedRecipients"))):
            email = _object(each).get("emailAddress")
            yield _complaint(f"{key}:{number}", email, message_id=message_id, feedback=feedback)


def _sendgrid(call: Call) -> Iterator[Event]:
    for each in map(_object, _list(call.json())):
        key, kind = f"sendgrid:{_text(each.get('sg_event_id'))}", each.get("event")
        email, message_id = each.get("email"), each.get("smtp-id")
        if kind == "bounce":
            is_block = each.get("type") == "blocked"
            yield _bounce(
                key,
                email,
                each.get("reason"),
                message_id=message_id,
                hard=not is_block,
                status=each.get("status"),
            )
        elif kind == "dropped" and "bounced" in _text(each.get("reason")).lower():
            yield _bounce(key, email, each.get("reason"), message_id=message_id, hard=True)
        elif kind == "spamreport":
            yield _complaint(key, email, message_id=message_id)
        elif kind in ("unsubscribe", "group_unsubscribe"):
            yield _leaves(key, email, message_id=message_id)


def _mailgun(call: Call) -> Iterator[Event]:
    told = _object(call.json())
    if not told:
        yield from _mailgun_form(call.form)
        return
    each = _object(told.get("event-data"))
    status = _object(each.get("delivery-status"))
    key, email = f"mailgun:{_text(each.get('id'))}", each.get("recipient")
    message_id = _object(_object(each.get("message")).get("headers")).get("message-id")
    kind = each.get("event")
    if kind == "failed":
        words = " ".join(filter(None, (_text(status.get("message")), _text(status.get("description")))))
        code = _text(status.get("code"))
        hard = each.get("severity") == "permanent" and each.get("reason") in ("bounce", "suppress-bounce")
        yield _bounce(key, email, f"{code} {words}".strip(), message_id=message_id, hard=hard)
    elif kind == "complained":
        yield _complaint(key, email, message_id=message_id)
    elif kind == "unsubscribed":
        yield _leaves(key, email, message_id=message_id)


def _mailgun_form(form: Mapping[str, str]) -> Iterator[Event]:
    """Read the calls of Mailgun's older interface, which are forms."""
    key, kind, email = f"mailgun:{form.get('token', '')}", form.get("event"), form.get("recipient", "")
    message_id = form.get("Message-Id", "") or form.get("message-id", "")
    if kind in ("bounced", "dropped"):
        words = form.get("error") or form.get("description") or form.get("notification", "")
        words = f"{form.get('code', '')} {words}".strip()
        yield _bounce(
            key, email, words, message_id=message_id, hard=form.get("reason") in ("hardfail", None, "")
        )
    elif kind == "complained":
        yield _complaint(key, email, message_id=message_id)
    elif kind == "unsubscribed":
        yield _leaves(key, email, message_id=message_id)


#: What Postmark counts as an address that is no more.
_POSTMARK_HARD: Final = frozenset({"HardBounce", "BadEmailAddress", "AddressChange"})
_POSTMARK_NO_BOUNCE: Final = frozenset(
    {"AutoResponder", "ChallengeVerification", "OpenRelayTest", "Subscribe", "Unsubscribe", "SpamComplaint"}
)


def _postmark(call: Call) -> Iterator[Event]:
    each = _object(call.json())
    record, kind = each.get("RecordType"), _text(each.get("Type"))
    email = each.get("Email") or each.get("Recipient")
    key = f"postmark:{_text(each.get('ID') or each.get('MessageID'))}:{_text(each.get('ChangedAt'))}"
    message_id = _object(each.get("Metadata")).get("message-id", "")
    if record == "SpamComplaint" or kind == "SpamComplaint":
        yield _complaint(key, email, message_id=message_id)
    elif record == "Bounce" and kind not in _POSTMARK_NO_BOUNCE:
        words = _text(each.get("Details")) or _text(each.get("Description"))
        yield _bounce(key, email, words, message_id=message_id, hard=kind in _POSTMARK_HARD)
    elif record == "Bounce" and kind == "Unsubscribe":
        yield _leaves(key, email)
    elif record == "Bounce" and kind == "AutoResponder":
        yield Event(key, Kind.AUTO_REPLY, _text(email), words=_text(each.get("Details")))
    elif record == "SubscriptionChange" and each.get("SuppressSending"):
        reason = each.get("SuppressionReason")
        if reason == "ManualSuppression":
            yield _leaves(key, email)
        elif reason == "SpamComplaint":
            yield _complaint(key, email)
        else:
            yield _bounce(key, email, _text(reason), hard=True)


#: https://support.sparkpost.com/docs/deliverability/bounce-classification-codes
_SPARKPOST_HARD: Final = frozenset({"10", "30", "90"})


def _sparkpost(call: Call) -> Iterator[Event]:
    for outer in map(_object, _list(call.json())):
        for each in map(_object, _object(outer.get("msys")).values()):
            key, kind = f"sparkpost:{_text(each.get('event_id'))}", each.get("type")
            email = each.get("rcpt_to")
            message_id = _object(each.get("rcpt_meta")).get("message-id", "") or each.get("msg_id", "")
            if kind in ("bounce", "out_of_band"):
                hard = _text(each.get("bounce_class")) in _SPARKPOST_HARD
                yield _bounce(
                    key, email, each.get("raw_reason") or each.get("reason"), message_id=message_id, hard=hard
                )
            elif kind == "spam_complaint":
                yield _complaint(key, email, message_id=message_id, feedback=each.get("fbtype"))
            elif kind in ("list_unsubscribe", "link_unsubscribe"):
                yield _leaves(key, email, message_id=message_id)


def _brevo(call: Call) -> Iterator[Event]:
    told = call.json()
    for each in map(_object, told if isinstance(told, list) else [told]):
        kind, email, message_id = each.get("event"), each.get("email"), each.get("message-id")
        at = _text(each.get("ts_event") or each.get("ts"))
        key = f"brevo:{_text(each.get('id'))}:{kind}:{_text(message_id)}:{at}"
        if kind in ("hard_bounce", "soft_bounce", "blocked", "invalid_email", "invalid"):
            hard = kind in ("hard_bounce", "invalid_email", "invalid")
            yield _bounce(key, email, each.get("reason"), message_id=message_id, hard=hard)
        elif kind in ("spam", "complaint"):
            yield _complaint(key, email, message_id=message_id)
        elif kind in ("unsubscribed", "unsubscribe"):
            yield _leaves(key, email, message_id=message_id)


def _mailjet(call: Call) -> Iterator[Event]:
    told = call.json()
    for each in map(_object, told if isinstance(told, list) else [told]):
        kind, email = each.get("event"), each.get("email")
        message_id = each.get("CustomID", "")
        key = f"mailjet:{_text(each.get('MessageID'))}:{kind}:{_text(each.get('time'))}"
        if kind in ("bounce", "blocked"):
            words = " ".join(_text(each.get(name)) for name in ("error_related_to", "error", "comment"))
            hard = kind == "bounce" and bool(each.get("hard_bounce"))
            yield _bounce(key, email, words.strip(), message_id=message_id, hard=hard)
        elif kind == "spam":
            yield _complaint(key, email, message_id=message_id)
        elif kind == "unsub":
            yield _leaves(key, email, message_id=message_id)


def _standard(call: Call) -> Iterator[Event]:
    """Read Resend's calls, and those of anybody who writes them alike: ``{type, data: {to, bounce}}``."""
    told = _object(call.json())
    data, kind = _object(told.get("data")), _text(told.get("type"))
    bounce = _object(data.get("bounce"))
    named = call.headers.get("webhook-id") or call.headers.get("svix-id", "")
    message_id = _header(data.get("headers"), "Message-ID") or _text(data.get("message_id"))
    to = data.get("to")
    for number, email in enumerate(to if isinstance(to, list) else [to or data.get("email")]):
        key = f"hook:{named}:{number}"
        if kind.endswith(("bounced", "bounce")):
            words = bounce.get("message") or data.get("reason")
            codes = " ".join(map(_text, _list(bounce.get("diagnosticCode"))))
            # “Undetermined” and “Transient” are neither.
            hard = _text(bounce.get("type")).lower() == "permanent" if bounce else None
            hard = bool(data["hard"]) if isinstance(data.get("hard"), bool) else hard
            yield _bounce(
                key, email, codes or words, message_id=message_id, hard=hard, status=data.get("status")
            )
        elif kind.endswith(("complained", "complaint")):
            yield _complaint(key, email, message_id=message_id)
        elif kind.endswith(("unsubscribed", "unsubscribe")):
            yield _leaves(key, email, message_id=message_id)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value[:4_000].replace("\0", "")
    return str(value) if isinstance(value, int | float) else ""


def _id(value: Any) -> str:
    return _text(value).strip("<> ")


def _header(headers: Any, name: str) -> str:
    found = (_object(each) for each in _list(headers))
    return next(
        (_text(each.get("value")) for each in found if _text(each.get("name")).lower() == name.lower()), ""
    )


_READERS: Final[dict[str, Callable[[Call], Iterator[Event]]]] = {
    "ses": _ses,
    "sendgrid": _sendgrid,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sparkpost": _sparkpost,
    "brevo": _brevo,
    "mailjet": _mailjet,
    "resend": _standard,
    "generic": _standard,
}
