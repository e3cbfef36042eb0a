"""What a server's reply means: the one table that turns codes and words into outcomes.

A refusal is about the address, about us, or about this one message, and the three
must not be mixed up: suppressing a living subscriber because our DKIM was broken, or
hammering on with a campaign that a provider refuses, are the two dear mistakes.
Codes are RFC 5321 4.2, enhanced codes RFC 3463 and the IANA registry; the words are
those that large providers print (Gmail's and Outlook's are quoted in the tests).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LONGEST_REPLY: Final = 500


class Verdict(StrEnum):
    """How one try ended."""

    ACCEPTED = "accepted"
    #: Not now; nothing was taken over.
    DEFERRED = "deferred"
    #: Never, for this message to this address.
    REJECTED = "rejected"
    #: Refused because of who we are or what we do.
    HELD = "held"
    #: The final dot was sent and no answer came.
    IN_DOUBT = "in_doubt"


#: The enumeration's own attribute is looked up through its metaclass.
_ACCEPTED: Final = Verdict.ACCEPTED


class Stage(StrEnum):
    """How far the conversation was when the reply came."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    FINAL_DOT = "final dot"


# Not frozen: one is made for every message, and freezing makes that five times as dear.
@dataclass(slots=True)
class Outcome:
    """How one try ended, with the server's words.

    :param reply: such as ``550 5.1.1 No such user``; our own words when no server spoke
    :param code: the reply's three digits
    :param is_about_address: the address itself is dead, whatever is sent to it
    :param is_about_server: it would not even let us begin, so the next message would fare the same
    """

    verdict: Verdict
    reply: str
    code: int | None = None
    is_about_address: bool = False
    is_about_server: bool = False


def read_reply(code: int, text: str, *, stage: Stage) -> Outcome:
    """Return the outcome that a reply means at one stage of the conversation."""
    reply = f"{code} {text}".strip()[:LONGEST_REPLY]
    if 200 <= code <= 299:
        return Outcome(Verdict.ACCEPTED, reply, code)
    if 400 <= code <= 499:
        return Outcome(Verdict.DEFERRED, reply, code)
    if not 500 <= code <= 599:
        # Neither yes nor no: a server that does not speak SMTP as we do.
        return Outcome(Verdict.DEFERRED, reply, code)
    if stage in (Stage.CONNECT, Stage.MAIL):
        return Outcome(Verdict.HELD, reply, code)
    return _refusal(code, text, reply, stage)


def accepted(line: bytes) -> Outcome:
    """Return what ``read_reply`` would for a single line that begins with 250, at less cost."""
    return Outcome(_ACCEPTED, line.decode("utf-8", "replace").strip()[:LONGEST_REPLY], 250)


def deferred(reason: str) -> Outcome:
    """Return the outcome of a try that no server answered before the final dot."""
    return Outcome(Verdict.DEFERRED, reason[:LONGEST_REPLY])


def in_doubt(reason: str) -> Outcome:
    """Return the outcome of a try that was not answered after the final dot."""
    return Outcome(Verdict.IN_DOUBT, reason[:LONGEST_REPLY])


class _About(StrEnum):
    ADDRESS = "address"
    US = "us"
    MESSAGE = "message"


_ENHANCED = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")

#: By enhanced code: the exact detail first, then its subject.
_DETAILS: Final = {
    (1, 7): _About.US,  # bad sender's mailbox address
    (1, 8): _About.US,  # bad sender's system address
    (1, 9): _About.US,
    (2, 2): _About.MESSAGE,  # mailbox full: it may be emptied
    (2, 3): _About.MESSAGE,  # message too long for this mailbox
    (2, 1): _About.ADDRESS,  # mailbox disabled
    (3, 4): _About.MESSAGE,  # message too big
    (4, 1): _About.ADDRESS,  # Outlook: “Recipient address rejected: Access denied”
    (6, 7): _About.MESSAGE,  # the address needs SMTPUTF8
}
_SUBJECTS: Final = {
    1: _About.ADDRESS,
    2: _About.MESSAGE,
    3: _About.MESSAGE,
    4: _About.MESSAGE,
    5: _About.US,
    6: _About.US,
    7: _About.US,
}

_NO_SUCH_ADDRESS = re.compile(
    r"(user|mailbox|recipient|address|account)[^.;]{0,40}"
    r"(unknown|not found|does(n't| not) exist|no longer|disabled|inactive|invalid|not exist|unavailable)"
    r"|(no such|unknown|invalid|non-?existent) (user|mailbox|recipient|address|account|local)"
    r"|not our customer|no mailbox here",
    re.IGNORECASE,
)
_FULL = re.compile(r"(mailbox|quota|storage)[^.;]{0,30}(full|exceeded|over)|over ?quota", re.IGNORECASE)
_REFUSES_US = re.compile(
    r"\b(spam|blocked|blacklist|block ?list|blocklisted|rbl|dnsbl|spamhaus|spf|dkim|dmarc|reputation|policy"
    r"|rate limit|too many|throttl|relay(ing)?|authentication|unauthenticated|not authorized|abuse"
    r"|sender (address )?rejected|reverse dns|ptr|greylist)",
    re.IGNORECASE,
)


def _refusal(code: int, text: str, reply: str, stage: Stage) -> Outcome:
    about = _what_it_is_about(code, text, stage)
    verdict = Verdict.HELD if about is _About.US else Verdict.REJECTED
    return Outcome(verdict, reply, code, is_about_address=about is _About.ADDRESS)


def _what_it_is_about(code: int, text: str, stage: Stage) -> _About:
    found = _ENHANCED.search(text)
    if found:
        subject, detail = int(found[1]), int(found[2])
        # 5.7.1 and 5.5.0 are the codes of servers that have only one; their words say more.
        if subject in (5, 7) and detail in (0, 1) and _names_a_dead_address(text):
            return _About.ADDRESS
        if subject != 0:
            return _DETAILS.get((subject, detail)) or _SUBJECTS.get(subject, _About.MESSAGE)
    if _FULL.search(text) or code == 552:
        return _About.MESSAGE
    if _names_a_dead_address(text):
        return _About.ADDRESS
    if _REFUSES_US.search(text) or code in (500, 501, 502, 503, 504, 530, 534, 535, 538, 555):
        return _About.US
    # RFC 5321: 550, 551 and 553 answer RCPT when there is no such mailbox.
    if stage is Stage.RCPT and code in (550, 551, 553):
        return _About.ADDRESS
    return _About.MESSAGE


def _names_a_dead_address(text: str) -> bool:
    return bool(_NO_SUCH_ADDRESS.search(text)) and not _REFUSES_US.search(text)
