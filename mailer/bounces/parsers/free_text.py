"""Bounces without a report: the words of qmail, Exim, Exchange, Domino and a hundred others.

They have no format in common, only habits: the address stands alone on its line or
begins it, the server's words follow, and the message itself comes last behind a rule.
So what is read here are those habits, not one program after the other.
"""

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mailer.bounces.parsers.failures import Failure, failure, quoted_words, stage_in
from mailer.bounces.parsers.mentions import ADDRESS, addresses_in, addresses_of, clean, is_daemon
from mailer.bounces.parsers.opened import Headers, Opened

_MOST_LINES: Final = 600
_LONGEST_LINE: Final = 2_000
_MOST_RECIPIENTS: Final = 100
_MOST_MENTIONS: Final = 1_000
#: Characters around an address that say what it is.
_NEAR: Final = 200

_INTRODUCES: Final = re.compile(
    r"(?i)^\W*(?:failed |unknown |invalid |intended |final |original |rejected |bad |your )?"
    r"(?:recipients?|rcpt(?: to)?|to|addressee|address(?:es)?|user|mailbox|e-?mail(?: address)?"
    r"|could not be delivered to|"
    r"undeliverable to|delivered to|not delivered to|unknown user|unable to deliver (?:message )?to|failed"
    r"|destination|for"
    r"|message to|delivery (?:to|failure|failed)|mail to|empfänger|destinataire|destinatario|宛先"
    r"|the user\(?s?\)?|for user"
    r"|error sending to|no such user|user unknown|sent to|delivery to|name|recipient address)"
    r"(?:\(s\))?(?: is| was)?[ \t]*[:=\-]*[ \t]*$"
)
_FAILS: Final = re.compile(
    r"(?i)unknown|not (?:be )?(?:found|known|listed|exist|deliver|reach|accept|a valid|valid|sent|have"
    r"|complete|permit|in)"
    r"|fail|undeliver|could ?n.t|could not|cannot|can't|unable|full|quota|reject|refus|denied|no such"
    r"|n.t exist|invalid"
    r"|disabled|no longer|not deliver|unavailable|inactive|no mailbox|bad address|error|suspended|expired"
    r"|exceed|bounce"
    r"|delay|permanent|problem|non[- ]?exist|unroute|doesn't|does not|has been|was not|were not|isn't|対"
    r"|見つかり|無効|無法|无法|не "
)
_NOT_RECIPIENT: Final = re.compile(
    r"(?i)^\W*(?:from|sender|reply-to|return-path|message-id|mail from|envelope-from|originator|contact"
    r"|x-\S+|cc|by|id)\b[ \t]*[:=]"
    r"|MAIL FROM|sent by|contact |please (?:e-?mail|write|contact|forward|send|report)|e-?mail us"
    r"|questions|assistance|help|complain"
    r"|return-path|envelope-sender|message-id|sender:|from:|on behalf of|<https?:|postmaster"
)


@dataclass
class _Mention:
    address: str
    line: int
    rank: int


def read_free_text(opened: Opened, story: str, *, original: Headers) -> list[Failure]:
    """Return what a bounce in free text says of each recipient."""
    lines = story.split("\n")[:_MOST_LINES]
    named = [
        address for value in opened.headers.all("x-failed-recipients") for address in addresses_of(value)
    ]
    mentions = _mentions(lines, opened, original)
    chosen = _choose(mentions, original)
    where = {mention.address.lower(): mention for mention in reversed(mentions)}
    is_told = any(mention.rank == 0 for mention in chosen)
    if named and not (is_told and not any(address.lower() in where for address in named)):
        chosen = [
            where.get(address.lower(), _Mention(address, -1, 0)) for address in named[:_MOST_RECIPIENTS]
        ]
    if not chosen:
        chosen = _bare_names(lines, opened)
    is_delayed = _is_delay(opened, story) and not _has_given_up(story)
    failures = []
    for position, mention in enumerate(chosen):
        words = _words_about(lines, chosen, position, mentions)
        quoted = quoted_words(words)
        stage = stage_in(words) or stage_in(_command_before(lines, chosen, position))
        failures.append(
            failure(mention.address, quoted or words, more=words, is_delayed=is_delayed, stage=stage)
        )
    return failures


_WILL_TRY: Final = re.compile(
    r"(?i)(will|to) (keep |be |continue )*(try|retr|attempt)|do(n't| not) need to (resend|do anything"
    r"|take)|no action is required"
    r"|warning message only|still being (retried|processed)|will be (retried|attempted|tried)"
    r"|delivery attempts will continue"
    r"|(warning|notification) only|has not yet been delivered|not yet been|keep trying|being retried"
)
_GIVEN_UP: Final = re.compile(
    r"(?i)permanent(ly)? (fatal )?(error|fail)|giving up|given up|gave up|could not be delivered\."
    r"|won't be retried|last attempt"
)


def _is_delay(opened: Opened, story: str) -> bool:
    return bool(
        _WILL_TRY.search(story)
        or (
            re.search(r"(?i)\b(delay(ed)?|warning)\b", opened.headers.words("subject"))
            and not re.search(r"(?i)fail|undeliver|return", opened.headers.words("subject"))
        )
    )


def _has_given_up(story: str) -> bool:
    return bool(_GIVEN_UP.search(story)) and not _WILL_TRY.search(story)


def _mentions(lines: list[str], opened: Opened, original: Headers) -> list[_Mention]:
    """Return every address that may have failed, with how sure that is: 0 is surest."""
    ours = _senders(opened, original)
    mentions: list[_Mention] = []
    for number, line in enumerate(line[:_LONGEST_LINE] for line in lines):
        addresses = list(islice(ADDRESS.finditer(line), _MOST_MENTIONS - len(mentions)))
        if not addresses:
            continue
        # Asked once for the line: somebody may write a thousand addresses beside ten thousand letters.
        nearby = lines[number - 1 : number] + lines[number + 1 : number + 2]
        fails_nearby = _FAILS.search(" ".join(nearby)) is not None
        for found in addresses:
            address = clean(found[0])
            rank = _rank(line, found, fails_nearby=fails_nearby)
            if _is_quoted_header(lines, number):
                rank = 5
            is_ours = address.lower() in ours or is_daemon(address)
            if is_ours and rank > 1:
                continue
            mentions.append(_Mention(address, number, rank + 4 if is_ours else rank))
    return mentions


_INTRODUCED: Final = re.compile(
    r"(?i)(addressed to|generated from|expanded from|intended for|destined (for|to)|original address:?"
    r"|delivery to|deliver .{0,30}to"
    r"|recipient .{0,20}is|SMTP=|recipients?:?|permanent errors:?)\W*$"
)
_SUBJECT_LINE: Final = re.compile(r"(?i)^[ \t>]*(subject|sent|betreff|gesendet|objet|asunto|date)[ \t]*:")


def _is_quoted_header(lines: list[str], number: int) -> bool:
    """Whether a line is the “To:” of a message that is described by its headers, as Exchange does."""
    if not re.match(r"(?i)^[ \t>]*(to|cc|an|from|à|para|von)[ \t]*:", lines[number]):
        return False
    return any(_SUBJECT_LINE.match(line) for line in lines[number + 1 : number + 4])


def _bare_names(lines: list[str], opened: Opened) -> list[_Mention]:
    """Return recipients who are named without their domain, which is then that of who reports it."""
    writers = addresses_of(opened.headers.get("from"))
    domain = writers[0].rpartition("@")[2] if writers else ""
    for number, line in enumerate(lines[:-1]):
        following = [
            (at, lines[at]) for at in range(number + 1, min(number + 12, len(lines))) if lines[at].strip()
        ]
        if (
            domain
            and line.rstrip().endswith(":")
            and _FAILS.search(" ".join(lines[max(0, number - 2) : number + 1]))
        ):
            names = []
            for at, candidate in following:
                found = re.match(r"^[ \t]+([A-Za-z0-9._-]{2,64})[ \t]*$", candidate)
                if not found:
                    break
                names.append(_Mention(f"{found[1]}@{domain}", at, 3))
            if names:
                return names
    return []


#: Reply and status codes, which some put before the address.
_CODES: Final = re.compile(r"^[ \t]*[45]\d\d[ -](?:#?[45]\.\d{1,2}\.\d{1,3} )?(?=<)")


def _rank(line: str, found: "re.Match[str]", *, fails_nearby: bool) -> int:
    before = line[max(0, found.start() - _NEAR) : found.start()]
    after = line[found.end() : found.end() + _NEAR]
    before = _CODES.sub("", before)
    bare_before, bare_after = before.strip(" \t<\"'*-[(>|"), after.strip(" \t>\"',;.)]|")
    if _INTRODUCED.search(before):
        return 1
    if re.search(
        r"(?i)^[^@]*(\bfrom|sender|reply-to|return-path|message-id|mailfrom)\b[^@]{0,12}[:=]?[ \t]*<?$",
        before,
    ):
        return 6
    if re.search(r"(?i)(rcpt ?to ?: ?<?|\bto=<)$", before):
        return 1
    if not bare_before and (not bare_after or bare_after in (":", "...", "-")):
        return 0
    if not bare_before and re.match(r"\s*>?\)?\s*(:|\.\.\.|\(|\[|-|,|;|\.\s|=>|\t)", after):
        return 0
    if re.match(r"[> ]*on \w{3}, |[> ]*on \d", after) and not bare_before:
        return 0
    if _INTRODUCES.match(bare_before + " ") and not _NOT_RECIPIENT.search(before):
        return 0
    if _NOT_RECIPIENT.search(before):
        return 5
    if not bare_before and _FAILS.search(after):
        return 1
    if _FAILS.search(before) or _FAILS.search(after):
        return 2
    return 3 if fails_nearby else 4


def _senders(opened: Opened, original: Headers) -> set[str]:
    """Return whose addresses stand in a bounce without having failed: its own and the sender's."""
    headers = opened.headers
    values = [headers.get(name) for name in ("from", "to", "reply-to", "delivered-to", "sender", "cc")]
    values += [
        original.get(name)
        for name in ("from", "reply-to", "return-path", "sender", "errors-to", "message-id")
    ]
    found = {address.lower() for value in values for address in addresses_in(value)}
    return found


def _choose(mentions: list[_Mention], original: Headers) -> list[_Mention]:
    """Return the surest mentions, each address once; else who the message was for."""
    readers = [
        address
        for name in ("to", "x-original-to", "delivered-to", "envelope-to")
        for address in addresses_of(original.get(name))
    ]
    known = {address.lower() for address in readers}
    best = min((mention.rank for mention in mentions), default=9)
    if best <= 3:
        chosen: dict[str, _Mention] = {}
        for mention in mentions:
            if mention.rank == best and len(chosen) < _MOST_RECIPIENTS:
                chosen.setdefault(mention.address.lower(), mention)
        of_original = [mention for key, mention in chosen.items() if key in known]
        if best >= 2 and of_original:
            return of_original
        return list(chosen.values()) if best < 2 else list(chosen.values())[:3]
    if readers and len(readers) <= 3:
        return [_Mention(address, -1, 4) for address in readers[:1]]
    return [mention for mention in mentions if mention.rank == best][:1] if best <= 5 else []


_ENDS_STORY: Final = re.compile(r"(?i)^[ \t]*(-{5,}|={5,}|_{5,})[ \t]*$")


#: A line of a transcript: what was answered about the address that it names.
_ANSWER: Final = re.compile(r"^[ \t]*[45]\d\d[ -][^<@]{0,12}<[^\s<>]+@[^\s<>]+>\.\.\. ")


def _command_before(lines: list[str], chosen: list[_Mention], position: int) -> str:
    """Return the last command of a transcript before a line about one of several recipients."""
    line = chosen[position].line
    begin = max((other.line for other in chosen if other.line < line), default=0)
    return next((each for each in reversed(lines[begin:line]) if each.lstrip().startswith(">>>")), "")


def _words_about(lines: list[str], chosen: list[_Mention], position: int, mentions: list[_Mention]) -> str:
    """Return what is said about one recipient: from its line to the next one's, or the whole story."""
    mention = chosen[position]
    if len(chosen) == 1 or mention.line < 0:
        return "\n".join(lines)
    line = lines[mention.line]
    if _ANSWER.match(line) and len(ADDRESS.sub("", line).split()) >= 3:
        return line
    others = {other.address.lower() for other in chosen} - {mention.address.lower()}
    following = [
        other.line
        for other in mentions
        if other.line > mention.line and other.address.lower() in others and other.rank <= 1
    ]
    end = min(following, default=len(lines))
    own = "\n".join(lines[mention.line : end])
    if len(ADDRESS.sub("", own).split()) < 3:
        # A list of addresses, and then what happened to all of them.
        last = max(other.line for other in chosen)
        own += "\n" + "\n".join(lines[last + 1 :])
        mentioned = [line for line in lines if mention.address.lower() in line.lower()]
        specific = "\n".join(mentioned)
        if len(ADDRESS.sub("", specific).split()) >= 3:
            own = specific
    return own
