"""A campaign in several languages: one added, one taken away, and how far each is."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus
from mailer.campaigns.draft import lock
from mailer.campaigns.models import Campaign, CampaignVariant
from mailer.db import db
from mailer.errors import Conflict, Invalid, NotFound
from mailer.rendering.locales import best_of, clean_locale, language_name, normal_locale

_MOST_VARIANTS: Final = 30
#: So many readers are asked for their language; their shares tell of all.
_SAMPLE: Final = 10_000


@dataclass(frozen=True)
class LanguageShare:
    """How many of those who were asked read a language."""

    locale: str
    language: str
    count: int


def add_variant(campaign: Campaign, locale: str) -> CampaignVariant:
    """Begin a campaign's words in another language, from its own.

    :raises Invalid: there is no such language, or the campaign is written in it
    :raises Conflict: it is no draft any more
    """
    campaign = _editable(campaign)
    locale = clean_locale(locale)
    if any(normal_locale(each.locale) == normal_locale(locale) for each in campaign.variants):
        sentence = f"It is written in {language_name(locale)} already."
        raise Invalid(sentence, fields={"locale": sentence})
    if len(campaign.variants) >= _MOST_VARIANTS:
        raise Invalid(f"A campaign has {_MOST_VARIANTS} languages at most.")
    variant = _written_like(campaign, campaign, locale)
    if variant.design is not None:
        # Screen readers speak, and months are named, as it says.
        settings = {**variant.design.get("settings", {}), "language": locale}
        variant.design = {**variant.design, "settings": settings}
    campaign.revision += 1
    db.session.flush()
    return variant


def variant_in(campaign: Campaign, locale: str) -> CampaignVariant:
    """Return what a campaign says in another language than its own words.

    :raises NotFound: it is not written in it
    """
    for variant in campaign.variants:
        if variant.locale == locale:
            return variant
    raise NotFound("This campaign is not written in this language.")


def copy_variant(variant: CampaignVariant, campaign: Campaign) -> CampaignVariant:
    """Give another campaign what this one says in a language."""
    made = _written_like(variant, campaign, variant.locale)
    db.session.flush()
    return made


def remove_variant(campaign: Campaign, locale: str) -> None:
    """Throw a campaign's words in a language away; its readers get the next in their chain.

    :raises NotFound: it is not written in it
    :raises Conflict: it is no draft any more
    """
    campaign = _editable(campaign)
    campaign.variants.remove(variant_in(campaign, locale))
    campaign.revision += 1
    db.session.flush()


def languages_read(campaign: Campaign) -> list[LanguageShare]:
    """Return the languages that readers of its lists read, the most frequent first.

    The empty one stands for those of whom it is not known. Up to 10,000 readers are asked.
    """
    readers = (
        select(Subscription.subscriber_id)
        .where(
            Subscription.list_id.in_([one.id for one in campaign.lists]),
            Subscription.status == SubscriptionStatus.ACTIVE,
        )
        .limit(_SAMPLE)
        .subquery()
    )
    rows = db.session.execute(
        select(Subscriber.locale, func.count(Subscriber.id.distinct()))
        .join(readers, readers.c.subscriber_id == Subscriber.id)
        .group_by(Subscriber.locale)
    )
    counted: dict[str, int] = {}
    for locale, count in rows:
        name = locale.replace("_", "-")
        counted[name] = counted.get(name, 0) + count
    found = [
        LanguageShare(locale, language_name(locale) if locale else "", n) for locale, n in counted.items()
    ]
    return sorted(found, key=lambda share: -share.count)


def readers_by_variant(campaign: Campaign, shares: list[LanguageShare]) -> dict[str, int]:
    """Return how many of those who were asked get which variant; the empty one is the campaign's own."""
    offered = [variant.locale for variant in campaign.variants]
    counted = {"": 0, **dict.fromkeys(offered, 0)}
    for share in shares:
        counted[best_of(share.locale, offered) or ""] += share.count
    return counted


def _written_like(words: Campaign | CampaignVariant, campaign: Campaign, locale: str) -> CampaignVariant:
    variant = CampaignVariant(
        locale=locale,
        subject=words.subject,
        preheader=words.preheader,
        format=words.format,
        body=words.body,
        design=words.design,
        text=words.text,
        template=words.template,
    )
    campaign.variants.append(variant)
    return variant


def _editable(campaign: Campaign) -> Campaign:
    campaign = lock(campaign)
    if not campaign.is_editable:
        raise Conflict(f"This campaign is {campaign.status}; its words can no longer change.")
    return campaign
