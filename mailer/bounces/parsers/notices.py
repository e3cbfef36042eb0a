"""Whether a mail is the mail system's own: that another mail did not arrive, or not yet."""

import re
from typing import Final

from mailer.bounces.parsers.answers import is_auto_submitted, is_away
from mailer.bounces.parsers.mentions import addresses_of, is_daemon
from mailer.bounces.parsers.opened import Opened
from mailer.bounces.parsers.wording import notices

_SUBJECT: Final = re.compile("|".join(notices.SUBJECTS), re.IGNORECASE)
_WORDS: Final = re.compile("|".join(notices.WORDS), re.IGNORECASE)


_SYSTEM: Final = re.compile(
    r"mailer.?daemon|post_?master|mail (delivery|administrator|system)|delivery (sub)?system"
    r"|system administrator|mail router|internet mail",
    re.IGNORECASE,
)
_FORWARD: Final = re.compile(r"\s*(fwd?|wg|tr)\s*:", re.IGNORECASE)
_ANSWER: Final = re.compile(r"\s*(re|aw|sv|antw|odp|rif|r)\s*(\[\d+\])?:", re.IGNORECASE)
_QUOTED: Final = re.compile(r"^>", re.MULTILINE)


def is_bounce(opened: Opened, story: str) -> bool:
    """Return whether a mail reports a failure: by its form, by who writes it, or by how it is worded.

    Auto-replies have the same writers and half the words of bounces; so neither is enough alone.
    """
    if _has_form(opened):
        return True
    named, subject = opened.headers.get("from"), opened.headers.words("subject")
    writers = [each.strip('"<> ') for each in addresses_of(named) or [f"{named}@"]]
    is_from_system = any(map(is_daemon, writers)) or bool(_SYSTEM.search(opened.headers.words("from")))
    has_subject, has_words = bool(_SUBJECT.search(subject)), bool(_WORDS.search(story))
    if is_auto_submitted(opened) and is_away(opened, story) and not (is_from_system and has_subject):
        return False
    if any(re.match(r"(?i)mailer-?daemon@", writer) for writer in writers):
        return True
    if is_from_system:
        return has_words or has_subject
    return has_words and has_subject and not is_away(opened, story) and not _FORWARD.match(subject)


def is_answer(opened: Opened) -> bool:
    """Return whether somebody answers: perhaps a notice, which is quoted then and says nothing new."""
    headers = opened.headers
    if _SYSTEM.search(headers.words("from")) or _has_form(opened):
        return False
    refers = "in-reply-to" in headers or "references" in headers or bool(_QUOTED.search(opened.body))
    return refers and bool(_ANSWER.match(headers.words("subject")))


def _has_form(opened: Opened) -> bool:
    content_type = opened.headers.get("content-type").replace('"', "").replace(" ", "").lower()
    return (
        "x-failed-recipients" in opened.headers
        or "report-type=delivery-status" in content_type
        or any(part.kind == "message/delivery-status" and not part.is_enclosed for part in opened.parts)
    )
