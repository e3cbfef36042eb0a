"""Why a mail was refused, from a server's words, its codes, and what it was answering.

Only what says that an address or its host does not exist is *hard*. A full mailbox, a
disabled account, a filter, a limit and a list of bad senders all end in “550” as well:
of 631 refusals that people labelled by hand, 186 are hard, and to treat the others so
loses living subscribers. Words are trusted before codes, since a filter that says
“5.1.1” still says “spam” beside it.
"""

import re
from enum import StrEnum
from typing import Final

from mailer.bounces.parsers.mentions import ADDRESS
from mailer.bounces.parsers.wording import messages, recipients, senders, transport


class Reason(StrEnum):
    """What a refusal is about."""

    UNKNOWN_USER = "unknown_user"
    UNKNOWN_HOST = "unknown_host"
    MOVED = "moved"
    NO_MAIL_HERE = "no_mail_here"
    FULL = "full"
    DISABLED = "disabled"
    FILTERED = "filtered"
    TOO_LARGE = "too_large"
    RATE = "rate"
    SPAM = "spam"
    VIRUS = "virus"
    CONTENT = "content"
    REPUTATION = "reputation"
    AUTHENTICATION = "authentication"
    POLICY = "policy"
    SENDER = "sender"
    RELAY = "relay"
    LOOP = "loop"
    EXPIRED = "expired"
    NETWORK = "network"
    SYSTEM = "system"
    UNCLEAR = "unclear"
    DELIVERED = "delivered"

    @property
    def is_about_address(self) -> bool:
        """Whether it says something about the recipient, rather than about us or our message."""
        return self in _ABOUT_ADDRESS


_ABOUT_ADDRESS: Final = frozenset(
    {
        Reason.UNKNOWN_USER,
        Reason.UNKNOWN_HOST,
        Reason.MOVED,
        Reason.NO_MAIL_HERE,
        Reason.FULL,
        Reason.DISABLED,
        Reason.FILTERED,
        Reason.EXPIRED,
        Reason.NETWORK,
        Reason.UNCLEAR,
    }
)
_HARD: Final = frozenset({Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED, Reason.NO_MAIL_HERE})


class Stage(StrEnum):
    """What the server was answering."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    UNKNOWN = ""


def is_hard(reason: Reason, *, code: str, status: str) -> bool:
    """Whether mail to this address can never arrive; a temporary refusal never says so (RFC 5321 4.2.1)."""
    if (status or code)[:1] == "4":
        return False
    return reason in _HARD


def reason_of(
    text: str, *, more: str = "", code: str = "", status: str = "", stage: Stage = Stage.UNKNOWN
) -> Reason:
    """Return what a refusal is about.

    :param text: the server's words
    :param more: what stands around them, asked where neither words nor codes say anything
    :param code: its SMTP reply code
    :param status: its enhanced status code (RFC 3463)
    """
    words = plain_words(text)
    if re.fullmatch(r"[45]\.1\.[789]", status):
        return Reason.SENDER
    reason = _by_words(words) or _by_status(status) or _by_words(plain_words(more)) or _by_code(code, stage)
    if reason is Reason.UNKNOWN_USER:
        return _of_unknown_user(words, status, stage)
    if reason is Reason.UNKNOWN_HOST:
        return _of_unknown_host(words, status, stage)
    return reason or Reason.UNCLEAR


def _of_unknown_user(words: str, status: str, stage: Stage) -> Reason:
    """Return what “user unknown” means: filters hide behind it too, but they have read the message first.

    It is certain when a code says so, or when the address was refused as it was named: servers then
    begin their answer with it.
    """
    if stage is Stage.MAIL:
        return Reason.SENDER
    if re.match(r"[45]\.1\.|5\.5\.0", status) or _CERTAIN.search(words):
        return Reason.UNKNOWN_USER
    # A policy refuses addresses when they are named, too, and then says so by 5.7.
    is_policy = status[2:3] == "7" and _REFUSED.search(words)
    is_silent = not status or status.endswith(".0.0")
    is_named = stage is Stage.RCPT or (stage is Stage.UNKNOWN and is_silent and _NAMED.search(words))
    return Reason.UNKNOWN_USER if is_named and not is_policy else Reason.FILTERED


def _of_unknown_host(words: str, status: str, stage: Stage) -> Reason:
    """Return what “host unknown” means: whose host, and whether a name server answered at all."""
    if stage in (Stage.MAIL, Stage.DATA) or _SENDERS_DOMAIN.search(words):
        return Reason.SENDER
    if status[:1] == "4" or _TRY_AGAIN.search(words):
        return Reason.NETWORK
    return Reason.UNKNOWN_HOST


def plain_words(text: str) -> str:
    """Return a server's words on one line, without the addresses that could be taken for words.

    A dot inside a name becomes “·”, so that “.” ends a sentence in the patterns.
    """
    words = ADDRESS.sub("@", " ".join(text.split())[:4_000])
    words = re.sub(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "IP", words)
    words = re.sub(r"(?<=\w)\.(?=\w)", "·", words)
    return _PREFIX.sub("", words)


#: Postfix puts it before every answer about a recipient, whatever that answer is.
_PREFIX: Final = re.compile(r"(?i)recipient address rejected: (?!access denied)(?=\S)")
#: An answer that begins with the address, such as “550 <ben@example.com>: User unknown”.
_NAMED: Final = re.compile(r"\b55\d[: -]+(?:5·\d·\d )?(?:<@>|@)(?::|\.\.\.)")
_REFUSED: Final = re.compile(r"(?i)(rejected|refused|denied)\b")
#: A name server that did not answer, or not sensibly.
_TRY_AGAIN: Final = re.compile(
    r"(?<!check the domain and )\btry again\b"
    r"|temporar|deferred|server failure|timed? ?out|servfail|malformed",
    re.IGNORECASE,
)


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_SENDERS_DOMAIN: Final = _any(senders.DOMAIN)
_CERTAIN: Final = _any(recipients.UNKNOWN_FOR_SURE)

#: In the order they are asked: what is said beside something else comes before it.
_WORDS: Final[tuple[tuple[Reason, re.Pattern[str]], ...]] = (
    (Reason.SENDER, _any(senders.UNKNOWN)),
    (Reason.FILTERED, _any(recipients.FILTERED)),
    (Reason.AUTHENTICATION, _any(senders.AUTHENTICATION)),
    (Reason.VIRUS, _any(messages.VIRUS)),
    (Reason.FULL, _any(recipients.FULL)),
    (Reason.TOO_LARGE, _any(messages.TOO_LARGE)),
    (Reason.LOOP, _any(transport.LOOP)),
    (Reason.RATE, _any(senders.RATE)),
    (Reason.REPUTATION, _any(senders.REPUTATION)),
    (Reason.SPAM, _any(messages.SPAM)),
    (Reason.MOVED, _any(recipients.MOVED)),
    (Reason.DISABLED, _any(recipients.DISABLED)),
    (Reason.UNKNOWN_HOST, _any(recipients.UNKNOWN_HOST)),
    (Reason.NO_MAIL_HERE, _any(recipients.NO_MAIL_HERE)),
    (Reason.RELAY, _any(senders.RELAY)),
    (Reason.UNKNOWN_USER, _any(recipients.UNKNOWN_USER)),
    (Reason.EXPIRED, _any(transport.EXPIRED)),
    (Reason.NETWORK, _any(transport.NETWORK)),
    (Reason.POLICY, _any(senders.POLICY)),
    (Reason.SYSTEM, _any(transport.SYSTEM)),
)


def _by_words(words: str) -> Reason | None:
    return next((reason for reason, pattern in _WORDS if pattern.search(words)), None)


_EXACT: Final = {
    "1.0": Reason.UNKNOWN_USER,
    "1.1": Reason.UNKNOWN_USER,
    "1.2": Reason.UNKNOWN_HOST,
    "1.3": Reason.UNKNOWN_USER,
    "1.4": Reason.UNKNOWN_USER,
    "1.6": Reason.MOVED,
    "1.7": Reason.SENDER,
    "1.8": Reason.SENDER,
    "1.9": Reason.SENDER,
    "1.10": Reason.UNKNOWN_USER,
    "2.0": Reason.FILTERED,
    "2.1": Reason.DISABLED,
    "2.2": Reason.FULL,
    "2.3": Reason.TOO_LARGE,
    "2.4": Reason.FILTERED,
    "3.1": Reason.FULL,
    "3.2": Reason.NO_MAIL_HERE,
    "3.4": Reason.TOO_LARGE,
    "4.4": Reason.UNKNOWN_HOST,
    "4.6": Reason.LOOP,
    "4.7": Reason.EXPIRED,
    "4.14": Reason.LOOP,
    "5.3": Reason.RATE,
    "6.7": Reason.CONTENT,
    "7.9": Reason.AUTHENTICATION,
    "7.28": Reason.RATE,
}
_SUBJECTS: Final = {
    "1": Reason.UNKNOWN_USER,
    "2": Reason.FILTERED,
    "3": Reason.SYSTEM,
    "4": Reason.NETWORK,
    "5": Reason.SYSTEM,
    "6": Reason.CONTENT,
    "7": Reason.POLICY,
}


def _by_status(status: str) -> Reason | None:
    kind, _, detail = status.partition(".")
    if kind == "2":
        return Reason.DELIVERED
    if kind not in ("4", "5") or detail in ("0.0", ""):
        return None
    reason = _EXACT.get(detail) or _SUBJECTS.get(detail.partition(".")[0])
    if kind == "4" and reason in (Reason.UNKNOWN_USER, Reason.UNKNOWN_HOST, Reason.MOVED):
        return Reason.EXPIRED
    return reason


def _by_code(code: str, stage: Stage) -> Reason | None:
    if code in ("521", "556"):
        return Reason.NO_MAIL_HERE
    if code == "552":
        return Reason.FULL
    if stage is Stage.RCPT and code in ("550", "551", "553"):
        return Reason.UNKNOWN_USER
    if code[:1] == "4":
        return Reason.EXPIRED
    return None
