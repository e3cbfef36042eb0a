"""Asking the links and pictures of a draft whether they answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete

from mailer.campaigns.check_links import hash_of
from mailer.campaigns.models import Campaign, LinkCheck
from mailer.campaigns.preflight import unasked_addresses
from mailer.db import db
from mailer.lib.clock import utcnow
from mailer.lib.outbound import Answer, NoAnswer, NotAsked, Outbound

_AT_ONCE: Final = 4


def follow_links(campaign_id: UUID, *, now: datetime, outbound: Outbound | None = None) -> None:
    """Ask the addresses of a draft that were not asked lately, and keep what they answer; commits.

    :param outbound: tests give one that may ask this machine
    """
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        return
    workspace_id = campaign.workspace_id
    addresses = unasked_addresses(campaign, now=now)
    # Nobody waits for the database while the world answers.
    db.session.commit()
    asked = outbound or Outbound()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="links") as pool:
        answers = list(pool.map(lambda address: _ask(asked, address), addresses))
    hashes = [hash_of(address) for address in addresses]
    db.session.execute(
        delete(LinkCheck).where(LinkCheck.workspace_id == workspace_id, LinkCheck.url_hash.in_(hashes))
    )
    db.session.add_all(
        LinkCheck(workspace_id=workspace_id, url_hash=hash_of(url), url=url, checked_at=utcnow(), **answer)
        for url, answer in zip(addresses, answers, strict=True)
    )
    db.session.commit()


def _ask(outbound: Outbound, address: str) -> dict[str, Any]:
    """Return what an address answers, as a row holds it."""
    try:
        answer = outbound.ask(address, method="HEAD")
        if answer.status >= 400:
            # Some servers answer HEAD wrongly; what GET says counts.
            answer = outbound.ask(address)
    except NotAsked as error:
        return {"problem": error.message[:300], "is_private": True}
    except NoAnswer as error:
        return {"problem": error.message[:300]}
    return {
        "status": answer.status,
        "content_type": answer.headers.get("content-type", "")[:120],
        "size_bytes": _size(answer),
    }


def _size(answer: Answer) -> int | None:
    length = answer.headers.get("content-length", "")
    return min(int(length), 2**31 - 1) if length.isascii() and length.isdigit() else None
