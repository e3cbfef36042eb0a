"""What is known of people, read for a page of a thousand of them at a time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select

from mailer.audience.models import MailingList, Subscriber, Subscription, Tag, subscriber_tags
from mailer.bulk import is_among
from mailer.consent.models import ConsentRecord, ConsentWords, Suppression
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState
from mailer.lib.ids import parse_id, public_id
from mailer.segments.selection import Selection
from mailer.tracking.models import Click, Open

#: People, or lines, that are read at once.
PAGE: Final = 1_000


@dataclass(frozen=True)
class Chosen:
    """Whom an export is of.

    :param people: a select of subscribers, not ordered
    :param key: the column of the subscriber's id in the index that they are read from
    :param list_id: whose status stands in the column; any list's when left out
    :param after: who was written last already
    """

    workspace_id: UUID
    people: Select[Subscriber]
    key: Any = field(default_factory=lambda: Subscriber.id)
    list_id: UUID | None = None
    after: UUID | None = None

    @classmethod
    def of(cls, workspace_id: UUID, selection: Selection, *, now: datetime) -> "Chosen":
        """Return those whom a selection is about.

        :raises Invalid: too many rows are ticked
        :raises NotFound: the segment, the list or the tag that it names is gone
        """
        people, key = selection.people(workspace_id, now=now)
        return cls(workspace_id, people, key, parse_id(MailingList.prefix, selection.list))


@dataclass
class Page:
    """A page of people, and what is known of each, by id."""

    people: Sequence[Subscriber]
    places: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    consent: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    suppressed: dict[str, str] = field(default_factory=dict)
    activity: dict[Any, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))


def pages(chosen: Chosen) -> Iterator[Page]:
    """Yield those whom an export is of, in the order of their ids, with what is known of each."""
    last = chosen.after
    while True:
        query = chosen.people.order_by(chosen.key).limit(PAGE)
        people = db.session.scalars(query if last is None else query.where(chosen.key > last)).all()
        if not people:
            return
        # Whoever takes the lines may commit between two pages, and these rows be gone by then.
        last = people[-1].id
        yield _page(chosen.workspace_id, people)
        if len(people) < PAGE:
            return
        db.session.expunge_all()


def events_of_people(ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what each was sent and did with it, in order."""
    found: dict[Any, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
    for row in db.session.execute(
        select(
            Delivery.id, Delivery.subscriber_id, Delivery.campaign_id, Delivery.state, Delivery.created_at
        ).where(is_among(Delivery.subscriber_id, ids))
    ):
        event = {"event": row.state.value, "delivery": public_id(Delivery.prefix, row.id)}
        if row.campaign_id:
            event["campaign"] = public_id("cmp", row.campaign_id)
        found[row.subscriber_id].append((row.created_at, event))
    for word, kind in (("opened", Open), ("clicked", Click)):
        columns = [kind.delivery_id, kind.at, Delivery.subscriber_id]
        link = Click.link_number if kind is Click else None
        for did in db.session.execute(
            select(*columns, *([link] if link is not None else []))
            .join(Delivery, Delivery.id == kind.delivery_id)
            .where(is_among(Delivery.subscriber_id, ids))
        ):
            event = {"event": word, "delivery": public_id(Delivery.prefix, did.delivery_id)}
            if link is not None:
                event["link"] = did.link_number
            found[did.subscriber_id].append((did.at, event))
    return defaultdict(
        list,
        {
            subscriber_id: [
                {"at": written_at(at), **event} for at, event in sorted(events, key=lambda each: each[0])
            ]
            for subscriber_id, events in found.items()
        },
    )


def list_names(workspace_id: UUID) -> dict[UUID, str]:
    """Return what a workspace's lists are called."""
    rows = db.session.execute(
        select(MailingList.id, MailingList.name).where(MailingList.workspace_id == workspace_id)
    )
    return {row.id: row.name for row in rows}


def written_at(moment: datetime | None) -> str:
    """Return a time as files hold it, or nothing for none."""
    return moment.isoformat() if moment else ""


def _page(workspace_id: UUID, people: Sequence[Subscriber]) -> Page:
    page, ids = Page(people), [person.id for person in people]
    _add_places(page, ids)
    _add_tags(page, ids)
    _add_consent(page, ids)
    _add_suppressions(page, workspace_id)
    _add_activity(page, ids)
    return page


def _add_places(page: Page, ids: Sequence[UUID]) -> None:
    for row in db.session.execute(
        select(
            Subscription.subscriber_id,
            Subscription.list_id,
            Subscription.status,
            Subscription.started_at,
            Subscription.ended_at,
        )
        .where(is_among(Subscription.subscriber_id, ids))
        .order_by(Subscription.id)
    ):
        page.places[row.subscriber_id].append(row)


def _add_tags(page: Page, ids: Sequence[UUID]) -> None:
    for subscriber_id, name in db.session.execute(
        select(subscriber_tags.c.subscriber_id, Tag.name)
        .join(Tag, Tag.id == subscriber_tags.c.tag_id)
        .where(is_among(subscriber_tags.c.subscriber_id, ids))
        .order_by(Tag.name)
    ):
        page.tags[subscriber_id].append(name)


def _add_consent(page: Page, ids: Sequence[UUID]) -> None:
    for record in db.session.execute(
        select(
            ConsentRecord.subscriber_id,
            ConsentRecord.list_id,
            ConsentRecord.created_at,
            ConsentRecord.act,
            ConsentRecord.via,
            func.coalesce(ConsentWords.text, "").label("words"),
            ConsentRecord.ip,
            ConsentRecord.user_agent,
            ConsentRecord.locale,
        )
        .outerjoin(ConsentRecord.shown)
        .where(is_among(ConsentRecord.subscriber_id, ids))
        .order_by(ConsentRecord.id)
    ):
        page.consent[record.subscriber_id].append(record)


def _add_suppressions(page: Page, workspace_id: UUID) -> None:
    keys = [person.email_key for person in page.people]
    for key, reason in db.session.execute(
        select(Suppression.email_key, Suppression.reason).where(
            Suppression.workspace_id == workspace_id, is_among(Suppression.email_key, keys)
        )
    ):
        page.suppressed[key] = reason.value


def _add_activity(page: Page, ids: Sequence[UUID]) -> None:
    for subscriber_id, received in db.session.execute(
        select(Delivery.subscriber_id, func.count())
        .where(is_among(Delivery.subscriber_id, ids), Delivery.state == DeliveryState.ACCEPTED)
        .group_by(Delivery.subscriber_id)
    ):
        page.activity[subscriber_id]["received"] = received
    for name, kind in (("opened", Open), ("clicked", Click)):
        for subscriber_id, count, last in db.session.execute(
            select(Delivery.subscriber_id, func.count(kind.delivery_id.distinct()), func.max(kind.at))
            .join(Delivery, Delivery.id == kind.delivery_id)
            .where(is_among(Delivery.subscriber_id, ids))
            .group_by(Delivery.subscriber_id)
        ):
            page.activity[subscriber_id] |= {name: count, f"{name}_at": last}
