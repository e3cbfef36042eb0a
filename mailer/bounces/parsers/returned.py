"""Reading a mail that came back: what it is, about whom, and what it says."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from mailer.bounces.parsers.answers import is_auto_submitted, is_away, is_challenge, wants_to_leave
from mailer.bounces.parsers.complaint import Complaint, read_complaint
from mailer.bounces.parsers.delivery_status import read_delivery_status
from mailer.bounces.parsers.failures import Failure
from mailer.bounces.parsers.free_text import HEADERS_BEGIN, ORIGINAL_BEGINS, read_free_text
from mailer.bounces.parsers.mentions import addresses_of, is_daemon
from mailer.bounces.parsers.notification import complainers_of, failures_of, notification_in
from mailer.bounces.parsers.opened import Headers, Opened, open_mail, read_headers, text_of_html
from mailer.bounces.parsers.reasons import Reason

_LONGEST_STORY: Final = 60_000


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
            "class": self.kind.value,
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
    story, original = _story_and_original(opened)
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
    if _is_receipt(opened):
        return _returned(Kind.OTHER, opened, story, original, recipients=_writer(opened))
    failures = failures_of(notification) or read_delivery_status(opened, story=story)
    if not failures and _is_bounce(opened, story):
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


_BOUNCE_SUBJECT: Final = re.compile(
    r"(?i)(undeliver|delivery (status|fail|report|error|problem|notif|delay|has|incomplete|unsuc)"
    r"|returned (mail|to sender|e-?mail|message)"
    r"|fail(ure|ed)\b.{0,30}(notice|deliver|mail|message|send)|(mail|message|delivery|e-?mail).{0,30}(fail"
    r"|error|undeliver|return|reject"
    r"|bounce|not delivered|could not|delayed|status)|non-?deliver|could ?n.t be delivered"
    r"|could not be delivered|not delivered"
    r"|nondeliverable|user unknown|unknown (user|recipient|address)|mailbox (full|unavailable)"
    r"|warning: (could|message|mail)"
    r"|(mail|message) (system )?(error|problem|delayed)|no such (user|address)|unzustellbar"
    r"|nicht zugestellt|zustellung|n'a pas pu"
    r"|non distribu|non remis|échec|no se (pudo|puede|ha podido)|devuelto|mancata consegna"
    r"|mensagem (devolvida|não)|retorno"
    r"|エラー|配信|不達|退信|无法投递|投递失败|не доставлено|недоставлен"
    r"|rejected|undelivered|failed$|permanent error"
    r"|there was an error sending"
    r"|rejet|onbestelbaar|olevererbart|bounce|delivery$|mail not|over quota|invalid (address|recipient)"
    r"|address error)"
)
_BOUNCE_WORDS: Final = re.compile(
    r"(?i)(qmail-send|could not be delivered|was(n't| not) (able to )?deliver|unable to deliver"
    r"|undeliverable|delivery (has )?(failed|to the"
    r" following|failure)|delivery error|(were|was|has been|is) (not|un)(able to)? ?(be )?deliver"
    r"|following (address|recipient|destination|"
    r"addresses|recipients|email address|users?)"
    r"|permanent (fatal )?error|fatal errors|transcript of session|could not deliver|cannot (be )?deliver"
    r"|can't (be )?deliver|not be delivered"
    r"|returned mail|failed (permanently|recipient)|mail delivery (system|subsystem|software|failure)"
    r"|rejected by|user unknown|unknown user"
    r"|no such user|not delivered to|did not reach|couldn't be delivered|couldn.t deliver|failed address"
    r"|over quota|mailbox (is )?full"
    r"|not listed in|message (has been )?(rejected|returned|delayed|bounced)|does not exist"
    r"|unknown recipient|invalid recipient"
    r"|not (yet )?been delivered|error while|error sending|unrecogni[sz]ed|nicht zugestellt|n'a pas pu"
    r"|no se pudo|delivery status|"
    r"has been (returned|postponed)|full mailbox|送信できません|配信できません|見つかりません)"
)


def _is_bounce(opened: Opened, story: str) -> bool:
    headers = opened.headers
    if "x-failed-recipients" in headers:
        return True
    if "report-type=delivery-status" in headers.get("content-type").replace('"', "").replace(" ", "").lower():
        return True
    if any(part.kind == "message/delivery-status" and not part.is_enclosed for part in opened.parts):
        return True
    writers = addresses_of(headers.get("from")) or [headers.get("from") + "@"]
    is_from_daemon = any(is_daemon(writer.strip('"<> ')) for writer in writers) or bool(
        re.search(
            r"(?i)mailer.?daemon|postmaster|mail (delivery|administrator|system)|delivery (sub)?system"
            r"|system administrator"
            r"|mail router|internet mail",
            headers.words("from"),
        )
    )
    subject = headers.words("subject")
    has_subject, has_words = bool(_BOUNCE_SUBJECT.search(subject)), bool(_BOUNCE_WORDS.search(story))
    if is_auto_submitted(opened) and is_away(opened, story) and not (is_from_daemon and has_subject):
        return False
    is_answer = "in-reply-to" in headers or "references" in headers
    if is_answer and re.match(r"(?i)\s*(re|aw|sv|fwd?)\s*:", subject) and not is_from_daemon:
        return False
    if any(re.match(r"(?i)mailer-?daemon@", writer) for writer in writers):
        return True
    if is_from_daemon:
        return has_words or has_subject
    if re.match(r"(?i)\s*(fwd?|wg|tr)\s*:", subject):
        return False
    return has_words and has_subject and not is_away(opened, story)


def _story_and_original(opened: Opened) -> tuple[str, Headers]:
    """Return what a mail says to people, and the headers of the message it is about."""
    texts: list[str] = []
    original: Headers | None = None
    for part in opened.parts:
        if part.is_enclosed:
            continue
        if (
            part.kind
            in (
                "message/rfc822",
                "text/rfc822-headers",
                "message/rfc822-headers",
                "message/partial",
                "message/global",
            )
            or part.kind == "text/rfc822"
        ):
            original = original or read_headers(part.text)
        elif part.kind == "text/html" and not any(text.strip() for text in texts):
            texts.append(text_of_html(part.text))
        elif part.kind.startswith("text/") and part.kind not in ("text/html", "text/css", "text/calendar"):
            if _looks_like_headers(part.text) and texts:
                original = original or read_headers(part.text)
            else:
                texts.append(part.text)
    if not texts and not any(part.kind.startswith("message/") for part in opened.parts):
        texts = [opened.body]
    story = "\n".join(texts)[:_LONGEST_STORY]
    return _cut(story, original)


def _looks_like_headers(text: str) -> bool:
    return len(read_headers(text).fields) >= 4 and bool(HEADERS_BEGIN.search(text[:3_000]))


def _cut(story: str, original: Headers | None) -> tuple[str, Headers]:
    """Cut a story where the message itself begins."""
    ends = [len(story)]
    for pattern in (ORIGINAL_BEGINS, HEADERS_BEGIN):
        found = next((match for match in pattern.finditer(story) if story[: match.start()].strip()), None)
        if found is not None:
            ends.append(found.start())
    end = min(ends)
    if end < len(story) and original is None:
        original = _first_headers(story[end:])
    return story[:end], original or Headers([])


def _first_headers(text: str) -> Headers:
    """Return the first block of headers in a text that begins with a rule or a remark."""
    for block in re.split(r"\n[ \t>]*\n", text)[:6]:
        lines = [re.sub(r"^[>|] ?", "", line) for line in block.split("\n")]
        while lines and not re.match(r"[!-9;-~]{2,40}:\s", lines[0]):
            lines.pop(0)
        headers = read_headers("\n".join(lines))
        if len(headers.fields) >= 2 and ("to" in headers or "message-id" in headers or "received" in headers):
            return headers
    return Headers([])
