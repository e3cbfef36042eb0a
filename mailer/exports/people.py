"""People as a file, as CSV and as JSON, with their subscriptions, consent and events."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from mailer.audience.fields import key_from, written_value
from mailer.audience.models import Field, Subscriber, SubscriptionStatus
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.exports.known import Chosen, Page, events_of_people, list_names, pages, written_at
from mailer.lib.csv_rows import csv_line
from mailer.lib.ids import parse_id

#: Several in one cell, which have commas and semicolons of their own.
_BETWEEN: Final = " | "


def csv_of_people(chosen: Chosen) -> Iterator[str]:
    """Yield people as CSV, headings first; our own import reads it back unchanged."""
    fields = [(each.key, _heading(each)) for each in fields_of(chosen.workspace_id)]
    names = list_names(chosen.workspace_id)
    yield "\ufeff" + csv_line(
        [
            *("Email address", "Name", "Language", "Time zone", "Status", "Subscribed at", "Unsubscribed at"),
            *("Tags", *(heading for _, heading in fields)),
            *("Lists", "Suppressed", "Paused until", "Added at", "Consent"),
            *("Received", "Opened", "Clicked", "Last opened at", "Last clicked at", "External id", "Id"),
        ]
    )
    for page in pages(chosen):
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
                    *(written_at(person.paused_until), written_at(person.created_at)),
                    _BETWEEN.join(_proof(row, names) for row in page.consent[person.id]),
                    *(str(did.get(name, 0)) for name in ("received", "opened", "clicked")),
                    *(written_at(did.get("opened_at")), written_at(did.get("clicked_at"))),
                    *(person.external_id or "", person.public_id),
                ]
            )


def json_of_people(chosen: Chosen) -> Iterator[str]:
    """Yield people as JSON, one in each line, with every consent record and event."""
    names = list_names(chosen.workspace_id)
    for page in pages(chosen):
        events = events_of_people([person.id for person in page.people])
        for person in page.people:
            yield json.dumps(whole(person, page, names, events[person.id]), ensure_ascii=False) + "\n"


def whole(
    person: Subscriber, page: Page, names: dict[UUID, str], events: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return what a page and the events say of one of its people, as plain values."""
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
        "paused_until": written_at(person.paused_until) or None,
        "created_at": written_at(person.created_at),
        "subscriptions": [
            {
                "list": names.get(row.list_id, ""),
                "status": row.status.value,
                "started_at": written_at(row.started_at) or None,
                "ended_at": written_at(row.ended_at) or None,
            }
            for row in page.places[person.id]
        ],
        "consent": [
            {
                "at": written_at(row.created_at),
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


def person_in(line: str, format: str) -> UUID | None:
    """Return whom the last line of an export is about, so that another run goes on after them.

    :param format: of the file: ``csv``, where the id stands last and needs no quotes, or ``jsonl``
    """
    text = json.loads(line)["id"] if format == "jsonl" else line.rstrip().rpartition(",")[2]
    return parse_id(Subscriber.prefix, text)


def _heading(definition: Field) -> str:
    # Read back, the heading must lead to the same field.
    return definition.label if key_from(definition.label) == definition.key else definition.key


def _place(places: Sequence[Any], list_id: UUID | None) -> Any:
    """Return the place that the status is told of: the list's, or the one that decides about mail."""
    if list_id is not None:
        return next((row for row in places if row.list_id == list_id), None)
    rank = [SubscriptionStatus.ACTIVE, SubscriptionStatus.PENDING, SubscriptionStatus.UNSUBSCRIBED]
    return min(places, key=lambda row: rank.index(row.status), default=None)


def _standing(place: Any) -> tuple[str, str, str]:
    if place is None:
        return "", "", ""
    return place.status.value, written_at(place.started_at), written_at(place.ended_at)


def _said(row: Any, names: dict[UUID, str]) -> str:
    return f"{names.get(row.list_id, '')}: {row.status.value} {written_at(row.started_at)}".strip()


def _proof(row: Any, names: dict[UUID, str]) -> str:
    about = names.get(row.list_id, "")
    parts = (written_at(row.created_at), row.act.value, about, row.via.value, row.words)
    return " ".join(part for part in parts if part)
