"""Custom events for programs: told, and read again."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import ExternalId, Given, Line, PlainValue, Shown, list_of
from mailer.audience.external_ids import clean_external_id
from mailer.audience.models import Subscriber
from mailer.audience.queries.subscribers import (
    subscriber_by_email,
    subscriber_by_external_id,
    subscriber_by_id,
)
from mailer.errors import Invalid
from mailer.events import queries
from mailer.events.models import CustomEvent
from mailer.events.record_event import record_event
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id

bp = api_blueprint("events_api", __name__, tag="Events")

EventName = Annotated[Line, Field(max_length=60, examples=["order.placed"])]


class NewEvent(Given):
    """Something that a subscriber did; they are named by id, by external id or by address."""

    name: EventName
    subscriber: Line = Field("", max_length=40, description="Whose it is, by id.")
    external_id: ExternalId = Field("", description="Whose it is, by what your programs call them.")
    email: Line = Field("", max_length=320, description="Whose it is, by address.")
    at: AwareDatetime | None = Field(None, description="When it happened; now when left out.")
    key: Line = Field(
        "",
        max_length=100,
        description="Your own id of it, such as an order's number: told again, it counts once.",
        examples=["order-1001"],
    )
    value: Annotated[Decimal, Field(allow_inf_nan=False)] | None = Field(
        None, description="What it was worth.", examples=[24.5]
    )
    currency: Line = Field("", max_length=3, examples=["EUR"])
    properties: dict[Annotated[Line, Field(max_length=60)], PlainValue] = Field({}, max_length=50)


class EventShown(Shown):
    """A custom event."""

    object: Literal["event"] = "event"
    id: str
    name: str
    subscriber: str
    at: AwareDatetime
    key: str | None
    value: float | None
    currency: str
    properties: dict[str, Any]
    created_at: AwareDatetime


EventPage = list_of(EventShown, "EventPage")


class EventQuery(PageQuery):
    """Which events are asked for."""

    name: Line = Field("", description="Only those of this name.")
    subscriber: Line = Field("", description="Only those of this subscriber.")


@bp.get("/events")
@bp.input(EventQuery, location="query")
@bp.output(EventPage)
def index_events(query_data: EventQuery) -> dict[str, Any]:
    """Read the custom events, newest first."""
    workspace_id, named = g.workspace.id, query_data.subscriber
    subscriber_id = subscriber_by_id(workspace_id, named).id if named else None
    found = queries.events_of(workspace_id, name=query_data.name, subscriber_id=subscriber_id)
    return page(found, CustomEvent, query_data, lambda rows: [_shown(row) for row in rows])


@bp.post("/events", endpoint="record_event")
@idempotent
@bp.input(NewEvent)
@bp.output(EventShown, status_code=201, description="A new event.")
@bp.doc(responses={200: "An event with this name and key was told before; it stays as it was."})
def post_event(json_data: NewEvent) -> tuple[EventShown, int]:
    """Tell what a subscriber did; who is not known here is refused, since nobody is added unasked."""
    given = json_data.model_dump(exclude={"subscriber", "external_id", "email"})
    event, is_new = record_event(_whose(json_data), **given, now=utcnow())
    return _shown(event), 201 if is_new else 200


@bp.get("/events/<event_id>")
@bp.output(EventShown)
def show_event(event_id: str) -> EventShown:
    """Read one custom event."""
    return _shown(queries.event_by_id(g.workspace.id, event_id))


def _whose(given: NewEvent) -> Subscriber:
    if sum(map(bool, (given.subscriber, given.external_id, given.email))) != 1:
        sentence = "Name the subscriber by id, by external id or by email: by one of them."
        raise Invalid(sentence, fields={"subscriber": sentence})
    if given.subscriber:
        return subscriber_by_id(g.workspace.id, given.subscriber)
    if external_id := clean_external_id(given.external_id):
        found, named = subscriber_by_external_id(g.workspace.id, external_id), "external_id"
        sentence = f"Nobody here has the external id “{given.external_id}”."
    else:
        found, named = subscriber_by_email(g.workspace.id, given.email), "email"
        sentence = f"Nobody here has the address {given.email}."
    if found is None:
        raise Invalid(sentence, fields={named: sentence})
    return found


def _shown(event: CustomEvent) -> EventShown:
    return EventShown.of(
        event,
        subscriber=public_id(Subscriber.prefix, event.subscriber_id),
        value=None if event.value is None else float(event.value),
    )
