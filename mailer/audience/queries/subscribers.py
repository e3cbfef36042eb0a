"""One subscriber, by any of the names that they go by."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, union

from mailer.audience.models import AddressChange, Subscriber
from mailer.db import db, owned
from mailer.lib.addresses import address_key


def subscriber_by_id(workspace_id: UUID, public_id: str) -> Subscriber:
    """Return one of the workspace's subscribers.

    :raises NotFound: there is none with this id
    """
    return owned(Subscriber, workspace_id, public_id, otherwise="There is no such subscriber.")


def subscriber_by_email(workspace_id: UUID, email: str) -> Subscriber | None:
    """Return the workspace's subscriber with this address, in whatever case it is typed."""
    return db.session.scalar(
        select(Subscriber).where(
            Subscriber.workspace_id == workspace_id, Subscriber.email_key == address_key(email)
        )
    )


def subscriber_by_external_id(workspace_id: UUID, external_id: str) -> Subscriber | None:
    """Return the workspace's subscriber whom its programs call so."""
    return db.session.scalar(
        select(Subscriber).where(
            Subscriber.workspace_id == workspace_id, Subscriber.external_id == external_id
        )
    )


def subscribers_by_external_id_or_email(
    workspace_id: UUID, external_id: str, email: str
) -> tuple[Subscriber | None, Subscriber | None]:
    """Return who has an external id, and who has an address: one, two or none, with one question."""
    key = address_key(email)
    # Two looks into an index each, where OR might read the whole audience.
    ids = union(
        *(
            select(Subscriber.id).where(Subscriber.workspace_id == workspace_id, condition)
            for condition in (Subscriber.external_id == external_id, Subscriber.email_key == key)
        )
    )
    found = db.session.scalars(select(Subscriber).where(Subscriber.id.in_(ids))).all()
    return (
        next((person for person in found if person.external_id == external_id), None),
        next((person for person in found if person.email_key == key), None),
    )


def subscriber_behind(subscriber_id: UUID) -> Subscriber | None:
    """Return the subscriber whom a link was made for, or the one into whom they were merged since."""
    merged_into = select(AddressChange.subscriber_id).where(AddressChange.merged_from_id == subscriber_id)
    return db.session.get(Subscriber, subscriber_id) or db.session.scalar(
        select(Subscriber).where(Subscriber.id.in_(merged_into))
    )


def owned_ids(workspace_id: UUID, subscriber_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of the ids that are subscribers of the workspace."""
    return list(
        db.session.scalars(
            select(Subscriber.id).where(
                Subscriber.workspace_id == workspace_id, Subscriber.id.in_(subscriber_ids)
            )
        )
    )
