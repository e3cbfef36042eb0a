"""Mending what preflight found, and taking it back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer.campaigns.draft import lock
from mailer.campaigns.models import Campaign, CampaignMend, CampaignVariant
from mailer.campaigns.preflight import preflight
from mailer.campaigns.words import source_of
from mailer.composing.models import Format
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.lib.ids import parse_id
from mailer.rendering.blocks.read import read, written
from mailer.rendering.checks.mends import Source, apply
from mailer.rendering.markdown import split_front_matter

_LONGEST_ANSWER: Final = 500
#: What a mend can change of a campaign.
_PARTS: Final = ("subject", "preheader", "body", "text", "design")
#: Beside them in what is kept: the language that was mended; empty for the campaign's own words.
_LOCALE: Final = "locale"


def mend(campaign: Campaign, key: str, *, answer: str, by: UUID, now: datetime) -> CampaignMend:
    """Apply the mend of one finding to a draft, and keep what stood there before.

    :param key: the finding's
    :param answer: what its author typed, when the mend asks for words
    :raises Invalid: words were asked for and not given
    :raises Conflict: the draft is no draft any more, the finding is gone, or the mend does not fit
    """
    campaign = lock(campaign)
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; its words can no longer change.")
    found = next((one for one in preflight(campaign, now=now).findings if one.key == key), None)
    if found is None or found.mend is None:
        raise Conflict("That was mended already, or what you wrote has changed.")
    answer = " ".join(answer.split())
    if found.mend.ask and not answer:
        raise Invalid(f"Say it first: {found.mend.ask}.")
    if len(answer) > _LONGEST_ANSWER:
        raise Invalid(f"Use {_LONGEST_ANSWER} characters or fewer.")
    words = campaign.words_in(found.where.locale)
    before = source_of(words)
    after = apply(before, found.mend, answer=answer)
    if after == before:
        raise Conflict("That does not stand there any more as it was.")
    made = CampaignMend(
        campaign_id=campaign.id,
        made_by_id=by,
        finding=found.check,
        before={_LOCALE: found.where.locale, **_parts(before)},
    )
    _write(words, _parts(_said_in_front_matter(before, after)))
    made.revision = campaign.revision = campaign.revision + 1
    db.session.add(made)
    db.session.flush()
    return made


def take_back(campaign: Campaign, mend_id: str) -> None:
    """Put back what stood in a draft before a mend.

    :raises NotFound: there is no such mend
    :raises Conflict: the draft was changed since
    """
    campaign = lock(campaign)
    made = db.session.scalar(
        select(CampaignMend).where(
            CampaignMend.campaign_id == campaign.id,
            CampaignMend.id == parse_id(CampaignMend.prefix, mend_id),
        )
    )
    if made is None:
        raise NotFound("There is no such mend.")
    if not campaign.is_editable or campaign.revision != made.revision:
        raise Conflict("The draft was changed since, so that cannot be taken back by itself.")
    _write(campaign.words_in(made.before.get(_LOCALE, "")), made.before)
    campaign.revision += 1
    db.session.delete(made)
    db.session.flush()


def _said_in_front_matter(before: Source, after: Source) -> Source:
    """Change subject and preheader where Markdown says them itself, as that is read at each save."""
    if after.format != Format.MARKDOWN:
        return after
    said = split_front_matter(after.body)[0]
    for part in ("subject", "preheader"):
        old, new = getattr(before, part), getattr(after, part)
        if said.get(part) == old and old != new:
            after = replace(after, body=after.body.replace(old, new, 1))
    return after


def _parts(source: Source) -> dict[str, Any]:
    return {part: getattr(source, part) for part in _PARTS}


def _write(words: Campaign | CampaignVariant, parts: Mapping[str, Any]) -> None:
    for part in _PARTS:
        value = parts.get(part)
        # A design is kept while its campaign is written in another way.
        if part == "design" and value is None:
            continue
        setattr(words, part, written(read(value)) if part == "design" else value)
