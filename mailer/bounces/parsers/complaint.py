"""Complaints: the Abuse Reporting Format (RFC 5965) and what came before it."""

import re
from dataclasses import dataclass
from typing import Final

from mailer.bounces.parsers.mentions import addresses_in, addresses_of, clean, is_daemon
from mailer.bounces.parsers.opened import Headers, Opened, read_headers

_REPORT: Final = re.compile(r"(?im)^feedback-type[ \t]*:")
#: What Hotmail and AOL write where no report is enclosed.
_OLD_SUBJECT: Final = re.compile(r"(?i)^\s*(complaint about message from|email feedback report for ip) ")
#: Kinds that are about a message's signatures, not from somebody who did not want it.
_NO_COMPLAINT: Final = frozenset({"auth-failure", "dmarc", "not-spam"})


@dataclass(frozen=True)
class Complaint:
    """What a complaint says.

    :param kind: its Feedback-Type, in lower case
    """

    kind: str
    recipients: tuple[str, ...]
    agent: str = ""

    @property
    def is_wish_to_stop(self) -> bool:
        """Whether somebody does not want our mail, rather than a server our signatures."""
        return self.kind not in _NO_COMPLAINT


def read_complaint(opened: Opened, *, original: Headers) -> Complaint | None:
    """Return a mail's complaint, or None when it is none.

    :param original: the headers of the message that it is about
    """
    report = _report_of(opened)
    if report is not None:
        kind = re.sub(r"\s.*", "", report.get("feedback-type").strip().lower())
        return Complaint(kind or "abuse", _recipients(report, original, opened), report.get("user-agent"))
    is_old = "x-hmxmroriginalrecipient" in opened.headers or _OLD_SUBJECT.match(
        opened.headers.words("subject")
    )
    if is_old:
        named = addresses_of(
            opened.headers.get("x-hmxmroriginalrecipient") or original.get("x-hmxmroriginalrecipient")
        )
        return Complaint("abuse", tuple(named or _readers(original)))
    return None


def _report_of(opened: Opened) -> Headers | None:
    for part in opened.parts:
        if part.kind == "message/feedback-report" and not part.is_enclosed:
            text = part.text.strip("\n")
            found = _REPORT.search(text)
            if found:
                return read_headers(re.sub(r"\n{2,}", "\n", text))
            return Headers([("feedback-type", "abuse"), *read_headers(text).fields])
    is_report = "feedback-report" in opened.headers.get("content-type").lower()
    for part in opened.parts:
        if not part.is_enclosed and part.kind.startswith(("text/", "message/")):
            found = _REPORT.search(part.text)
            if found and (is_report or re.search(r"(?im)^user-agent[ \t]*:", part.text)):
                return read_headers(part.text[found.start() :])
    if is_report and (found := _REPORT.search(opened.body)):
        return read_headers(opened.body[found.start() :])
    return Headers([("feedback-type", "abuse")]) if is_report else None


def _recipients(report: Headers, original: Headers, opened: Opened) -> tuple[str, ...]:
    named: list[str] = []
    for name in ("original-rcpt-to", "removal-recipient", "redacted-address"):
        for value in report.all(name):
            named += addresses_in(value)
    if not named:
        named = _readers(original)
    if not named:
        named = addresses_of(original.get("x-apple-unsubscribe"))
    return tuple(dict.fromkeys(clean(address) for address in named))


def _readers(original: Headers) -> list[str]:
    for name in ("x-hmxmroriginalrecipient", "to", "delivered-to", "x-original-to", "envelope-to"):
        named = [address for address in addresses_of(original.get(name)) if not is_daemon(address)]
        if named:
            return named
    for received in original.all("received"):
        found = re.search(r"\bfor\s+<?([^\s<>;]+@[^\s<>;]+)", received)
        if found:
            return [clean(found[1])]
    return []
