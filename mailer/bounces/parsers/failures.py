"""One recipient's failure, and the codes that a server's words hold."""

import re
from dataclasses import dataclass
from typing import Final

from mailer.bounces.parsers.reasons import Reason, Stage, is_hard, reason_of

_LONGEST_WORDS: Final = 1_000
#: “2.0.0” alone may be the answer to QUIT.
_STATUS: Final = re.compile(r"(?<![\d.])((?:[45]|(?<=25\d[ -])2)\.\d{1,2}\.\d{1,3})(?![\d.]*\d)")
_CODE: Final = re.compile(r"(?<![\w.@:/#-])([45][0-5]\d)(?=[\s:;#,.)\]-](?!\d)|$)")
#: The code that the other side gave, where several stand.
_SAID: Final = re.compile(
    r"(?:<<<|said:|responded:|returned:?|response:?|error:?|smtp;|server|reason:?|answered:?)"
    r"\D{0,40}?\b([45][0-5]\d)(?=[\s:;#,-])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Failure:
    """What became of one recipient.

    :param hard: whether mail can never arrive there; None when it did
    :param words: the server's
    """

    recipient: str
    reason: Reason
    hard: bool | None
    status: str = ""
    code: str = ""
    words: str = ""


def failure(
    recipient: str,
    words: str,
    *,
    more: str = "",
    status: str = "",
    is_delayed: bool = False,
    is_delivered: bool = False,
    stage: Stage | None = None,
) -> Failure:
    """Return a recipient's failure, read from a server's words.

    :param more: what is said around them
    :param status: what a report says beside them
    :param is_delayed: it is still being tried
    """
    said = _without_remark(" ".join(words.split())[:_LONGEST_WORDS])
    code = code_in(said)
    found = status_in(said)
    # “5.0.0” beside words that say more is what a relay fills in.
    best = found if found and (not status or status.endswith(".0.0") or status[:1] == found[:1]) else status
    if is_delivered:
        return Failure(recipient, Reason.DELIVERED, None, status, code, said)
    at = stage if stage is not None else stage_in(words)
    reason = reason_of(said, more=more, code=code, status=best, stage=at)
    if is_delayed:
        return Failure(recipient, Reason.EXPIRED, False, best, code, said)
    return Failure(recipient, reason, is_hard(reason, code=code, status=best), best, code, said)


#: IronPort says what it makes of an answer, and then quotes it: 5.1.0 - Unknown address error 550-'…'.
_REMARK: Final = re.compile(r"^[45]\.\d\.\d - [A-Za-z ()]{3,60}(?=[45]\d\d-)")


def _without_remark(words: str) -> str:
    return _REMARK.sub("", words)


def status_in(words: str) -> str:
    """Return the enhanced status code (RFC 3463) in a server's words."""
    found = _STATUS.findall(words)
    return next((status for status in found if not status.endswith(".0.0")), found[0] if found else "")


def code_in(words: str) -> str:
    """Return the SMTP reply code in a server's words."""
    found = _SAID.search(words) or _CODE.search(words)
    return found[1] if found else ""


_COMMANDS: Final[tuple[tuple[Stage, re.Pattern[str]], ...]] = tuple(
    (stage, re.compile(pattern, re.IGNORECASE))
    for stage, pattern in (
        (
            Stage.DATA,
            r">>> ?DATA\b|end of (the )?(DATA|data|message)|\(?in reply to .{0,10}DATA"
            r"|after (I sent the message|"
            r"(the )?(final )?dot|DATA)|\(DATA\)|response to DATA|DATA command|>>> ?\.$|message data",
        ),
        (
            Stage.MAIL,
            r">>> ?MAIL ?FROM|in reply to MAIL FROM|after MAIL|response to MAIL FROM|MAIL FROM command"
            r"|does not like sender|\(MAIL\)|sender rejected",
        ),
        (
            Stage.CONNECT,
            r">>> ?(EHLO|HELO)|in reply to (EHLO|HELO|.{0,20}initial|.{0,20}connect)"
            r"|after (initial connection|EHLO|HELO)"
            r"|\(EHLO\)|\(HELO\)|connected but (greeting|my name)",
        ),
        (
            Stage.RCPT,
            r">>> ?RCPT ?TO|SMTP:RCPT|in reply to RCPT TO|after RCPT|response to RCPT TO|RCPT TO command"
            r"|does not like recipient"
            r"|\(RCPT\)|RCPT TO:|\[RCPT_TO\]|\(state 14\)",
        ),
    )
)


def stage_in(words: str) -> Stage:
    """Return what a server was answering: the command that stands last before its answer."""
    best, at = Stage.UNKNOWN, -1
    answer = words.find("<<<")
    upto = words[:answer] if answer >= 0 else words
    for stage, pattern in _COMMANDS:
        for found in pattern.finditer(upto):
            if found.start() > at:
                best, at = stage, found.start()
    return best


#: What stands before a server's words, in the sentences of those who quote it.
_QUOTING: Final = (
    r"<<<",
    r"\bsaid:",
    r"responded(?: with)?:",
    r"\breturned:",
    r"remote server returned '?",
    r"response was:?",
    r"\(?reason(?!s\b)(?: was)?:?",
    r"diagnostic[ -]code:?",
    r"error(?:(?![45]\d\d)[^\n:]){0,60}:",
    r"was:[ \t]*$",
    r"\bmessage:",
    r"->|=>",
    r"rejected your message with the following error",
    r"details?:",
    r"because:?",
    r"explanation:",
)
_QUOTES: Final = re.compile(rf"^.*?(?:{'|'.join(_QUOTING)})(?P<words>.*)", re.IGNORECASE | re.MULTILINE)
_REPLY_LINE: Final = re.compile(
    r"^[ \t>*<-]*(?:#|SMTP error[^\n]{0,80}|[^\s@:<>]{1,64}@[^\s@:<>]{1,255}>?:[ \t]+)?"
    r"(?P<words>[45]\d\d[ -].*)",
    re.MULTILINE,
)


def quoted_words(story: str) -> str:
    """Return what a story quotes of a server: replies, and what follows “said:” and its like."""
    lines = story.split("\n")
    starts = [
        (story.count("\n", 0, found.start("words")), found["words"].strip())
        for pattern in (_QUOTES, _REPLY_LINE)
        for found in pattern.finditer(story)
    ]
    pieces: dict[int, str] = {}
    for number, words in sorted(starts)[:20]:
        following: list[str] = []
        for line in lines[number + 1 : number + 7]:
            if not line.strip() or re.match(r"^\s*(>>>|---)", line):
                if following or words:
                    break
                continue
            following.append(line.strip())
        pieces.setdefault(number, " ".join([words, *following]).strip())
    return "\n".join(piece for piece in pieces.values() if len(piece) > 8)
