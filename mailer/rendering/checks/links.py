"""Where the links of a mail lead, as far as that can be told without following them."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from mailer.rendering.checks.findings import Finding, Severity
from mailer.rendering.checks.mail import Mail, shortened
from mailer.rendering.checks.mends import ANSWER, Mend, Replace, SetProperty

Element = Any

_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "sms", "cid"})
_HOST: Final = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}$", re.I)
_PRIVATE_ENDS: Final = (".local", ".localhost", ".internal", ".lan", ".home.arpa", ".intranet", ".test")
_STAGING: Final = re.compile(
    r"(^|[.-])(staging|stage|stg|dev|develop|test|testing|qa|uat|preprod|preview|sandbox)([.-]|\d*\.)"
    r"|\.(vercel\.app|netlify\.app|ngrok\.io|ngrok-free\.app|ngrok\.app|trycloudflare\.com|webflow\.io"
    r"|myshopify\.dev|pages\.dev|herokuapp\.com)$",
    re.IGNORECASE,
)
_PLACEHOLDERS: Final = re.compile(
    r"(^|\.)(example\.(com|net|org)|yourdomain\.com|yoursite\.com|domain\.com)$", re.I
)
_ADDRESS: Final = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+$")
_LONGEST: Final = 2_000
_OFTEN: Final = 4


def look(mail: Mail) -> Iterator[Finding]:
    """Yield what is wrong with where links lead."""
    seen: Counter[str] = Counter()
    first: dict[str, Element] = {}
    for link in mail.elements:
        if link.tag not in {"a", "area"} or "href" not in link.attrib:
            continue
        href = link.get("href").strip()
        if href in mail.own_links:
            continue
        yield from _one(mail, link, href)
        if href.lower().startswith("http"):
            seen[href] += 1
            first.setdefault(href, link)
    yield from _same_words(mail)
    for href, count in seen.items():
        if count >= _OFTEN:
            yield Finding(
                "links.duplicate",
                Severity.NOTICE,
                f"{count} links lead to {shortened(href, 60)}.",
                "A report counts each place by itself, which spreads the clicks; one clear button does more.",
                mail.where(first[href], href),
            )


def pictures(mail: Mail) -> Iterator[Finding]:
    """Yield what is wrong with the addresses of pictures."""
    for image in mail.elements:
        if image.tag != "img":
            continue
        source = (image.get("src") or "").strip()
        if not source:
            yield Finding(
                "links.picture-empty",
                Severity.ERROR,
                "A picture has no address.",
                "Readers see a broken picture.",
                mail.where(image, image.get("alt") or "<img>"),
            )
        elif source.startswith(("data:", "cid:")) or (
            mail.own_origin and source.startswith(f"{mail.own_origin}/")
        ):
            continue
        elif not source.lower().startswith(("http://", "https://")):
            yield Finding(
                "links.picture-relative",
                Severity.ERROR,
                f"The picture “{shortened(source, 60)}” has no whole address.",
                "A mail has no folder of its own: without https:// and a host nobody sees it.",
                mail.where(image, source),
            )
        else:
            yield from _host(mail, image, source, "picture")


def _one(mail: Mail, link: Element, href: str) -> Iterator[Finding]:
    words = shortened(mail.words_of(link), 40) or "without words"
    scheme = href.partition(":")[0].lower() if ":" in href else ""
    if href in {"", "#"}:
        yield Finding(
            "links.nowhere",
            Severity.ERROR,
            f"The link “{words}” leads nowhere.",
            "Who taps it stays where they are.",
            mail.where(link, mail.words_of(link) or href),
            _lead(mail, link, href),
        )
    elif href.startswith("#"):
        yield from _inside(mail, link, href)
    elif scheme == "mailto":
        if not _ADDRESS.match(href[7:].partition("?")[0]):
            yield _bad(mail, link, href, f"The link “{words}” has no address to write to.")
    elif scheme in {"http", "https"}:
        yield from _web(mail, link, href)
    elif scheme not in _SCHEMES:
        yield _bad(
            mail, link, href, f"The link “{shortened(href, 60)}” does not begin with https:// or mailto:."
        )


def _lead(mail: Mail, link: Element, href: str) -> Mend | None:
    block = mail.where(link).block
    if not block:
        return None
    return Mend("Say where it leads", (SetProperty(block, "href", ANSWER),), ask="Address, with https://")


def _inside(mail: Mail, link: Element, href: str) -> Iterator[Finding]:
    target = href[1:]
    if not any(target in {one.get("id"), one.get("name")} for one in mail.root.iter("*")):
        yield Finding(
            "links.no-target",
            Severity.WARNING,
            f"The link {shortened(href, 60)} leads to a place that is not in the mail.",
            "Who taps it stays where they are.",
            mail.where(link, href),
        )


def _bad(mail: Mail, link: Element, href: str, message: str) -> Finding:
    why = "Clients guess, and most open an error."
    mend = None
    if re.match(r"(www\.)?[\w-]+(\.[\w-]+)+([/?#]|$)", href) and _HOST.match(re.split(r"[/?#]", href)[0]):
        mend = Mend("Begin with https://", _readdressed(href, f"https://{href}"))
    return Finding("links.syntax", Severity.ERROR, message, why, mail.where(link, href), mend)


def _web(mail: Mail, link: Element, href: str) -> Iterator[Finding]:
    parts = _parts(href)
    if parts is None or not parts.hostname or re.search(r"\s", href):
        yield _bad(mail, link, href, f"The address “{shortened(href, 60)}” cannot be right.")
        return
    yield from _host(mail, link, href, "link")
    if len(href) > _LONGEST:
        yield Finding(
            "links.long",
            Severity.WARNING,
            f"The address of “{shortened(mail.words_of(link), 40)}” is {len(href):,} characters long.",
            f"Some clients and servers cut addresses off after {_LONGEST:,}.",
            mail.where(link, href),
        )
    words = mail.words_of(link)
    shown = re.fullmatch(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)(?:/\S*)?", words)
    if shown and _HOST.match(shown[1]) and shown[1].lower() != (parts.hostname or "").removeprefix("www."):
        yield Finding(
            "links.other-host",
            Severity.WARNING,
            f"The link says {shortened(words, 40)} but leads to {parts.hostname}.",
            "That is how phishing looks; clients warn and filters count it.",
            mail.where(link, words),
        )


def _host(mail: Mail, element: Element, address: str, kind: str) -> Iterator[Finding]:
    parts = _parts(address)
    host = (parts.hostname or "").lower() if parts else ""
    where = mail.where(element, address)
    if not host:
        return
    if _is_private(host):
        yield Finding(
            "links.private",
            Severity.ERROR,
            f"The {kind} {shortened(address, 60)} leads to a machine that only you can reach.",
            "It works where you test and nowhere else.",
            where,
        )
    elif not _is_address(host) and not _HOST.match(_ascii(host)):
        yield Finding(
            "links.syntax",
            Severity.ERROR,
            f"“{shortened(host, 60)}” is not the name of a host.",
            "Readers get an error.",
            where,
        )
    elif _STAGING.search(host):
        yield Finding(
            "links.staging",
            Severity.WARNING,
            f"The {kind} {shortened(address, 60)} looks like a place for trying things out.",
            "Such places ask for passwords, change, and go away; readers come for weeks.",
            where,
        )
    elif _PLACEHOLDERS.search(host):
        yield Finding(
            "links.placeholder",
            Severity.WARNING,
            f"The {kind} {shortened(address, 60)} is a placeholder.",
            "That host belongs to nobody or to somebody else.",
            where,
        )
    elif address.lower().startswith("http://") and not _is_address(host):
        is_link = kind == "link"
        yield Finding(
            "links.http",
            Severity.WARNING if is_link else Severity.NOTICE,
            f"The {kind} {shortened(address, 60)} is without https.",
            "Browsers warn, and everybody on the way can read and change it."
            if is_link
            else "Some clients do not load such pictures at all.",
            where,
            Mend("Use https", _readdressed(address, "https" + address[4:])),
        )


def _readdressed(old: str, new: str) -> tuple[Replace, ...]:
    escaped = old.replace("&", "&amp;"), new.replace("&", "&amp;")
    return Replace("body", old, new), Replace("body", *escaped)


def _same_words(mail: Mail) -> Iterator[Finding]:
    """Yield links that say the same and lead to different pages."""
    leads: dict[str, set[str]] = {}
    first: dict[str, Element] = {}
    for link in mail.elements:
        href = (link.get("href") or "").strip()
        if link.tag != "a" or not href.startswith("http") or mail.is_hidden(link):
            continue
        words = mail.words_of(link).lower()
        if words:
            leads.setdefault(words, set()).add(href)
            first.setdefault(words, link)
    for words, hrefs in leads.items():
        if len(hrefs) > 1:
            link = first[words]
            yield Finding(
                "links.same-words",
                Severity.NOTICE,
                f"{len(hrefs)} links say “{shortened(mail.words_of(link), 40)}” and lead to different pages.",
                "In a screen reader’s list of links nobody can tell them apart (WCAG 2.4.4).",
                mail.where(link),
            )


def _parts(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_private(host: str) -> bool:
    if host == "localhost" or host.endswith(_PRIVATE_ENDS):
        return True
    return _is_address(host) and not ipaddress.ip_address(host).is_global


def _ascii(host: str) -> str:
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
