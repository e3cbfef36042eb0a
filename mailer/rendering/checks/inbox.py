"""How a mail arrives: its line in the inbox, its size, its pictures, what the law asks for."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any, Final

from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Mail, pixels, shortened, size_of, styles_of
from mailer.rendering.checks.mends import ANSWER, Mend, Replace

Element = Any

#: About what a phone shows of a subject, and a desktop client.
_PHONE_SHOWS: Final = 45
_DESKTOP_SHOWS: Final = 78
_PREHEADER_SHOWS: Final = 110
_SHORT_PREHEADER: Final = 30
#: Gmail shows the first 102 KB of the HTML and hides the rest, with the link to unsubscribe.
CLIPPED_AT: Final = 102 * 1024
_NEARLY_CLIPPED: Final = 90 * 1024
_HEAVY_PICTURES: Final = 1_000_000
_FEW_WORDS: Final = 20
_LARGE_PICTURE: Final = 200.0


def look(mail: Mail) -> Iterator[Finding]:
    """Yield what a mail looks like before it is opened, and what it weighs."""
    yield from _subject(mail)
    yield from _preheader(mail)
    yield from _size(mail)
    yield from _pictures(mail)


def _subject(mail: Mail) -> Iterator[Finding]:
    subject, where = mail.subject, Where("subject", quote=shortened(mail.subject))
    if not subject.strip():
        yield Finding(
            "inbox.subject-missing",
            Severity.ERROR,
            "There is no subject.",
            "Clients show “(no subject)”, and filters take that for spam.",
            where,
        )
        return
    letters = [one for one in subject if one.isalpha()]
    if len(letters) > 6 and sum(one.isupper() for one in letters) > 0.8 * len(letters):
        quiet = subject[:1].upper() + subject[1:].lower()
        edits = (Replace("subject", subject, quiet),)
        yield Finding(
            "inbox.subject-capitals",
            Severity.WARNING,
            "The subject is all capitals.",
            "Readers hear shouting, and SpamAssassin counts it (SUBJ_ALL_CAPS).",
            where,
            Mend(f"Write “{shortened(quiet, 40)}”", edits),
        )
    if len(subject) > _DESKTOP_SHOWS:
        yield Finding(
            "inbox.subject-long",
            Severity.WARNING,
            f"The subject has {len(subject)} characters.",
            f"Desktop clients show about {_DESKTOP_SHOWS}, phones {_PHONE_SHOWS}; the rest is cut off.",
            where,
        )
    elif len(subject) > _PHONE_SHOWS:
        yield Finding(
            "inbox.subject-on-phones",
            Severity.NOTICE,
            f"A phone shows of the subject: “{subject[:_PHONE_SHOWS].rstrip()}…”",
            f"It has {len(subject)} characters, and about {_PHONE_SHOWS} have room there.",
            where,
        )
    if re.match(r"(re|fw|fwd|aw|wg)\s*:", subject, re.IGNORECASE):
        yield Finding(
            "inbox.subject-reply",
            Severity.WARNING,
            "The subject pretends to answer or forward something.",
            "CAN-SPAM and its kin forbid subjects that deceive; filters count it.",
            where,
            Mend("Leave it out", (Replace("subject", subject, re.sub(r"^\w+\s*:\s*", "", subject)),)),
        )


def _preheader(mail: Mail) -> Iterator[Finding]:
    preheader = mail.preheader.strip()
    where = Where("preheader", quote=shortened(preheader))
    if not preheader:
        yield Finding(
            "inbox.preheader-missing",
            Severity.NOTICE,
            f"Without a preheader the inbox shows: “{shortened(mail.words, 60) or 'nothing'}”",
            "It is the second thing that anybody reads of a mail.",
            where,
            Mend("Write one", (Replace("preheader", mail.preheader, ANSWER),), ask="Preheader")
            if mail.preheader
            else None,
        )
    elif preheader.casefold() == mail.subject.strip().casefold():
        yield Finding(
            "inbox.preheader-same",
            Severity.NOTICE,
            "The preheader says the same as the subject.",
            "Half of the inbox line says nothing new.",
            where,
        )
    elif len(preheader) > _PREHEADER_SHOWS:
        yield Finding(
            "inbox.preheader-long",
            Severity.NOTICE,
            f"The preheader has {len(preheader)} characters; about {_PREHEADER_SHOWS} are shown.",
            "What stands at its end is cut off.",
            where,
        )
    elif len(preheader) < _SHORT_PREHEADER:
        yield Finding(
            "inbox.preheader-short",
            Severity.NOTICE,
            f"The preheader has only {len(preheader)} characters.",
            f"There is room for about {_PREHEADER_SHOWS}.",
            where,
        )


def _size(mail: Mail) -> Iterator[Finding]:
    size = max(size_of(mail.html), mail.largest_bytes)
    if size < _NEARLY_CLIPPED:
        return
    is_clipped = size >= CLIPPED_AT
    yield Finding(
        "inbox.clipped",
        Severity.WARNING if is_clipped else Severity.NOTICE,
        f"The HTML has {size / 1024:,.0f} KB{' for the reader who gets most' if mail.largest_bytes else ''}"
        f"{'; Gmail cuts it off.' if is_clipped else ', close to where Gmail cuts it off.'}",
        "Gmail shows 102 KB and hides the rest behind a link: the end with the link to unsubscribe, "
        "and the pixel that counts opens.",
    )


def _pictures(mail: Mail) -> Iterator[Finding]:
    shown = [one for one in mail.elements if one.tag == "img" and not mail.is_hidden(one)]
    inside = sum(_bytes_inside(one.get("src") or "") for one in shown)
    if inside > _HEAVY_PICTURES:
        yield Finding(
            "inbox.heavy",
            Severity.WARNING,
            f"The pictures inside the HTML weigh {inside / 1_000_000:.1f} MB.",
            "Readers on the move wait for them, and Gmail clips the mail.",
        )
    words = len(re.findall(r"\w+", mail.words))
    large = [one for one in shown if _is_large(one)]
    if large and words < _FEW_WORDS:
        yield Finding(
            "inbox.only-pictures",
            Severity.WARNING,
            f"There {'is one large picture' if len(large) == 1 else f'are {len(large)} large pictures'} "
            f"and {'no words' if not words else 'one word' if words == 1 else f'only {words} words'}.",
            "Many clients show no pictures at first, and much spam is one picture (HTML_IMAGE_ONLY).",
            mail.where(large[0], large[0].get("src") or ""),
        )


def _bytes_inside(source: str) -> int:
    if not source.startswith("data:") or ";base64," not in source:
        return 0
    try:
        return len(base64.b64decode(source.partition(",")[2], validate=False))
    except (binascii.Error, ValueError):
        return 0


def _is_large(image: Element) -> bool:
    """Whether a picture is as wide as a column; one without a width counts."""
    styles = styles_of(image)
    width = pixels(styles.get("width") or image.get("width") or "100%", of=600.0)
    return width is None or width >= _LARGE_PICTURE
