"""Showing a draft to somebody without an account: a link that expires, and what they say about it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from mailer.accounts.models import User
from mailer.campaigns.models import Campaign, CampaignComment, PreviewLink
from mailer.current import settings
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.lib.lines import clean_line
from mailer.lib.secrets import Seal, derive_key

#: How long a link may work, in days, and the words for it.
LENGTHS: Final = {1: "a day", 7: "a week", 30: "a month"}
_LONGEST_COMMENT: Final = 2_000
_MOST_LINKS: Final = 20
#: A link that was passed on too far fills no database.
_MOST_COMMENTS: Final = 200
_PURPOSE: Final = "preview-link"
_GONE: Final = "This preview is not shown any more. Ask whoever sent you the link for a new one."


def share_preview(campaign: Campaign, *, days: int, now: datetime, by: UUID | None = None) -> PreviewLink:
    """Make a link to a campaign's preview.

    :raises Invalid: it would work for longer than a link may
    :raises Conflict: there are many that still work
    """
    if days not in LENGTHS:
        raise Invalid(f"A link works for {', '.join(LENGTHS.values())}.")
    if len(working_links(campaign, now=now)) >= _MOST_LINKS:
        raise Conflict(f"There are {_MOST_LINKS} links already; end one first.")
    link = PreviewLink(campaign_id=campaign.id, made_by_id=by, expires_at=now + timedelta(days=days))
    db.session.add(link)
    db.session.flush()
    return link


def end_link(link: PreviewLink, *, now: datetime) -> None:
    """Let a link work no more."""
    link.expires_at = min(link.expires_at, now)
    db.session.flush()


def working_links(campaign: Campaign, *, now: datetime) -> list[PreviewLink]:
    """Return the links to a campaign's preview that still work, the newest first."""
    return list(
        db.session.scalars(
            select(PreviewLink)
            .where(PreviewLink.campaign_id == campaign.id, PreviewLink.expires_at > now)
            .order_by(PreviewLink.id.desc())
        )
    )


def address_of(link: PreviewLink) -> str:
    """Return the address that somebody is sent."""
    return f"{settings().base_url}/r/{Seal(_key())(link.id.bytes)}"


def shared_by(token: str, *, now: datetime) -> PreviewLink:
    """Return the link that a token is of.

    :raises NotFound: it is none of ours, or works no more, or its draft was deleted
    """
    payload = Seal(_key()).payload_of(token)
    link = db.session.get(PreviewLink, UUID(bytes=payload)) if payload and len(payload) == 16 else None
    if link is None or link.expires_at <= now or link.campaign.deleted_at is not None:
        raise NotFound(_GONE)
    return link


def comment_on(
    campaign: Campaign,
    text: str,
    *,
    author: str,
    locale: str = "",
    link: PreviewLink | None = None,
    user: User | None = None,
) -> CampaignComment:
    """Say something about a campaign.

    :param author: the name that its author goes by
    :param locale: about which of its languages; empty for its own words
    :param link: by which they came, if they have no account
    :raises Invalid: it says nothing, or too much
    """
    author = clean_line(author, label="Your name", longest=80, is_required=True)
    words = "\n".join(line.rstrip() for line in text.replace("\x00", "").splitlines()).strip()
    if not words or len(words) > _LONGEST_COMMENT:
        sentence = f"Write something, in {_LONGEST_COMMENT:,} characters at most."
        raise Invalid(sentence, fields={"text": sentence})
    campaign.words_in(locale)
    if link is not None and _count_by(link) >= _MOST_COMMENTS:
        raise Conflict("There are so many comments that no more are taken; ask for a new link.")
    comment = CampaignComment(
        campaign_id=campaign.id,
        preview_link_id=link.id if link else None,
        user_id=user.id if user else None,
        author=author,
        locale=locale,
        text=words,
    )
    db.session.add(comment)
    db.session.flush()
    return comment


def comments_on(campaign: Campaign) -> list[CampaignComment]:
    """Return what was said about a campaign, what is not done first, then the newest."""
    return list(
        db.session.scalars(
            select(CampaignComment)
            .where(CampaignComment.campaign_id == campaign.id)
            .order_by(CampaignComment.done_at.is_not(None), CampaignComment.id.desc())
            .limit(_MOST_COMMENTS)
        )
    )


def link_by_id(campaign: Campaign, identifier: UUID | None) -> PreviewLink:
    """Return a link to a campaign's preview, also one that works no more.

    :raises NotFound: there is none
    """
    link = db.session.get(PreviewLink, identifier) if identifier else None
    if link is None or link.campaign_id != campaign.id:
        raise NotFound("There is no such link.")
    return link


def comment_by_id(campaign: Campaign, identifier: UUID | None) -> CampaignComment:
    """Return a comment on a campaign.

    :raises NotFound: there is none
    """
    comment = db.session.get(CampaignComment, identifier) if identifier else None
    if comment is None or comment.campaign_id != campaign.id:
        raise NotFound("There is no such comment.")
    return comment


def _count_by(link: PreviewLink) -> int:
    return int(db.session.scalar(select(func.count()).where(CampaignComment.preview_link_id == link.id)) or 0)


def _key() -> bytes:
    return derive_key(settings().secret_key, _PURPOSE)
