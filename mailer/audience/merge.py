"""Merging two subscribers who turn out to be one person: one stays, with the history of both."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, insert, literal, select, update

from mailer import signals
from mailer.audience.models import AddressChange, Note, Subscriber, Subscription, subscriber_tags
from mailer.audience.queries.fields_and_tags import fields_of
from mailer.columns import Id
from mailer.db import db
from mailer.errors import Invalid

_DETAILS: Final = {"name": "Name", "locale": "Language", "time_zone": "Time zone"}
_FIELD: Final = "fields."


@dataclass(frozen=True)
class Difference:
    """A detail that both have, and not alike.

    :param key: ``name``, ``locale``, ``time_zone``, or ``fields.`` with a field's key
    """

    key: str
    label: str
    kept: Any
    gone: Any


def merge_subscribers(
    kept: Subscriber,
    gone: Subscriber,
    *,
    taken: Collection[str] = (),
    actor_id: UUID | None = None,
    now: datetime,
) -> None:
    """Make two subscribers one. Who stays keeps the address, and every place that they have on a list.

    Places on other lists, tags, notes and everything that happened follow; so do former
    addresses and, as copies that prove themselves, consent records. What is empty is
    filled in. Where both have a place on a list, that of who stays stands: nobody who left
    with the address that is mailed from now on is put back.

    :param taken: keys of :func:`differences` of which the other's value is right
    :raises Invalid: they are one already, of two workspaces, or there is no such difference
    """
    if kept.id == gone.id or kept.workspace_id != gone.workspace_id:
        raise Invalid("Choose two different subscribers.", fields={"other": "Choose somebody else."})
    _hold(kept, gone)
    _merge_details(kept, gone, taken)
    _pass_on_external_id(kept, gone)
    _move_places(kept, gone)
    _copy_tags(kept, gone)
    for table in (Note, AddressChange):
        hand_over(table, kept, gone)
    db.session.add(
        AddressChange(
            workspace_id=kept.workspace_id,
            subscriber_id=kept.id,
            before=gone.email,
            merged_from_id=gone.id,
            actor_id=actor_id,
            created_at=now,
        )
    )
    db.session.flush()
    signals.subscribers_merged.send(kept, gone=gone)
    db.session.execute(
        delete(Subscriber).where(Subscriber.id == gone.id).execution_options(synchronize_session=False)
    )
    db.session.expunge(gone)
    db.session.expire(kept)
    signals.subscriber_saved.send(kept, is_new=False)


def differences(kept: Subscriber, gone: Subscriber) -> list[Difference]:
    """Return the details that both have and not alike, so that somebody has to choose."""
    labels = {f"{_FIELD}{field.key}": field.label for field in fields_of(kept.workspace_id)}
    return [
        Difference(key, label, ours, theirs)
        for key, label in {**_DETAILS, **labels}.items()
        if (ours := _value(kept, key)) != (theirs := _value(gone, key))
        and ours not in (None, "")
        and theirs not in (None, "")
    ]


def hand_over(table: Any, kept: Subscriber, gone: Subscriber, *conditions: ColumnElement[bool]) -> None:
    """Make rows that were one subscriber's the other's.

    :param table: with a ``subscriber_id`` and a ``workspace_id``
    :param conditions: what else must hold of a row
    """
    db.session.execute(
        update(table)
        .where(table.workspace_id == gone.workspace_id, table.subscriber_id == gone.id, *conditions)
        .values(subscriber_id=kept.id)
        .execution_options(synchronize_session=False)
    )


def _hold(kept: Subscriber, gone: Subscriber) -> None:
    """Lock both, in the order of their ids, so that two merges never wait for each other in a circle."""
    ids = [kept.id, gone.id]
    held = db.session.scalars(
        select(Subscriber.id).where(Subscriber.id.in_(ids)).order_by(Subscriber.id).with_for_update()
    ).all()
    if len(held) != len(ids):
        raise Invalid("One of the two is here no more.")


def _merge_details(kept: Subscriber, gone: Subscriber, taken: Collection[str]) -> None:
    unknown = set(taken) - {each.key for each in differences(kept, gone)}
    if unknown:
        raise Invalid(f"The two do not differ in “{min(unknown)[:60]}”.")
    for key in _DETAILS:
        if key in taken or not getattr(kept, key):
            setattr(kept, key, getattr(gone, key))
    theirs = {
        key: value
        for key, value in gone.fields.items()
        if f"{_FIELD}{key}" in taken or kept.fields.get(key) in (None, "")
    }
    kept.fields = {**kept.fields, **theirs}
    # The more cautious wish of the two.
    kept.paused_until = max(filter(None, (kept.paused_until, gone.paused_until)), default=None)
    kept.days_between = max(filter(None, (kept.days_between, gone.days_between)), default=None)
    if kept.import_id != gone.import_id:
        # Neither import alone brought them, so that undoing one does not take them away.
        kept.import_id = None


def _pass_on_external_id(kept: Subscriber, gone: Subscriber) -> None:
    if kept.external_id is not None or gone.external_id is None:
        return
    passed_on, gone.external_id = gone.external_id, None
    # It is unique at every moment: taken away first, then given.
    db.session.flush()
    kept.external_id = passed_on


def _move_places(kept: Subscriber, gone: Subscriber) -> None:
    has_own = Subscription.list_id.in_(
        select(Subscription.list_id).where(Subscription.subscriber_id == kept.id).scalar_subquery()
    )
    hand_over(Subscription, kept, gone, ~has_own)


def _copy_tags(kept: Subscriber, gone: Subscriber) -> None:
    own = subscriber_tags.alias()
    has_already = exists().where(own.c.subscriber_id == kept.id, own.c.tag_id == subscriber_tags.c.tag_id)
    theirs = select(literal(kept.id, Id), subscriber_tags.c.tag_id).where(
        subscriber_tags.c.subscriber_id == gone.id, ~has_already
    )
    db.session.execute(insert(subscriber_tags).from_select(["subscriber_id", "tag_id"], theirs))


def _value(subscriber: Subscriber, key: str) -> Any:
    if key.startswith(_FIELD):
        return subscriber.fields.get(key.removeprefix(_FIELD))
    return getattr(subscriber, key)
