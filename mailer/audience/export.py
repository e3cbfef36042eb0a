"""A list as a file, row by row, in pages of a thousand however long it is."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from mailer.audience import queries
from mailer.audience.models import (
    Import,
    ImportRefusal,
    MailingList,
    Subscriber,
    Subscription,
    Tag,
    subscriber_tags,
)
from mailer.db import db
from mailer.lib.csv_rows import csv_line

_PAGE: Final = 1_000


def csv_of_list(mailing_list: MailingList) -> Iterator[str]:
    """Yield a list's subscribers with the status of their subscription, headings first."""
    fields = queries.fields_of(mailing_list.workspace_id)
    list_id = mailing_list.id
    yield "\ufeff" + csv_line(
        [
            *("Email address", "Name", "Language", "Time zone", "Status", "Subscribed at", "Unsubscribed at"),
            *("Tags", *(field.label for field in fields)),
        ]
    )
    last: UUID | None = None
    while page := _page(list_id, last):
        tags = _tags_of([row.id for row in page])
        for row in page:
            yield csv_line(
                [
                    *(row.email, row.name, row.locale, row.time_zone, row.status.value),
                    *(at.isoformat() if at else "" for at in (row.started_at, row.ended_at)),
                    ", ".join(tags.get(row.id, [])),
                    *(_cell(row.fields.get(field.key)) for field in fields),
                ]
            )
        last = page[-1].id


def csv_of_refusals(source: Import) -> Iterator[str]:
    """Yield the rows of a file that were not taken, each with the reason, to be mended and uploaded again."""
    import_id = source.id
    yield "\ufeff" + csv_line([*source.headings, "Row", "Why it was refused"])
    width, last = len(source.headings), 0
    while True:
        page = db.session.scalars(
            select(ImportRefusal)
            .where(ImportRefusal.import_id == import_id, ImportRefusal.row_number > last)
            .order_by(ImportRefusal.row_number)
            .limit(_PAGE)
        ).all()
        if not page:
            return
        for refusal in page:
            cells = (refusal.cells + [""] * width)[:width]
            yield csv_line([*cells, str(refusal.row_number), refusal.reason])
        last = page[-1].row_number


def _page(list_id: UUID, last: UUID | None) -> Sequence[Any]:
    query = (
        select(
            Subscriber.id,
            Subscriber.email,
            Subscriber.name,
            Subscriber.locale,
            Subscriber.time_zone,
            Subscriber.fields,
            Subscription.status,
            Subscription.started_at,
            Subscription.ended_at,
        )
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id == list_id)
    )
    if last is not None:
        query = query.where(Subscription.subscriber_id > last)
    return db.session.execute(query.order_by(Subscription.subscriber_id).limit(_PAGE)).all()


def _tags_of(subscriber_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = db.session.execute(
        select(subscriber_tags.c.subscriber_id, Tag.name)
        .join(Tag, Tag.id == subscriber_tags.c.tag_id)
        .where(subscriber_tags.c.subscriber_id.in_(subscriber_ids))
        .order_by(Tag.name)
    )
    names: dict[UUID, list[str]] = {}
    for subscriber_id, name in rows:
        names.setdefault(subscriber_id, []).append(name)
    return names


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
