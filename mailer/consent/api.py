"""The audience for programs: a subscriber saved by address, and put on lists by the rules of consent."""

from typing import Annotated, Literal

from flask import g
from pydantic import Field

from mailer.api.guards import api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.schemas import Address, FieldValue, Given, Line, ListId
from mailer.audience import queries
from mailer.audience.fields import create_missing_fields
from mailer.audience.representation import SubscriberShown, shown_subscribers
from mailer.audience.subscribers import save_subscriber
from mailer.consent.models import Channel, Evidence
from mailer.consent.subscribe import subscribe
from mailer.lib.clock import utcnow

bp = api_blueprint("consent_api", __name__, tag="Audience")

_MOST_LISTS = 50
_MOST_FIELDS = 100

TagName = Annotated[Line, Field(max_length=60, pattern="^[^,]*$")]


class NewSubscriber(Given):
    """A subscriber to be saved; what is left out of one that is known stays as it is."""

    email: Address
    name: Line | None = Field(None, max_length=200)
    locale: Line | None = Field(None, max_length=20, examples=["pt-BR"])
    time_zone: Line | None = Field(None, max_length=64, examples=["Europe/Lisbon"])
    fields: dict[Line, FieldValue] = Field(
        {}, max_length=_MOST_FIELDS, description="Values by key; null forgets one, a new key makes a field."
    )
    tags: list[TagName] = Field([], max_length=50)
    lists: list[ListId] = Field([], max_length=_MOST_LISTS, description="Lists to join.")
    status: Literal["active", "pending"] = Field(
        "pending",
        description="“active”: you answer for this person’s consent, and no confirmation is asked for. "
        "“pending”: a list with double opt-in asks them by mail first.",
    )


@bp.post("/subscribers", endpoint="save_subscriber")
@idempotent
@bp.input(NewSubscriber)
@bp.output(SubscriberShown, status_code=201, description="A new subscriber.")
@bp.doc(responses={200: "A known subscriber was updated."})
def post_subscriber(json_data: NewSubscriber) -> tuple[SubscriberShown, int]:
    """Save a subscriber by address.

    A known address is updated and never re-subscribed: who left a list comes back only
    by an act of their own.
    """
    workspace_id = g.workspace.id
    lists = queries.lists_by_ids(workspace_id, json_data.lists)
    create_missing_fields(workspace_id, json_data.fields)
    subscriber, is_new = save_subscriber(
        workspace_id,
        json_data.email,
        name=json_data.name,
        locale=json_data.locale,
        time_zone=json_data.time_zone,
        fields=json_data.fields,
        tags=json_data.tags,
    )
    evidence = Evidence(
        via=Channel.API, words=f"The API key “{g.api_key.name}” sent status “{json_data.status}”."
    )
    for mailing_list in lists:
        subscribe(
            subscriber,
            mailing_list,
            evidence=evidence,
            now=utcnow(),
            is_confirmed=json_data.status == "active",
        )
    return shown_subscribers([subscriber])[0], 201 if is_new else 200
