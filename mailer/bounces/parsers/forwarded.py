"""Notices that somebody forwards by hand, to whoever reads the replies: quoted, or as an attachment."""

import re
from typing import Final

from mailer.bounces.parsers.opened import Opened, open_mail

_SUBJECT: Final = re.compile(r"\s*(fwd?|wg|tr|rv|doorst|enc|vs)\s*:", re.IGNORECASE)
_FROM_SYSTEM: Final = re.compile(
    r"^(?P<quote>[> \t]*)(from|von|de|da|van)\s*:[^\n]*"
    r"(mailer.?daemon|postmaster@|mail delivery (sub)?system)[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)


def forwarded_notice(opened: Opened) -> Opened | None:
    """Return the notice of a mail system that a mail forwards; None when it forwards none.

    Only forwards count: an answer to a notice quotes it as well, and says something else.
    """
    if not _SUBJECT.match(opened.headers.words("subject")):
        return None
    for part in opened.parts:
        if part.kind == "message/rfc822" and not part.is_enclosed and _FROM_SYSTEM.match(_head(part.text)):
            return open_mail(part.content)
        if part.kind == "text/plain" and not part.is_enclosed:
            found = _FROM_SYSTEM.search(part.text)
            if found is not None:
                return open_mail(_unquoted(part.text[found.start() :], found["quote"]).encode())
    return None


def _head(text: str) -> str:
    """Return who wrote an enclosed mail, as its header says."""
    return next(
        (line for line in text.split("\n\n", 1)[0].split("\n") if re.match(r"(?i)from\s*:", line)), ""
    )


def _unquoted(text: str, quote: str) -> str:
    depth = quote.count(">")
    if not depth:
        return text
    return "\n".join(re.sub(rf"^(?:[ \t]*>){{0,{depth}}} ?", "", line) for line in text.split("\n"))
