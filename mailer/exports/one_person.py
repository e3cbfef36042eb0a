"""Everything that is known of one person, to be handed out to them (GDPR 15 and 20)."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import select

from mailer import signals
from mailer.audience.fields import written_value
from mailer.audience.models import AddressChange, Subscriber
from mailer.audience.notes import notes_on
from mailer.db import db
from mailer.events.models import CustomEvent
from mailer.events.queries import events_of
from mailer.exports.known import Chosen, events_of_people, list_names, pages, written_at
from mailer.exports.people import csv_of_people, whole
from mailer.lib.csv_rows import csv_line


@signals.everything_wanted.connect
def whole_person(person: Subscriber, **_: Any) -> dict[str, Any]:
    """Return everything that is known of one person, as plain values."""
    one = Chosen(person.workspace_id, select(Subscriber).where(Subscriber.id == person.id))
    page = next(pages(one))
    names = list_names(person.workspace_id)
    return {**whole(person, page, names, events_of_people([person.id])[person.id]), **_said_of(person)}


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


def _said_of(person: Subscriber) -> dict[str, list[dict[str, Any]]]:
    """Return what stands in no page: the notes about one person, and the addresses that they had."""
    changes = db.session.scalars(
        select(AddressChange).where(AddressChange.subscriber_id == person.id).order_by(AddressChange.id)
    )
    return {
        "notes": [{"at": written_at(note.created_at), "text": note.text} for note in notes_on(person)],
        "former_addresses": [
            {"until": written_at(each.created_at), "email": each.before} for each in changes
        ],
        "custom_events": [
            {
                "at": written_at(each.at),
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


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    headings = list(dict.fromkeys(name for row in rows for name in row))
    yield "\ufeff" + csv_line(headings)
    for row in rows:
        yield csv_line([written_value(row.get(name)) for name in headings])
