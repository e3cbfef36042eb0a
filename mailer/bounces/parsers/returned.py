"""Reading a mail that came back: what it is, about whom, and what it says."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from mailer.bounces.parsers.answers import (
    is_apples_unsubscribe,
    is_auto_submitted,
    is_away,
    is_challenge,
    wants_to_leave,
)
from mailer.bounces.parsers.complaint import Complaint, read_complaint
from mailer.bounces.parsers.delivery_status import read_delivery_status
from mailer.bounces.parsers.failures import Failure
from mailer.bounces.parsers.forwarded import forwarded_notice
from mailer.bounces.parsers.free_text import read_free_text
from mailer.bounces.parsers.mentions import addresses_of
from mailer.bounces.parsers.notices import is_answer, is_bounce
from mailer.bounces.parsers.notification import complainers_of, failures_of, notification_in
from mailer.bounces.parsers.opened import Headers, Opened, open_mail
from mailer.bounces.parsers.reasons import Reason
from mailer.bounces.parsers.story import story_and_original


class Kind(StrEnum):
    """What kind of mail came back."""

    BOUNCE = "bounce"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    UNSUBSCRIBE = "unsubscribe"
    REPLY = "reply"
    OTHER = "other"


@dataclass(frozen=True)
class Returned:
    """What a mail says came back.

    :param recipients: whom it is about; of a reply, who wrote it
    :param feedback_type: of a complaint
    :param message_ids: of messages that it is about, without angle brackets
    :param words: what it says to people, in short
    """

    kind: Kind
    recipients: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    feedback_type: str = ""
    is_wish_to_stop: bool = False
    message_ids: tuple[str, ...] = ()
    subject: str = ""
    words: str = ""
    message_id: str = ""
    headers: Headers = field(default_factory=lambda: Headers([]), repr=False)

    @property
    def failure(self) -> Failure | None:
        """The failure that stands for all: a hard one if there is any."""
        return next((each for each in self.failures if each.hard), next(iter(self.failures), None))

    def as_dict(self) -> dict[str, Any]:
        """Return it as one line of JSON has it."""
        failure = self.failure
        return {
            "recipients": list(self.recipients),
            # A request to opt out is a report as well (RFC 5965 7.3), though we honour it as a wish to leave.
            "class": (Kind.COMPLAINT if self.feedback_type else self.kind).value,
            "hard": failure.hard if failure is not None and self.kind is Kind.BOUNCE else None,
            "status": failure.status if failure is not None else "",
            "reply_code": failure.code if failure is not None else "",
            "feedback_type": self.feedback_type,
            "reason": failure.reason.value if failure is not None else "",
            "diagnosis": failure.words[:300] if failure is not None else "",
            "results": [
                {
                    "recipient": each.recipient,
                    "hard": each.hard,
                    "status": each.status,
                    "reply_code": each.code,
                    "reason": each.reason.value,
                }
                for each in self.failures
            ],
        }


def read_returned(raw: bytes) -> Returned:
    """Return what a mail says; whatever it is, there is an answer."""
    opened = open_mail(raw)
    opened = forwarded_notice(opened) or opened
    story, original = story_and_original(opened)
    notification = notification_in(story)
    complaint = _complaint_of(notification) or read_complaint(opened, original=original)
    if complaint is not None:
        return _returned(
            Kind.COMPLAINT,
            opened,
            story,
            original,
            recipients=complaint.recipients,
            feedback_type=complaint.kind,
            is_wish_to_stop=complaint.is_wish_to_stop,
        )
    if is_apples_unsubscribe(opened):
        return _returned(
            Kind.UNSUBSCRIBE,
            opened,
            story,
            original,
            recipients=_writer(opened),
            feedback_type="opt-out",
        )
    if _is_receipt(opened):
        return _returned(Kind.OTHER, opened, story, original, recipients=_writer(opened))
    if not is_answer(opened):
        failures = failures_of(notification) or read_delivery_status(opened, story=story)
        if not failures and is_bounce(opened, story):
            failures = read_free_text(opened, story, original=original)
            if not failures:
                return _returned(Kind.BOUNCE, opened, story, original)
        if failures:
            return _of_failures(failures, opened, story, original)
    return _returned(_kind_of_answer(opened, story), opened, story, original, recipients=_writer(opened))


def _complaint_of(notification: dict[str, Any]) -> Complaint | None:
    named = complainers_of(notification)
    if not named:
        return None
    kind = str(notification["complaint"].get("complaintFeedbackType") or "abuse").lower()
    return Complaint(kind, tuple(dict.fromkeys(named)))


def _is_receipt(opened: Opened) -> bool:
    """Whether a mail says that another was read (RFC 8098), which is no failure.

    Dovecot’s filters refuse by the same kind of mail: deleted, by an automatic action.
    """
    told = [part.text for part in opened.parts if part.kind == "message/disposition-notification"]
    return bool(told) and not any(map(_REFUSED_BY_RECEIPT.search, told))


_REFUSED_BY_RECEIPT: Final = re.compile(r"(?im)^disposition:\s*automatic-action/[^;]*;\s*deleted")


def _of_failures(failures: list[Failure], opened: Opened, story: str, original: Headers) -> Returned:
    failed = [each for each in failures if each.reason is not Reason.DELIVERED]
    kind = Kind.BOUNCE if failed else Kind.DELIVERED
    named = failed or failures
    recipients = tuple(each.recipient for each in named)
    return _returned(kind, opened, story, original, recipients=recipients, failures=tuple(named))


def _kind_of_answer(opened: Opened, story: str) -> Kind:
    if not opened.headers.get("from"):
        return Kind.OTHER
    if is_challenge(opened, story):
        return Kind.CHALLENGE
    if is_auto_submitted(opened) or is_away(opened, story):
        return Kind.AUTO_REPLY
    if wants_to_leave(opened, story):
        return Kind.UNSUBSCRIBE
    headers = opened.headers
    is_answer = "in-reply-to" in headers or "references" in headers
    if is_answer or re.match(r"(?i)\s*(re|aw|sv|antw|r|odp|vs)\s*:", headers.words("subject")):
        return Kind.REPLY
    return Kind.OTHER if "list-id" in headers or "list-unsubscribe" in headers else Kind.REPLY


def _returned(kind: Kind, opened: Opened, story: str, original: Headers, **named: Any) -> Returned:
    headers = opened.headers
    ids = [
        original.get("message-id"),
        headers.get("in-reply-to"),
        *reversed(headers.get("references").split()),
    ]
    found = [match for value in ids for match in re.findall(r"<([^<>\s]{3,300})>", value)]
    own = re.search(r"<([^<>\s]{3,300})>", headers.get("message-id"))
    return Returned(
        kind,
        message_ids=tuple(dict.fromkeys(found)),
        subject=headers.words("subject")[:300],
        words=story.strip()[:2_000],
        message_id=own[1] if own else "",
        headers=headers,
        **named,
    )


def _writer(opened: Opened) -> tuple[str, ...]:
    return tuple(addresses_of(opened.headers.words("from"))[:1])
