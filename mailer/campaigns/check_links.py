"""Whether the links and pictures of a mail answer, as a worker found by asking them (``follow_links``).

Never our own: a link to unsubscribe would act, one that counts would count.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select

from mailer.campaigns.models import LinkCheck
from mailer.current import links, settings
from mailer.db import db
from mailer.rendering.checks.findings import Finding, Severity, Where
from mailer.rendering.checks.mail import Mail, shortened

#: How long an answer is believed.
_BELIEVED: Final = timedelta(hours=12)
_MOST_ADDRESSES: Final = 100
#: Set aside for documentation and tests (RFC 2606, RFC 6761): nothing answers there.
_NOWHERE: Final = (".example", ".test", ".invalid", ".localhost", "example.com", "example.net", "example.org")
#: They answer people, and not programs.
_SHY: Final = frozenset({401, 403, 405, 406, 429, 451, 503, 999})
_GONE: Final = frozenset({404, 410})
_PICTURE_TYPES: Final = ("image/", "application/octet-stream", "binary/octet-stream")
_HEAVY_PICTURES: Final = 1_000_000


def addresses_in(mail: Mail) -> list[str]:
    """Return the addresses of a mail that can be asked, each once, in order."""
    found: dict[str, None] = {}
    ours = urlsplit(links().base_url).netloc
    for element in mail.elements:
        name = {"a": "href", "area": "href", "img": "src"}.get(element.tag)
        address = (element.get(name) or "").strip() if name else ""
        if address in mail.own_links or not address.lower().startswith(("http://", "https://")):
            continue
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.netloc != ours and not (parts.hostname or "").endswith(_NOWHERE):
            found[address.partition("#")[0]] = None
    return list(found)[:_MOST_ADDRESSES]


def unanswered(workspace_id: UUID, addresses: Sequence[str], *, now: datetime) -> list[str]:
    """Return the addresses that were not asked lately."""
    if not settings().follow_links:
        return []
    known = {row.url for row in _known(workspace_id, addresses) if row.checked_at > now - _BELIEVED}
    return [address for address in addresses if address not in known]


def look(workspace_id: UUID, mail: Mail) -> Iterator[Finding]:
    """Yield what the addresses of a mail answered when they were asked."""
    answers = {row.url: row for row in _known(workspace_id, addresses_in(mail))}
    said: set[str] = set()
    weight = 0
    for element in mail.elements:
        name = "src" if element.tag == "img" else "href"
        address = (element.get(name) or "").strip().partition("#")[0]
        row = answers.get(address)
        if row is None or address in said or element.tag not in {"a", "area", "img"}:
            continue
        said.add(address)
        if element.tag == "img":
            weight += row.size_bytes or 0
        if finding := _finding(row, mail.where(element, address), is_picture=element.tag == "img"):
            yield finding
    if weight > _HEAVY_PICTURES:
        yield Finding(
            "inbox.heavy",
            Severity.WARNING,
            f"The pictures weigh {weight / 1_000_000:.1f} MB together.",
            "Readers on the move wait for them, or do not. Below 1 MB is good.",
        )


def _known(workspace_id: UUID, addresses: Iterable[str]) -> Sequence[LinkCheck]:
    hashes = [hash_of(address) for address in addresses]
    if not hashes:
        return []
    return db.session.scalars(
        select(LinkCheck).where(LinkCheck.workspace_id == workspace_id, LinkCheck.url_hash.in_(hashes))
    ).all()


def hash_of(address: str) -> str:
    """Return what an address is found by; itself it may be longer than an index takes."""
    return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()


def _finding(row: LinkCheck, where: Where, *, is_picture: bool) -> Finding | None:
    what = f"The {'picture' if is_picture else 'page'} {shortened(row.url, 60)}"
    if row.is_private:
        return Finding(
            "links.private",
            Severity.ERROR,
            f"{what} cannot be reached from the internet.",
            f"{row.problem} It works where you test and nowhere else.",
            where,
        )
    if row.problem:
        return Finding("links.no-answer", Severity.WARNING, f"{what} does not answer.", row.problem, where)
    assert row.status is not None
    if row.status in _GONE:
        return Finding(
            "links.gone",
            Severity.WARNING,
            f"{what} is not there ({row.status}).",
            "Readers see an error, unless it is published before the mail leaves.",
            where,
        )
    if row.status >= 400:
        is_shy = row.status in _SHY
        return Finding(
            "links.refused",
            Severity.NOTICE if is_shy else Severity.WARNING,
            f"{what} answers with an error ({row.status}).",
            "Some servers refuse programs and let people in; open it yourself."
            if is_shy
            else "Readers see that error too.",
            where,
        )
    if (
        is_picture
        and row.content_type
        and not row.content_type.lower().startswith(("image/", "application/octet"))
    ):
        return Finding(
            "links.no-picture",
            Severity.WARNING,
            f"{what} is no picture but {row.content_type.partition(';')[0]}.",
            "Readers see a broken picture.",
            where,
        )
    return None
