"""The identities that a workspace sends from, for programs."""

from typing import Any, Literal

from flask import g
from pydantic import AwareDatetime, Field

from mailer.api.idempotency import idempotent
from mailer.api.pages import PageQuery, page
from mailer.api.schemas import Address, Given, Line, Shown, changes_of, list_of, patched
from mailer.db import db, owned
from mailer.delivery import queries, senders
from mailer.delivery.api.frame import bp
from mailer.delivery.models import Sender


class SenderShown(Shown):
    """An identity that campaigns are sent from."""

    object: Literal["sender"] = "sender"
    id: str
    name: str
    email: str
    reply_to: str
    created_at: AwareDatetime


class NewSender(Given):
    """An identity to send from."""

    email: Address
    name: Line = Field("", max_length=120, examples=["Ana"])
    reply_to: Address | Literal[""] = Field("", description="Where replies go; empty for the address itself.")


SenderChanges = changes_of(NewSender, "SenderChanges")
SenderPage = list_of(SenderShown, "SenderPage")


@bp.get("/senders")
@bp.input(PageQuery, location="query")
@bp.output(SenderPage)
def index_senders(query_data: PageQuery) -> dict[str, Any]:
    """Read the identities that the workspace sends from, newest first."""
    found = queries.all_senders(g.workspace)
    return page(found, Sender, query_data, SenderShown.each_of)


@bp.post("/senders", endpoint="create_sender")
@idempotent
@bp.input(NewSender)
@bp.output(SenderShown, status_code=201)
def post_sender(json_data: NewSender) -> SenderShown:
    """Make a sender."""
    return SenderShown.of(senders.save_sender(g.workspace.id, **json_data.model_dump()))


@bp.get("/senders/<sender_id>")
@bp.output(SenderShown)
def show_sender(sender_id: str) -> SenderShown:
    """Read one sender."""
    return SenderShown.of(_sender(sender_id))


@bp.patch("/senders/<sender_id>", endpoint="update_sender")
@bp.input(SenderChanges)
@bp.output(SenderShown)
def patch_sender(sender_id: str, json_data: Given) -> SenderShown:
    """Change a sender; campaigns keep what they were written with."""
    sender = _sender(sender_id)
    senders.save_sender(g.workspace.id, sender=sender, **patched(sender, json_data))
    db.session.commit()
    return SenderShown.of(sender)


@bp.delete("/senders/<sender_id>", endpoint="remove_sender")
@bp.output({}, status_code=204)
def delete_sender(sender_id: str) -> str:
    """Remove a sender; campaigns keep what they were written with."""
    senders.remove_sender(_sender(sender_id))
    db.session.commit()
    return ""


def _sender(sender_id: str) -> Sender:
    return owned(Sender, g.workspace.id, sender_id, otherwise="There is no such sender.")
