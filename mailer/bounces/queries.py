"""What came back, to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from mailer.bounces.models import Hook, Provider, Return, ReturnMailbox, ReturnSum
from mailer.bounces.parsers.returned import Kind
from mailer.db import db
from mailer.delivery.models import SendingDomain


@dataclass(frozen=True)
class ReturnCounts:
    """How much of what came back for one campaign; each reader counts once in each."""

    hard: int = 0
    soft: int = 0
    complaints: int = 0
    replies: int = 0
    auto_replies: int = 0


def returns(
    workspace_id: UUID, *, kind: Kind | None = None, search: str = "", campaign_id: UUID | None = None
) -> Select[Return]:
    """Return what came back.

    :param search: how an address begins
    """
    query = select(Return).where(Return.workspace_id == workspace_id).options(joinedload(Return.subscriber))
    if kind is not None:
        query = query.where(Return.kind == kind)
    if campaign_id is not None:
        query = query.where(Return.campaign_id == campaign_id)
    if search:
        query = query.where(Return.email.startswith(search.lower(), autoescape=True))
    return query


def counts_of(campaign_id: UUID) -> ReturnCounts:
    """Return how much came back for a campaign, from sums that are kept."""
    rows = db.session.execute(
        select(ReturnSum.kind, ReturnSum.is_hard, ReturnSum.people).where(
            ReturnSum.campaign_id == campaign_id
        )
    )
    found = {(kind, is_hard): people for kind, is_hard, people in rows}

    def sum_of(*kinds: Kind) -> int:
        return sum(found.get((kind, False), 0) for kind in kinds)

    return ReturnCounts(
        hard=found.get((Kind.BOUNCE, True), 0),
        soft=sum_of(Kind.BOUNCE),
        complaints=sum_of(Kind.COMPLAINT),
        replies=sum_of(Kind.REPLY, Kind.UNSUBSCRIBE),
        auto_replies=sum_of(Kind.AUTO_REPLY, Kind.CHALLENGE),
    )


def mailbox_of(workspace_id: UUID) -> ReturnMailbox | None:
    """Return a workspace's return mailbox."""
    return db.session.get(ReturnMailbox, workspace_id)


def hooks_of(workspace_id: UUID) -> dict[Provider, Hook]:
    """Return the providers that call a workspace."""
    found = db.session.scalars(select(Hook).where(Hook.workspace_id == workspace_id))
    return {hook.provider: hook for hook in found}


def domains_of(workspace_id: UUID) -> Sequence[SendingDomain]:
    """Return the domains that a workspace sends from, by name."""
    return db.session.scalars(
        select(SendingDomain).where(SendingDomain.workspace_id == workspace_id).order_by(SendingDomain.domain)
    ).all()
