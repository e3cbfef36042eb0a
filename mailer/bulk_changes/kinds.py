"""What each kind of change takes, does to a few hundred people, and takes back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from mailer.audience.erase import erase_subscribers
from mailer.audience.fields import clean_value, field_by_id, written_value
from mailer.audience.models import Subscriber, Subscription, SubscriptionStatus, subscriber_tags
from mailer.audience.queries.lists import list_by_id
from mailer.audience.subscribers import merged_fields
from mailer.audience.tags import tag_by_id, tags_named
from mailer.bulk import is_among
from mailer.bulk_changes.models import BulkChange, ChangeKind
from mailer.consent.models import Channel, Evidence, Suppression, SuppressionReason
from mailer.consent.subscribe import subscribe, subscription_of
from mailer.consent.suppress import lift_suppressions, suppress
from mailer.consent.unsubscribe import leave, unsubscribe
from mailer.db import db, insert_missing
from mailer.errors import Conflict, Invalid
from mailer.lib.lines import clean_line

_SHORTEST_BASIS: Final = 10
#: Whom a change changed, with what there was before.
Changed = dict[UUID, dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """What is known of a kind of change.

    :param check: returns the options as they are kept; raises ``Invalid`` and ``NotFound``
    :param words: says what is done, of checked options
    :param undo: None where there is no way back
    """

    check: Callable[[UUID, Mapping[str, str]], dict[str, Any]]
    words: Callable[[Mapping[str, Any]], str]
    do: Callable[[BulkChange, Sequence[Subscriber], datetime], Changed]
    undo: Callable[[BulkChange, Sequence[Subscriber], Mapping[UUID, dict[str, Any]]], None] | None = None


def _check_new_tag(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    tags = tags_named(workspace_id, [given.get("tag", "")])
    if not tags:
        raise Invalid("Write the tag first.", fields={"tag": "Write the tag first."})
    return {"tag": tags[0].public_id, "name": tags[0].name}


def _check_tag(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    tag = tag_by_id(workspace_id, given.get("tag", ""))
    return {"tag": tag.public_id, "name": tag.name}


def _tag(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    tag = tag_by_id(change.workspace_id, change.options["tag"])
    rows = [{"subscriber_id": person.id, "tag_id": tag.id} for person in people]
    return _each(insert_missing(subscriber_tags, rows, returning=subscriber_tags.c.subscriber_id))


def _untag(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    tag = tag_by_id(change.workspace_id, change.options["tag"])
    taken = db.session.scalars(
        delete(subscriber_tags)
        .where(
            subscriber_tags.c.tag_id == tag.id,
            is_among(subscriber_tags.c.subscriber_id, [person.id for person in people]),
        )
        .returning(subscriber_tags.c.subscriber_id)
    )
    return _each(taken)


def _undo_tag(change: BulkChange, people: Sequence[Subscriber], before: Mapping[UUID, Any]) -> None:
    _untag(change, people, change.touched_at)


def _undo_untag(change: BulkChange, people: Sequence[Subscriber], before: Mapping[UUID, Any]) -> None:
    _tag(change, people, change.touched_at)


def _check_list(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    chosen = list_by_id(workspace_id, given.get("list", ""))
    return {"list": chosen.public_id, "name": chosen.name}


def _check_joining(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    options = _check_list(workspace_id, given)
    if list_by_id(workspace_id, options["list"]).archived_at is not None:
        raise Conflict(f"“{options['name']}” is archived; bring it back before anyone joins.")
    basis = clean_line(given.get("basis", ""), label="The basis", longest=500)
    if len(basis) < _SHORTEST_BASIS:
        sentence = "Say in a sentence when and how these people agreed; it is kept as the proof."
        raise Invalid(sentence, fields={"basis": sentence})
    return {**options, "basis": basis}


def _subscribe(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    joined = list_by_id(change.workspace_id, change.options["list"])
    by_staff = _evidence(change, change.options["basis"])
    changed: Changed = {}
    for person in people:
        if subscription_of(person, joined) is None:
            subscribe(person, joined, evidence=by_staff, now=now, is_confirmed=True)
            changed[person.id] = {}
    return changed


def _undo_subscribe(change: BulkChange, people: Sequence[Subscriber], before: Mapping[UUID, Any]) -> None:
    joined = list_by_id(change.workspace_id, change.options["list"])
    places = db.session.scalars(
        select(Subscription)
        .where(
            Subscription.list_id == joined.id,
            is_among(Subscription.subscriber_id, [person.id for person in people]),
            # Who has left by themselves since is not told of again.
            Subscription.status != SubscriptionStatus.UNSUBSCRIBED,
        )
        # In one order for everybody, so that two changes never wait for each other in a circle.
        .order_by(Subscription.subscriber_id)
        .with_for_update()
    )
    for place in places.all():
        unsubscribe(place, evidence=_evidence(change, "Undone."), now=change.touched_at)


def _unsubscribe(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    left = list_by_id(change.workspace_id, change.options["list"])
    by_staff = _evidence(change, "")
    return _each(person.id for person in people if leave(person, [left.id], evidence=by_staff, now=now))


def _check_field(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    field = field_by_id(workspace_id, given.get("field", ""))
    value = clean_value(field, given.get("value", ""))
    return {"field": field.public_id, "name": field.label, "value": value}


def _set_field(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    key = field_by_id(change.workspace_id, change.options["field"]).key
    value = change.options["value"]
    changed: Changed = {}
    for person in people:
        known = person.fields.get(key)
        if known != value:
            changed[person.id] = {"value": known}
            person.fields = merged_fields(person.fields, {key: value})
    db.session.flush()
    return changed


def _undo_set_field(change: BulkChange, people: Sequence[Subscriber], before: Mapping[UUID, Any]) -> None:
    key = field_by_id(change.workspace_id, change.options["field"]).key
    for person in people:
        # What somebody wrote there since stays.
        if person.fields.get(key) == change.options["value"]:
            person.fields = merged_fields(person.fields, {key: before[person.id]["value"]})
    db.session.flush()


def _check_nothing(workspace_id: UUID, given: Mapping[str, str]) -> dict[str, Any]:
    return {}


def _suppress(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    keys = {person.email_key: person for person in people}
    known = set(
        db.session.scalars(
            select(Suppression.email_key).where(
                Suppression.workspace_id == change.workspace_id,
                is_among(Suppression.email_key, list(keys)),
            )
        )
    )
    added = [person for key, person in keys.items() if key not in known]
    for person in added:
        suppress(
            change.workspace_id,
            person.email,
            SuppressionReason.MANUAL,
            detail=_suppressed_in(change),
            actor_id=change.created_by_id,
        )
    return _each(person.id for person in added)


def _undo_suppress(change: BulkChange, people: Sequence[Subscriber], before: Mapping[UUID, Any]) -> None:
    standing = db.session.scalars(
        select(Suppression).where(
            Suppression.workspace_id == change.workspace_id,
            is_among(Suppression.email_key, [person.email_key for person in people]),
            Suppression.detail == _suppressed_in(change),
        )
    ).all()
    lift_suppressions(standing, words="The bulk change was undone.", actor_id=change.created_by_id)


def _suppressed_in(change: BulkChange) -> str:
    """Say of a suppression which change it is of, for staff and for its way back."""
    return f"In the bulk change {change.public_id}"


def _erase(change: BulkChange, people: Sequence[Subscriber], now: datetime) -> Changed:
    ids = [person.id for person in people]
    erase_subscribers(change.workspace_id, ids, now=now)
    return _each(ids)


def _each(ids: Any) -> Changed:
    return {subscriber_id: {} for subscriber_id in ids}


def _evidence(change: BulkChange, words: str) -> Evidence:
    return Evidence(Channel.STAFF, words=words, actor_id=change.created_by_id)


KINDS: Final[dict[ChangeKind, Kind]] = {
    ChangeKind.TAG: Kind(_check_new_tag, lambda o: f"Tag with “{o['name']}”", _tag, _undo_tag),
    ChangeKind.UNTAG: Kind(_check_tag, lambda o: f"Take “{o['name']}” off", _untag, _undo_untag),
    ChangeKind.SUBSCRIBE: Kind(
        _check_joining, lambda o: f"Put on “{o['name']}”", _subscribe, _undo_subscribe
    ),
    ChangeKind.UNSUBSCRIBE: Kind(_check_list, lambda o: f"Unsubscribe from “{o['name']}”", _unsubscribe),
    ChangeKind.SET_FIELD: Kind(
        _check_field,
        lambda o: (
            f"Set “{o['name']}” to “{written_value(o['value'])}”"
            if o["value"] is not None
            else f"Clear “{o['name']}”"
        ),
        _set_field,
        _undo_set_field,
    ),
    ChangeKind.SUPPRESS: Kind(_check_nothing, lambda o: "Suppress", _suppress, _undo_suppress),
    ChangeKind.ERASE: Kind(_check_nothing, lambda o: "Erase", _erase),
}
