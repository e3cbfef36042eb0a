"""The identities that a workspace sends from."""

from uuid import UUID

from sqlalchemy import select

from mailer.db import db
from mailer.delivery.models import Sender
from mailer.errors import Conflict
from mailer.lib.addresses import clean_address
from mailer.lib.lines import clean_line


def save_sender(
    workspace_id: UUID, *, name: str, email: str, reply_to: str = "", sender: Sender | None = None
) -> Sender:
    """Make a sender, or change one.

    :raises Invalid: an address is none, or the name cannot stand in a header
    :raises Conflict: there is one like it
    """
    name = clean_line(name, label="The name", longest=120)
    email = clean_address(email)
    reply_to = clean_address(reply_to) if reply_to.strip() else ""
    twin = db.session.scalar(
        select(Sender).where(Sender.workspace_id == workspace_id, Sender.email == email, Sender.name == name)
    )
    if twin is not None and twin is not sender:
        raise Conflict(f"There is already a sender “{name} <{email}>”.")
    if sender is None:
        sender = Sender(workspace_id=workspace_id)
        db.session.add(sender)
    sender.name, sender.email, sender.reply_to = name, email, reply_to
    db.session.flush()
    return sender


def remove_sender(sender: Sender) -> None:
    """Remove a sender; campaigns keep the words they were written with."""
    db.session.delete(sender)
    db.session.flush()
