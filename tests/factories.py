"""Rows for tests, giving only what the test is about."""

from io import BytesIO
from typing import Any
from uuid import UUID

from PIL import Image

from mailer.accounts.models import Membership, User, Workspace
from mailer.accounts.roles import Role
from mailer.audience.models import MailingList, Subscriber, Subscription, SubscriptionStatus
from mailer.campaigns.models import Campaign
from mailer.db import db
from mailer.lib.addresses import address_key
from mailer.lib.clock import utcnow
from mailer.lib.ids import uuid7


def add(row: Any) -> Any:
    """Put a row into the database and return it."""
    db.session.add(row)
    db.session.flush()
    return row


def workspace(name: str = "Bakery", slug: str | None = None, **values: Any) -> Workspace:
    """A workspace."""
    return add(Workspace(name=name, slug=slug or f"w-{uuid7().hex[-12:]}", **values))


def user(email: str, *, name: str = "", workspace: Workspace | None = None, role: Role = Role.OWNER) -> User:
    """Someone who signs in, and their place in a workspace."""
    person = add(User(email=email, name=name, fs_uniquifier=uuid7().hex))
    if workspace is not None:
        add(Membership(workspace_id=workspace.id, user_id=person.id, role=role))
    return person


def mailing_list(workspace: Workspace, name: str = "Weekly bread", **values: Any) -> MailingList:
    """A list."""
    return add(MailingList(workspace_id=workspace.id, name=name, **values))


def subscriber(
    workspace: Workspace,
    email: str | None = None,
    *,
    on: MailingList | None = None,
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE,
    **values: Any,
) -> Subscriber:
    """A subscriber, on a list if one is given."""
    email = email or f"reader-{uuid7().hex[-12:]}@example.com"
    person = add(Subscriber(workspace_id=workspace.id, email=email, email_key=address_key(email), **values))
    if on is not None:
        subscription(person, on, status)
    return person


def subscription(
    person: Subscriber, on: MailingList, status: SubscriptionStatus = SubscriptionStatus.ACTIVE
) -> Subscription:
    """A subscriber's place on a list."""
    now = utcnow()
    return add(
        Subscription(
            workspace_id=person.workspace_id,
            list_id=on.id,
            subscriber_id=person.id,
            status=status,
            started_at=now if status is SubscriptionStatus.ACTIVE else None,
            ended_at=now if status is SubscriptionStatus.UNSUBSCRIBED else None,
        )
    )


def campaign(workspace: Workspace, *, lists: list[MailingList] | None = None, **values: Any) -> Campaign:
    """A draft that is ready to be sent."""
    written = {
        "name": "Sunday loaf",
        "subject": "Fresh on Sunday",
        "from_name": "Ana",
        "from_email": "ana@bakery.example",
        "body": "Hello {{ subscriber.name | default('there') }},\n\n[Order](https://bakery.example/order)",
        **values,
    }
    return add(Campaign(workspace_id=workspace.id, lists=lists or [], **written))


def picture_bytes(width: int = 40, height: int = 30, kind: str = "PNG", **options: Any) -> bytes:
    """An uploaded picture: orange, or as given."""
    kept = BytesIO()
    Image.new(options.pop("mode", "RGB"), (width, height), options.pop("color", "orange")).save(
        kept, kind, **options
    )
    return kept.getvalue()


def refreshed(row: Any) -> Any:
    """Return a row as the database has it now."""
    db.session.expire_all()
    identifier: UUID = row.id
    return db.session.get(type(row), identifier)
