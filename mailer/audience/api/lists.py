"""Lists for programs: made, changed, retired and brought back."""

from typing import Any

from flask import g
from pydantic import Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Given, Line, Lines, changes_of, list_of, patched
from mailer.audience import lists
from mailer.audience.api.frame import bp
from mailer.audience.lists import ListSettings
from mailer.audience.models import MailingList, OptIn, Visibility
from mailer.audience.queries.lists import counts_of, list_by_id, lists_of
from mailer.audience.representation import ListShown, shown_lists
from mailer.db import db
from mailer.lib.clock import utcnow

ListPage = list_of(ListShown, "ListPage")


class ListQuery(PageQuery):
    """Which lists are asked for."""

    archived: bool = Field(False, description="Those that are retired, rather than those in use.")


class NewList(Given):
    """A list to be made."""

    name: Line = Field(min_length=1, max_length=120, examples=["Weekly bread"])
    description: Line = Field("", max_length=500, examples=["Every Sunday, what comes out of the oven."])
    opt_in: OptIn = Field(OptIn.DOUBLE, description="Whether people confirm by mail before they are mailed.")
    visibility: Visibility = Field(Visibility.PUBLIC, description="Whether it has a sign-up page.")
    consent_words: Line = Field(
        "", max_length=1000, description="What stands beside the sign-up button; empty for the usual words."
    )
    welcome_subject: Line = Field("", max_length=200, description="Of the mail that greets who joins.")
    welcome_body: Lines = Field("", max_length=100_000, description="Markdown; empty to send no welcome.")
    most_per_day: int | None = Field(
        None, ge=1, le=100, description="Campaigns that one person gets within 24 hours; null for any number."
    )
    most_per_week: int | None = Field(None, ge=1, le=100, description="The same within 7 days.")


ListChanges = changes_of(NewList, "ListChanges")


@bp.get("/lists")
@bp.input(ListQuery, location="query")
@bp.output(ListPage)
def index_lists(query_data: ListQuery) -> dict[str, Any]:
    """Read the lists, newest first."""
    found = lists_of(g.workspace.id, is_archived=query_data.archived)
    return page(found, MailingList, query_data, lambda rows: shown_lists(rows, counts_of(rows)))


@bp.post("/lists", endpoint="create_list")
@idempotent
@bp.input(NewList)
@bp.output(ListShown, status_code=201)
def post_list(json_data: NewList) -> ListShown:
    """Make a list."""
    return _shown(lists.create_list(g.workspace.id, ListSettings(**json_data.model_dump())))


@bp.get("/lists/<list_id>")
@bp.output(ListShown)
def show_list(list_id: str) -> ListShown:
    """Read one list."""
    return _shown(list_by_id(g.workspace.id, list_id))


@bp.patch("/lists/<list_id>", endpoint="update_list")
@bp.input(ListChanges)
@bp.output(ListShown)
def patch_list(list_id: str, json_data: Given) -> ListShown:
    """Change a list; subscriptions that exist keep how they began."""
    mailing_list = list_by_id(g.workspace.id, list_id)
    lists.update_list(mailing_list, ListSettings(**patched(mailing_list, json_data)))
    db.session.commit()
    return _shown(mailing_list)


@bp.post("/lists/<list_id>/archive", endpoint="archive_list")
@idempotent
@bp.output(ListShown)
def archive(list_id: str) -> ListShown:
    """Retire a list: nobody joins and no campaign goes to it; its subscriptions and proofs stay."""
    mailing_list = list_by_id(g.workspace.id, list_id)
    lists.archive_list(mailing_list, now=utcnow())
    return _shown(mailing_list)


@bp.post("/lists/<list_id>/restore", endpoint="restore_list")
@idempotent
@bp.output(ListShown)
def restore(list_id: str) -> ListShown:
    """Bring a retired list back."""
    mailing_list = list_by_id(g.workspace.id, list_id)
    lists.restore_list(mailing_list)
    return _shown(mailing_list)


def _shown(mailing_list: MailingList) -> ListShown:
    return shown_lists([mailing_list], counts_of([mailing_list]))[0]
