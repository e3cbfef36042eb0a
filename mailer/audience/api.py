"""Lists and subscribers for programs to make and to read; joining lists is consent's door."""

from typing import Any, Literal

from flask import g
from pydantic import Field
from sqlalchemy import select

from mailer.accounts.models import Scope
from mailer.api.guards import allows, api_blueprint
from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, list_of
from mailer.audience import queries
from mailer.audience.lists import create_list
from mailer.audience.models import MailingList, OptIn, Subscriber, SubscriptionStatus, Visibility
from mailer.audience.representation import ListShown, SubscriberShown, shown_lists, shown_subscribers
from mailer.errors import Invalid
from mailer.lib.addresses import address_key

bp = api_blueprint("audience_api", __name__, tag="Audience")

ListPage = list_of(ListShown, "ListPage")
SubscriberPage = list_of(SubscriberShown, "SubscriberPage")


class NewList(Given):
    """A list to be made."""

    name: Line = Field(min_length=1, max_length=120, examples=["Weekly bread"])
    description: Line = Field("", max_length=500)
    opt_in: OptIn = Field(OptIn.DOUBLE, description="Whether people confirm by mail before they are mailed.")
    visibility: Visibility = Field(Visibility.PUBLIC, description="Whether it has a sign-up page.")


class SubscriberQuery(PageQuery):
    """Which subscribers are asked for."""

    list: str = Field("", description="Only those with a place on this list.")
    status: Literal["", "pending", "active", "unsubscribed"] = Field(
        "", description="Only those whose place has this status."
    )
    tag: Line = Field("", description="Only those with this tag.")
    email: Line = Field("", description="Only the one with this address.")


@bp.get("/lists")
@allows(Scope.READ)
@bp.input(PageQuery, location="query")
@bp.output(ListPage)
def index_lists(query_data: PageQuery) -> dict[str, Any]:
    """Read the lists, newest first; archived ones are left out."""
    current = select(MailingList).where(
        MailingList.workspace_id == g.workspace.id, MailingList.archived_at.is_(None)
    )
    return page(current, MailingList, query_data, lambda rows: shown_lists(rows, queries.counts_of(rows)))


@bp.post("/lists", endpoint="create_list")
@idempotent
@bp.input(NewList)
@bp.output(ListShown, status_code=201)
def post_list(json_data: NewList) -> ListShown:
    """Make a list."""
    made = create_list(g.workspace.id, **json_data.model_dump())
    return shown_lists([made], queries.counts_of([made]))[0]


@bp.get("/subscribers")
@allows(Scope.READ)
@bp.input(SubscriberQuery, location="query")
@bp.output(SubscriberPage)
def index_subscribers(query_data: SubscriberQuery) -> dict[str, Any]:
    """Read the subscribers, newest first."""
    workspace_id = g.workspace.id
    by = queries.SubscriberFilter(
        list_id=queries.list_by_id(workspace_id, query_data.list).id if query_data.list else None,
        status=SubscriptionStatus(query_data.status) if query_data.status else None,
        tag_id=_tag_id(query_data.tag) if query_data.tag else None,
    )
    found = queries.subscribers(workspace_id, by)
    if query_data.email:
        found = found.where(Subscriber.email_key == address_key(query_data.email))
    return page(found, Subscriber, query_data, shown_subscribers, key=queries.order_of(by))


@bp.get("/subscribers/<subscriber_id>")
@allows(Scope.READ)
@bp.output(SubscriberShown)
def show_subscriber(subscriber_id: str) -> SubscriberShown:
    """Read one subscriber."""
    return shown_subscribers([queries.subscriber_by_id(g.workspace.id, subscriber_id)])[0]


def _tag_id(name: str) -> Any:
    for tag in queries.tags_of(g.workspace.id):
        if tag.name.casefold() == name.casefold():
            return tag.id
    raise Invalid(f"There is no tag “{name[:60]}”.", fields={"tag": "There is no such tag."})
