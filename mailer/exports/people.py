"""People as a file, with their subscriptions, consent and events: a page of a thousand at a time."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import Select, func, select

from mailer import signals
from mailer.audience.fields import key_from, written_value
from mailer.audience.models import (
    AddressChange,
    Field,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    Tag,
    subscriber_tags,
)
from mailer.audience.notes import notes_on
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.bulk import is_among
from mailer.consent.models import ConsentRecord, ConsentWords, Suppression
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState
from mailer.events.models import CustomEvent
from mailer.events.queries import events_of
from mailer.lib.csv_rows import csv_line
from mailer.lib.ids import parse_id, public_id
from mailer.segments.selection import Selection
from mailer.tracking.models import Click, Open

#: People, or lines, that are read at once.
PAGE: Final = 1_000
#: Several in one cell, which have commas and semicolons of their own.
_BETWEEN: Final = " | "


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
class _Page:
    """A page of people, and what is known of each, by id."""

    people: Sequence[Subscriber]
    places: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[UUID, list[str]] = field(default_factory=lambda: defaultdict(list))
    consent: dict[UUID, list[Any]] = field(default_factory=lambda: defaultdict(list))
    suppressed: dict[str, str] = field(default_factory=dict)
    activity: dict[Any, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))


def csv_of_people(chosen: Chosen) -> Iterator[str]:
    """Yield people as CSV, headings first; our own import reads it back unchanged."""
    fields = [(each.key, _heading(each)) for each in fields_of(chosen.workspace_id)]
    names = _list_names(chosen.workspace_id)
    yield "\ufeff" + csv_line(
        [
            *("Email address", "Name", "Language", "Time zone", "Status", "Subscribed at", "Unsubscribed at"),
            *("Tags", *(heading for _, heading in fields)),
            *("Lists", "Suppressed", "Paused until", "Added at", "Consent"),
            *("Received", "Opened", "Clicked", "Last opened at", "Last clicked at", "External id", "Id"),
        ]
    )
    for page in _pages(chosen):
        for person in page.people:
            place = _place(page.places[person.id], chosen.list_id)
            did = page.activity[person.id]
            yield csv_line(
                [
                    *(person.email, person.name, person.locale, person.time_zone),
                    *_standing(place),
                    ", ".join(page.tags[person.id]),
                    *(written_value(person.fields.get(key)) for key, _ in fields),
                    _BETWEEN.join(_said(row, names) for row in page.places[person.id]),
                    page.suppressed.get(person.email_key, ""),
                    *(_at(person.paused_until), _at(person.created_at)),
                    _BETWEEN.join(_proof(row, names) for row in page.consent[person.id]),
                    *(str(did.get(name, 0)) for name in ("received", "opened", "clicked")),
                    *(_at(did.get("opened_at")), _at(did.get("clicked_at"))),
                    *(person.external_id or "", person.public_id),
                ]
            )


def json_of_people(chosen: Chosen) -> Iterator[str]:
    """Yield people as JSON, one in each line, with every consent record and event."""
    names = _list_names(chosen.workspace_id)
    for page in _pages(chosen):
        events = _events([person.id for person in page.people])
        for person in page.people:
            yield json.dumps(_whole(person, page, names, events[person.id]), ensure_ascii=False) + "\n"


def person_in(line: str, format: str) -> UUID | None:
    """Return whom the last line of an export is about, so that another run goes on after them.

    :param format: of the file: ``csv``, where the id stands last and needs no quotes, or ``jsonl``
    """
    text = json.loads(line)["id"] if format == "jsonl" else line.rstrip().rpartition(",")[2]
    return parse_id(Subscriber.prefix, text)


@signals.everything_wanted.connect
def whole_person(person: Subscriber, **_: Any) -> dict[str, Any]:
    """Return everything that is known of one person, as plain values (GDPR 15 and 20)."""
    one = Chosen(person.workspace_id, select(Subscriber).where(Subscriber.id == person.id))
    page = next(_pages(one))
    names = _list_names(person.workspace_id)
    return {**_whole(person, page, names, _events([person.id])[person.id]), **_said_of(person)}


def zip_of_person(person: Subscriber) -> bytes:
    """Return everything that is known of one person as a zip: JSON for programs, CSV for people."""
    known = whole_person(person)
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("everything.json", json.dumps(known, ensure_ascii=False, indent=2) + "\n")
        one = Chosen(person.workspace_id, select(Subscriber).where(Subscriber.id == person.id))
        archive.writestr("person.csv", "".join(csv_of_people(one)))
        for name in ("subscriptions", "consent", "events", "custom_events", "notes", "former_addresses"):
            archive.writestr(f"{name}.csv", "".join(_table(known[name])))
    return packed.getvalue()


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    yield "\ufeff" + csv_line(headings)
    for row in rows:
        yield csv_line([written_value(row.get(name)) for name in headings])


def _said_of(person: Subscriber) -> dict[str, list[dict[str, Any]]]:
    """Return what stands in no page: the notes about one person, and the addresses that they had."""
    changes = db.session.scalars(
        select(AddressChange).where(AddressChange.subscriber_id == person.id).order_by(AddressChange.id)
    )
    return {
        "notes": [{"at": _at(note.created_at), "text": note.text} for note in notes_on(person)],
        "former_addresses": [{"until": _at(each.created_at), "email": each.before} for each in changes],
        "custom_events": [
            {
                "at": _at(each.at),
                "name": each.name,
                "value": None if each.value is None else str(each.value),
                "currency": each.currency,
                **{f"property {name}": value for name, value in each.properties.items()},
            }
            for each in db.session.scalars(
                events_of(person.workspace_id, subscriber_id=person.id).order_by(CustomEvent.at)
            )
        ],
    }


def _whole(
    person: Subscriber, page: _Page, names: dict[UUID, str], events: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": person.public_id,
        "email": person.email,
        "external_id": person.external_id,
        "name": person.name,
        "locale": person.locale,
        "time_zone": person.time_zone,
        "fields": person.fields,
        "tags": page.tags[person.id],
        "suppressed": page.suppressed.get(person.email_key),
        "paused_until": _at(person.paused_until) or None,
        "created_at": _at(person.created_at),
        "subscriptions": [
            {
                "list": names.get(row.list_id, ""),
                "status": row.status.value,
                "started_at": _at(row.started_at) or None,
                "ended_at": _at(row.ended_at) or None,
            }
            for row in page.places[person.id]
        ],
        "consent": [
            {
                "at": _at(row.created_at),
                "act": row.act.value,
                "via": row.via.value,
                "list": names.get(row.list_id),
                "words": row.words,
                "ip": row.ip,
                "user_agent": row.user_agent,
                "locale": row.locale,
            }
            for row in page.consent[person.id]
        ],
        "events": events,
    }


def _pages(chosen: Chosen) -> Iterator[_Page]:
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


def _page(workspace_id: UUID, people: Sequence[Subscriber]) -> _Page:
    page, ids = _Page(people), [person.id for person in people]
    _add_places(page, ids)
    _add_tags(page, ids)
    _add_consent(page, ids)
    _add_suppressions(page, workspace_id)
    _add_activity(page, ids)
    return page


def _add_places(page: _Page, ids: Sequence[UUID]) -> None:
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


def _add_tags(page: _Page, ids: Sequence[UUID]) -> None:
    for subscriber_id, name in db.session.execute(
        select(subscriber_tags.c.subscriber_id, Tag.name)
        .join(Tag, Tag.id == subscriber_tags.c.tag_id)
        .where(is_among(subscriber_tags.c.subscriber_id, ids))
        .order_by(Tag.name)
    ):
        page.tags[subscriber_id].append(name)


def _add_consent(page: _Page, ids: Sequence[UUID]) -> None:
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


def _add_suppressions(page: _Page, workspace_id: UUID) -> None:
    keys = [person.email_key for person in page.people]
    for key, reason in db.session.execute(
        select(Suppression.email_key, Suppression.reason).where(
            Suppression.workspace_id == workspace_id, is_among(Suppression.email_key, keys)
        )
    ):
        page.suppressed[key] = reason.value


def _add_activity(page: _Page, ids: Sequence[UUID]) -> None:
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


def _events(ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
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
                {"at": _at(at), **event} for at, event in sorted(events, key=lambda each: each[0])
            ]
            for subscriber_id, events in found.items()
        },
    )


def _place(places: Sequence[Any], list_id: UUID | None) -> Any:
    """Return the place that the status is told of: the list's, or the one that decides about mail."""
    if list_id is not None:
        return next((row for row in places if row.list_id == list_id), None)
    rank = [SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING, SubscriptionStatus.UNSUBSCRIBED]
    return min(places, key=lambda row: rank.index(row.status), default=None)


def _standing(place: Any) -> tuple[str, str, str]:
    return (place.status.value, _at(place.started_at), _at(place.ended_at)) if place else ("", "", "")


def _list_names(workspace_id: UUID) -> dict[UUID, str]:
    rows = db.session.execute(
        select(MailingList.id, MailingList.name).where(MailingList.workspace_id == workspace_id)
    )
    return {row.id: row.name for row in rows}


def _heading(definition: Field) -> str:
    # Read back, the heading must lead to the same field.
    return definition.label if key_from(definition.label) == definition.key else definition.key


def _said(row: Any, names: dict[UUID, str]) -> str:
    return f"{names.get(row.list_id, '')}: {row.status.value} {_at(row.started_at)}".strip()


def _proof(row: Any, names: dict[UUID, str]) -> str:
    about = names.get(row.list_id, "")
    parts = (_at(row.created_at), row.act.value, about, row.via.value, row.words)
    return " ".join(part for part in parts if part)


def _at(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
