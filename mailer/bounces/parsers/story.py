"""What a mail says to people, and where the message that it is about begins in it."""

import re
from typing import Final

from mailer.bounces.parsers.opened import Headers, Opened, read_headers, text_of_html

_LONGEST_STORY: Final = 60_000
_ORIGINALS: Final = frozenset(
    {
        "message/rfc822",
        "message/rfc822-headers",
        "message/partial",
        "message/global",
        "text/rfc822",
        "text/rfc822-headers",
    }
)

#: Where the message itself begins, in mails that do not enclose it as a part.
_ORIGINAL_BEGINS: Final = re.compile(
    r"(?im)^[ \t>*]*(?:-+ ?)?(?:"
    r"(?:below this line|enclosed) is (?:a|the) (?:copy|original)"
    r"|(?:this is )?a copy of (?:the|your) (?:original )?message(?!.{0,40}(?:could|was) not)"
    r"|this is a copy of .{0,20}message|(?:your |the )?(?:original|unsent|undelivered|returned"
    r"|rejected) message"
    r"(?: (?:text|header|follows|headers|is attached|body|was|as follows|contents?|envelope))*[^\n@<]{0,30}$"
    r"|message headers? follows?|(?:original|message) headers?:?\s*$|header(?:s)? of (?:the )?(?:original"
    r"|message)"
    r"|the header of the original|included is a copy|returned mail follows|the following (?:is"
    r"|are) .{0,30}(?:message|headers)"
    r"|start of (?:returned|original|forwarded) message|message (?:text|body|contents?) follows"
    r"|text of (?:the |your )?message"
    r"|here is (?:a copy|the|your)|original[- ]nachricht|urspr.{1,2}ngliche nachricht|mensaje original"
    r"|messaggio originale"
    r"|message d'origine|---+ ?message (?:header|follows)|the first \d+ lines|first \d+ (?:bytes|lines)"
    r"|_{3,}message (?:header|body)|-+ ?forwarded message"
    r"|content-type: message/rfc822|your message reads|message follows|original message:"
    r")[^\n]*$"
)
_HEADERS_BEGIN: Final = re.compile(
    r"(?m)^[ \t>]{0,8}(?:Received: (?:from|by|\()|Return-Path: ?<|Message-I[Dd]: ?<|X-Envelope-From:"
    r"|DKIM-Signature:|X-Received: )"
)


def story_and_original(opened: Opened) -> tuple[str, Headers]:
    """Return what a mail says to people, and the headers of the message it is about."""
    texts: list[str] = []
    original: Headers | None = None
    for part in opened.parts:
        if part.is_enclosed:
            continue
        if part.kind in _ORIGINALS:
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
    return len(read_headers(text).fields) >= 4 and bool(_HEADERS_BEGIN.search(text[:3_000]))


def _cut(story: str, original: Headers | None) -> tuple[str, Headers]:
    """Cut a story where the message itself begins."""
    ends = [len(story)]
    for pattern in (_ORIGINAL_BEGINS, _HEADERS_BEGIN):
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
