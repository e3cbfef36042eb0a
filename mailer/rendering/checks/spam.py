"""Our own spam rules: what the big filters agree on, each with its points, none of them secret.

They say where a filter may frown, not what it will decide: that depends on who sends
far more than on words. SpamAssassin and rspamd say more, where one is configured.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mailer.rendering.checks.colors import contrast
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Mail, shortened

Element = Any

#: From here on SpamAssassin's default calls a mail spam.
SPAM_FROM: Final = 5.0
_ASK_FROM: Final = 1.0
_SHORTENERS: Final = frozenset(
    {
        *("bit.ly", "tinyurl.com", "goo.gl", "t.co", "ow.ly", "is.gd", "buff.ly", "rebrand.ly"),
        *("cutt.ly", "shorturl.at", "t.ly", "rb.gy", "tiny.cc"),
    }
)
_PHRASES: Final = re.compile(
    r"\b(100% free|act now|apply now while|be your own boss|call now|cash bonus|cheap meds|click below"
    r"|dear friend|double your (income|money)|earn (extra )?(cash|money|\$)|eliminate debt|extra income"
    r"|fast cash|free (gift|money|trial offer)|get (paid|rich)|guaranteed (income|winner)"
    r"|increase (sales|traffic) now|lose weight( fast| now)?|lowest price|make money|million dollars|miracle"
    r"|money back guarantee|no (catch|obligation|questions asked|strings attached)|once in a lifetime"
    r"|online pharmacy|risk[- ]free|satisfaction guaranteed|this is(n['’]t| not) (spam|junk)"
    r"|urgent response|viagra|weight loss|while (supplies|stocks) last|winner"
    r"|you (have been|are) (selected|chosen)|you['’]?ve won)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Hit:
    """A rule that a mail met.

    :param points: as SpamAssassin counts them
    """

    rule: str
    points: float
    message: str
    why: str
    where: Where


def look(mail: Mail) -> Iterator[Finding]:
    """Yield a finding for each rule that a mail meets."""
    for hit in hits(mail):
        yield Finding(
            f"spam.{hit.rule}",
            Severity.WARNING if hit.points >= _ASK_FROM else Severity.NOTICE,
            hit.message,
            f"{hit.why} (+{hit.points:g})",
            hit.where,
        )


def hits(mail: Mail) -> Iterator[Hit]:
    """Yield the rules that a mail meets."""
    for rule in _RULES:
        yield from rule(mail)


def score(mail: Mail) -> float:
    """Return the sum of the points of the rules that a mail meets."""
    return round(sum(hit.points for hit in hits(mail)), 1)


def _exclamation(mail: Mail) -> Iterator[Hit]:
    count = mail.subject.count("!")
    if count > 1 or re.search(r"[!?]{2}|\${2}", mail.subject):
        yield Hit(
            "exclamation",
            1.0,
            "The subject shouts with its punctuation.",
            "Filters count doubled marks and more than one exclamation mark.",
            Where("subject", quote=shortened(mail.subject)),
        )


def _phrases(mail: Mail) -> Iterator[Hit]:
    found = {match[0].lower() for match in _PHRASES.finditer(f"{mail.subject}\n{mail.words}")}
    if found:
        listed = ", ".join(f"“{phrase}”" for phrase in sorted(found)[:5])
        yield Hit(
            "phrases",
            min(2.5, 0.5 * len(found)),
            f"There are phrases that spam is known for: {listed}.",
            "Filters weigh them one by one.",
            Where(quote=sorted(found)[0]),
        )


def _hidden_words(mail: Mail) -> Iterator[Hit]:
    for element in mail.elements:
        look = mail.looks[element]
        words = (element.text or "").strip()
        if look.is_hidden or len(words) < 10 or look.background is None:
            continue
        if look.size < 2 or contrast(look.color, look.background) < 1.1:
            yield Hit(
                "hidden-words",
                2.0,
                f"“{shortened(words, 40)}” cannot be seen.",
                "Words in the colour of their background, or of no size, are an old trick of spammers.",
                mail.where(element),
            )
            return


def _shorteners(mail: Mail) -> Iterator[Hit]:
    for link in mail.elements:
        href = link.get("href") or ""
        host = _host(href)
        if link.tag == "a" and host in _SHORTENERS:
            yield Hit(
                "shortener",
                1.5,
                f"The link {shortened(href, 50)} hides where it leads.",
                "Blocklists hold most shorteners, because spammers like them.",
                mail.where(link, href),
            )
            return


def _numeric_host(mail: Mail) -> Iterator[Hit]:
    for link in mail.elements:
        href = link.get("href") or ""
        if link.tag == "a" and re.fullmatch(r"[\d.]+|[0-9a-f:]*:[0-9a-f:]+", _host(href)):
            yield Hit(
                "numeric-host",
                1.5,
                f"The link {shortened(href, 50)} leads to a number instead of a name.",
                "Honest senders have a domain (SpamAssassin NORMAL_HTTP_TO_IP).",
                mail.where(link, href),
            )
            return


def _form(mail: Mail) -> Iterator[Hit]:
    if any(one.tag == "form" for one in mail.elements):
        yield Hit(
            "form", 1.0, "There is a form in the mail.", "Phishing asks for passwords like this.", Where()
        )


def _many_links(mail: Mail) -> Iterator[Hit]:
    links = sum(1 for one in mail.elements if one.tag == "a" and (one.get("href") or "").startswith("http"))
    words = len(mail.words.split())
    if links > 60 or (links > 10 and words < links * 3):
        yield Hit(
            "many-links",
            0.5,
            f"There are {links} links among {words} words.",
            "Mails that are all links look like link farms.",
            Where(),
        )


def _shouting(mail: Mail) -> Iterator[Hit]:
    words = re.findall(r"[^\W\d_]{4,}", mail.words)
    loud = [word for word in words if word.isupper()]
    if len(words) >= 20 and len(loud) > len(words) * 0.3:
        yield Hit(
            "shouting",
            1.0,
            f"{len(loud)} of {len(words)} words are all capitals.",
            "Filters and readers take it for shouting.",
            Where(quote=" ".join(loud[:4])),
        )


def _host(href: str) -> str:
    try:
        return (urlsplit(href).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


_RULES: Final[tuple[Callable[[Mail], Iterator[Hit]], ...]] = (
    _exclamation,
    _phrases,
    _hidden_words,
    _shorteners,
    _numeric_host,
    _form,
    _many_links,
    _shouting,
)
