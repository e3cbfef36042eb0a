"""Subscribers for programs: found, changed, tagged, erased; saving one is consent's door."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import (
    Address,
    ExternalId,
    FieldValue,
    Given,
    Line,
    Shown,
    changes_of,
    given,
    id_of,
    list_of,
)
from mailer.audience.api.frame import bp
from mailer.audience.erase import erase_subscribers
from mailer.audience.external_ids import clean_external_id, set_external_id
from mailer.audience.fields import create_missing_fields
from mailer.audience.merge import merge_subscribers
from mailer.audience.models import Subscriber, SubscriptionStatus
from mailer.audience.queries.lists import list_by_id
from mailer.audience.queries.narrowed import SubscriberFilter, order_of, select_subscribers
from mailer.audience.queries.subscribers import owned_ids, subscriber_by_id
from mailer.audience.representation import SubscriberShown, SubscriptionShown, shown_subscribers
from mailer.audience.subscribers import change_address, edit_subscriber
from mailer.audience.tags import set_tags, tag_called, tag_subscribers, untag_subscribers
from mailer.audience.timeline import events_of
from mailer.db import db
from mailer.errors import Invalid
from mailer.lib.addresses import address_key
from mailer.lib.clock import utcnow
from mailer.lib.ids import parse_id

_MOST_AT_ONCE = 1_000

SubscriberPage = list_of(SubscriberShown, "SubscriberPage")
SubscriptionList = list_of(SubscriptionShown, "SubscriptionList")
TagName = Annotated[Line, Field(max_length=60, pattern="^[^,]*$")]


class SubscriberQuery(PageQuery):
    """Which subscribers are asked for."""

    list: str = Field("", description="Only those with a place on this list.")
    status: Literal["", "pending", "active", "unsubscribed"] = Field(
        "", description="Only those whose place has this status."
    )
    tag: Line = Field("", description="Only those with this tag.")
    email: Line = Field("", description="Only the one with this address.")
    external_id: Line = Field("", description="Only the one with this external id.")
    search: Line = Field(
        "",
        max_length=320,
        description="Only those whose address or name begins so, or whose external id it is.",
    )


class Details(Given):
    """What is known of a subscriber."""

    email: Address
    external_id: ExternalId | None = Field(
        None, description="What your programs call them, unique in the workspace; null forgets it."
    )
    name: Line = Field("", max_length=200)
    locale: Line = Field("", max_length=20, examples=["pt-BR"])
    time_zone: Line = Field("", max_length=64, examples=["Europe/Lisbon"])
    fields: dict[Line, FieldValue] = Field(
        {}, max_length=100, description="Values by key join those that are there; null forgets one."
    )
    tags: list[TagName] = Field([], max_length=50, description="All tags; those left out are taken off.")


SubscriberChanges = changes_of(Details, "SubscriberChanges")


class Chosen(Given):
    """Some subscribers."""

    subscribers: list[id_of("sub")] = Field(min_length=1, max_length=_MOST_AT_ONCE)  # type: ignore[valid-type]


class Tagging(Chosen):
    """Some subscribers, and tags for them."""

    tags: list[TagName] = Field(min_length=1, max_length=50, examples=[["vip"]])


class Untagging(Chosen):
    """Some subscribers, and a tag that they lose."""

    tag: TagName = Field(examples=["vip"])


class Merging(Given):
    """Another subscriber who is the same person."""

    other: id_of("sub") = Field(description="Who goes; everything of theirs follows.")  # type: ignore[valid-type]
    take: list[Line] = Field(
        [],
        max_length=110,
        examples=[["name", "fields.city"]],
        description="Details that both have, of which the other’s value is right.",
    )


class CountShown(Shown):
    """How many subscribers something was done to."""

    object: Literal["count"] = "count"
    count: int


class EventShown(Shown):
    """Something that happened to a subscriber."""

    at: AwareDatetime
    text: str
    detail: str
    standing: bool = Field(description="It still holds, and decides whether they are mailed.")


class SubscriberEventsShown(Shown):
    """What happened to a subscriber, newest first: the last 200."""

    object: Literal["list"] = "list"
    data: list[EventShown]


@bp.get("/subscribers")
@bp.input(SubscriberQuery, location="query")
@bp.output(SubscriberPage)
def index_subscribers(query_data: SubscriberQuery) -> dict[str, Any]:
    """Read the subscribers, newest first."""
    workspace_id = g.workspace.id
    by = SubscriberFilter(
        search=query_data.search,
        list_id=list_by_id(workspace_id, query_data.list).id if query_data.list else None,
        status=SubscriptionStatus(query_data.status) if query_data.status else None,
        tag_id=_tag_id(query_data.tag) if query_data.tag else None,
    )
    found = select_subscribers(workspace_id, by)
    if query_data.email:
        found = found.where(Subscriber.email_key == address_key(query_data.email))
    if external_id := clean_external_id(query_data.external_id):
        found = found.where(Subscriber.external_id == external_id)
    return page(found, Subscriber, query_data, shown_subscribers, key=order_of(by))


@bp.get("/subscribers/<subscriber_id>")
@bp.output(SubscriberShown)
def show_subscriber(subscriber_id: str) -> SubscriberShown:
    """Read one subscriber."""
    return shown_subscribers([_subscriber(subscriber_id)])[0]


@bp.get("/subscribers/<subscriber_id>/subscriptions")
@bp.output(SubscriptionList)
def index_subscriptions(subscriber_id: str) -> dict[str, Any]:
    """Read every list that a subscriber is or was on: all at once, since they are few."""
    (shown,) = shown_subscribers([_subscriber(subscriber_id)])
    return {"object": "list", "has_more": False, "data": shown.subscriptions}


@bp.patch("/subscribers/<subscriber_id>", endpoint="update_subscriber")
@bp.input(SubscriberChanges)
@bp.output(SubscriberShown)
def patch_subscriber(subscriber_id: str, json_data: Given) -> SubscriberShown:
    """Change what is known of a subscriber; their places on lists stay as they are.

    An external id that another subscriber has is answered with 409.
    """
    subscriber, changes = _subscriber(subscriber_id), given(json_data)
    create_missing_fields(g.workspace.id, changes.get("fields", {}))
    change_address(subscriber, changes.get("email", subscriber.email))
    if "external_id" in changes:
        set_external_id(subscriber, changes["external_id"])
    edit_subscriber(
        subscriber,
        name=changes.get("name", subscriber.name),
        locale=changes.get("locale", subscriber.locale),
        time_zone=changes.get("time_zone", subscriber.time_zone),
        fields=changes.get("fields", {}),
    )
    if "tags" in changes:
        set_tags(subscriber, changes["tags"])
    db.session.commit()
    return shown_subscribers([subscriber])[0]


@bp.delete("/subscribers/<subscriber_id>", endpoint="erase_subscriber")
@bp.output({}, status_code=204)
def delete_subscriber(subscriber_id: str) -> str:
    """Erase a subscriber with everything that is theirs; a suppression of their address stays."""
    erase_subscribers(g.workspace.id, [_subscriber(subscriber_id).id], now=utcnow())
    db.session.commit()
    return ""


@bp.post("/subscribers/<subscriber_id>/merge", endpoint="merge_subscriber")
@idempotent
@bp.input(Merging)
@bp.output(SubscriberShown)
def merge(subscriber_id: str, json_data: Merging) -> SubscriberShown:
    """Merge another subscriber into this one, who keeps the address and the own places on lists.

    Tags, notes, mails, events and other places follow; consent records are copied, and the
    copies prove themselves. There is no way back.
    """
    kept = _subscriber(subscriber_id)
    merge_subscribers(kept, _subscriber(json_data.other), taken=json_data.take, now=utcnow())
    return shown_subscribers([kept])[0]


@bp.get("/subscribers/<subscriber_id>/events", endpoint="index_subscriber_events")
@bp.output(SubscriberEventsShown)
def index_events(subscriber_id: str) -> SubscriberEventsShown:
    """Read what happened to a subscriber, newest first."""
    return SubscriberEventsShown(
        data=[
            EventShown(at=event.at, text=event.text, detail=event.detail, standing=event.is_standing)
            for event in events_of(_subscriber(subscriber_id))
        ]
    )


@bp.post("/subscribers/tag", endpoint="tag_subscribers")
@idempotent
@bp.input(Tagging)
@bp.output(CountShown)
def tag(json_data: Tagging) -> CountShown:
    """Put tags on up to 1,000 subscribers."""
    chosen = _owned(json_data.subscribers)
    tag_subscribers(g.workspace.id, chosen, json_data.tags)
    return CountShown(count=len(chosen))


@bp.post("/subscribers/untag", endpoint="untag_subscribers")
@idempotent
@bp.input(Untagging)
@bp.output(CountShown)
def untag(json_data: Untagging) -> CountShown:
    """Take a tag off up to 1,000 subscribers."""
    chosen = _owned(json_data.subscribers)
    untag_subscribers(g.workspace.id, chosen, tag_called(g.workspace.id, json_data.tag))
    return CountShown(count=len(chosen))


@bp.post("/subscribers/erase", endpoint="erase_subscribers")
@idempotent
@bp.input(Chosen)
@bp.output(CountShown)
def erase(json_data: Chosen) -> CountShown:
    """Erase up to 1,000 subscribers with everything that is theirs."""
    return CountShown(count=erase_subscribers(g.workspace.id, _owned(json_data.subscribers), now=utcnow()))


def _subscriber(subscriber_id: str) -> Subscriber:
    return subscriber_by_id(g.workspace.id, subscriber_id)


def _owned(subscriber_ids: Sequence[str]) -> list[UUID]:
    """Return the subscribers with these ids.

    :raises Invalid: naming those that are not the workspace's
    """
    ids = {one: parse_id(Subscriber.prefix, one) for one in subscriber_ids}
    owned = set(owned_ids(g.workspace.id, [one for one in ids.values() if one]))
    missing = [one for one, identifier in ids.items() if identifier not in owned]
    if missing:
        sentence = f"There is no subscriber {', '.join(missing[:10])}."
        raise Invalid(sentence, fields={"subscribers": sentence})
    return list(owned)


def _tag_id(name: str) -> UUID:
    return tag_called(g.workspace.id, name).id
