"""Tags by click: whoever follows a link of a campaign gets them, if it was a person and not a machine.

They are given when a click is stored, by the verdict that it has then. A tag is kept when the
click is later judged a machine's: what was done with it meanwhile could not be taken back either.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import aliased

from mailer import signals
from mailer.audience.models import Tag, subscriber_tags
from mailer.audience.tags import tags_named
from mailer.campaigns.choose_tracking import mode_of
from mailer.campaigns.models import Campaign, ClickTag
from mailer.db import db, insert_missing_from
from mailer.delivery.models import Delivery, TrackingMode
from mailer.errors import Invalid
from mailer.lib.landing import without_place
from mailer.tracking.judge_again import take_turn
from mailer.tracking.models import WHOLE_MAIL, Click
from mailer.tracking.verdicts import HUMAN_VERDICTS

#: In the place of an address: any link of the mail.
ANY_LINK = ""


@dataclass(frozen=True)
class LinkTags:
    """A link, and the names of the tags that whoever follows it gets.

    :param url: :data:`ANY_LINK` for all of them
    """

    url: str
    tags: Sequence[str] = ()


def click_tags(campaign: Campaign) -> list[LinkTags]:
    """Return what a campaign's author chose, by address."""
    names: dict[str, list[str]] = {}
    for row, name in _rows(campaign):
        at = names.setdefault(row.url, [])
        if name not in at:
            at.append(name)
    return [LinkTags(url, tags) for url, tags in sorted(names.items())]


def choices_of(campaign: Campaign, urls: Iterable[str] = ()) -> list[LinkTags]:
    """Return what can be chosen: any link, and each address once, with the tags that it has by now.

    Nothing where it is not known who clicks.

    :param urls: where the links of the draft lead; of one that was sent, its message is asked
    """
    counting = campaign.message.tracking if campaign.message else mode_of(campaign)
    if counting is not TrackingMode.FULL:
        return []
    chosen = {each.url: each for each in click_tags(campaign)}
    shown = dict.fromkeys(urls) if campaign.is_editable else _places(campaign)
    return [chosen.get(url, LinkTags(url)) for url in (ANY_LINK, *shown)]


def set_click_tags(campaign: Campaign, chosen: Iterable[LinkTags]) -> None:
    """Have whoever follows a link get exactly these tags; who did so already gets the new ones, too.

    :raises Invalid: a name cannot be a tag, or the mail that was sent has no such link
    """
    places = {} if campaign.is_editable else _places(campaign)
    known = {(row.url, row.link_number, row.tag_id): row for row, _ in _rows(campaign)}
    wanted = {
        (each.url, number, tag.id)
        for each in chosen
        for tag in tags_named(campaign.workspace_id, each.tags)
        for number in _numbers(campaign, each.url, places)
    }
    gone = [row.id for key, row in known.items() if key not in wanted]
    db.session.execute(delete(ClickTag).where(ClickTag.id.in_(gone)))
    new = [
        ClickTag(campaign_id=campaign.id, url=url, link_number=number, tag_id=tag_id)
        for url, number, tag_id in wanted - set(known)
    ]
    db.session.add_all(new)
    db.session.flush()
    if new and not campaign.is_editable:
        # After whoever is storing clicks just now, who does not know these tags yet.
        take_turn()
        _tag_who_clicked(Click.campaign_id == campaign.id, ClickTag.id.in_([row.id for row in new]))


def number_click_tags(campaign: Campaign, links: Sequence[str]) -> None:
    """Tell, when a campaign is launched, which numbers its links have.

    :param links: where its numbered links lead, as they were written
    """
    for row, _ in _rows(campaign):
        if row.url == ANY_LINK:
            continue
        db.session.delete(row)
        db.session.add_all(
            ClickTag(campaign_id=campaign.id, url=url, link_number=number, tag_id=row.tag_id)
            for number, url in enumerate(links)
            if url == row.url
        )
    db.session.flush()


@signals.readings_stored.connect
def tag_readers(readings: Sequence[Any], *, deliveries: Mapping[UUID, Any], **_: Any) -> None:
    """Tag the people among those who followed links just now."""
    clicks = [each.id for each in readings if each.link_number is not None]
    campaigns = {deliveries[each.delivery_id].campaign_id for each in readings}
    if clicks and _is_tagging(campaigns):
        _tag_who_clicked(Click.id.in_(clicks))


@signals.tags_joined.connect
def keep_click_tags(tag: Tag, *, gone: Tag, **_: Any) -> None:
    """Give who clicks the tag that took the place of another, once for each link."""
    own = aliased(ClickTag)
    has_own = exists().where(
        own.campaign_id == ClickTag.campaign_id,
        own.tag_id == tag.id,
        own.url == ClickTag.url,
        own.link_number.is_not_distinct_from(ClickTag.link_number),
    )
    db.session.execute(
        update(ClickTag)
        .where(ClickTag.tag_id == gone.id, ~has_own)
        .values(tag_id=tag.id)
        .execution_options(synchronize_session=False)
    )


def _is_tagging(campaign_ids: Collection[UUID | None]) -> bool:
    return bool(db.session.scalar(select(exists().where(ClickTag.campaign_id.in_(campaign_ids)))))


def _tag_who_clicked(*which: ColumnElement[bool]) -> None:
    """Tag the people behind some clicks, in one statement."""
    insert_missing_from(
        subscriber_tags,
        select(Delivery.subscriber_id, ClickTag.tag_id)
        .join(Click, Click.delivery_id == Delivery.id)
        .join(ClickTag, ClickTag.campaign_id == Click.campaign_id)
        .where(
            ClickTag.link_number.in_((Click.link_number, WHOLE_MAIL)),
            Click.verdict.in_(HUMAN_VERDICTS),
            Delivery.subscriber_id.is_not(None),
            *which,
        )
        .distinct(),
    )


def _rows(campaign: Campaign) -> list[tuple[ClickTag, str]]:
    """Return a campaign's rows, each with its tag's name, by name."""
    rows = db.session.execute(
        select(ClickTag, Tag.name)
        .join(Tag, Tag.id == ClickTag.tag_id)
        .where(ClickTag.campaign_id == campaign.id)
        .order_by(func.lower(Tag.name), ClickTag.id)
    )
    return [(row, name) for row, name in rows]


def _places(campaign: Campaign) -> dict[str, list[int]]:
    """Return the numbers that each address has in the mail that was sent; none is the trap's.

    An address that was tagged before is told as it was written, without what was put into it since.
    """
    written = {row.link_number: row.url for row, _ in _rows(campaign)}
    places: dict[str, list[int]] = {}
    message = campaign.message
    for number, url in enumerate(message.links if message else ()):
        if message and number != message.trap_link:
            places.setdefault(written.get(number, without_place(url)), []).append(number)
    return places


def _numbers(campaign: Campaign, url: str, places: Mapping[str, list[int]]) -> Sequence[int | None]:
    if url == ANY_LINK:
        return [WHOLE_MAIL]
    if campaign.is_editable:
        return [None]
    if url not in places:
        raise Invalid(f"The mail that was sent has no link to {url[:200]}.")
    return places[url]
