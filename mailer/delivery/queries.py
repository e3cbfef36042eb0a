"""What pages about delivery read; the workspace is the first argument."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.orm import selectinload

from mailer.accounts.models import Workspace
from mailer.audience.models import Subscriber
from mailer.db import db
from mailer.delivery.engine.throttle import FREE_PER_SECOND
from mailer.delivery.models import (
    GIVE_UP_AFTER_HOURS,
    Attempt,
    Batch,
    Decision,
    Delivery,
    DeliveryCount,
    DeliveryState,
    DkimKey,
    LearnedPace,
    Run,
    Sender,
    SendingDomain,
    SendingLimits,
    SkipReason,
    Standing,
    Transport,
)
from mailer.errors import NotFound
from mailer.lib.addresses import address_key, ascii_domain
from mailer.lib.ids import parse_id

_SLOWED_SHOWN = 50


#: A campaign with so few batches left is nearly sent: what waits is found by them.
_FEW_BATCHES = 20
#: How many of those that wait for themselves are looked through for untried ones.
_SOONEST = 20_000


@dataclass(frozen=True)
class StateCount:
    """How many of a campaign's deliveries are in a state."""

    state: DeliveryState
    count: int


@dataclass(frozen=True)
class Wait:
    """Why nothing of a campaign is sent at the moment, and until when."""

    reason: str
    until: datetime


def run_of(workspace: Workspace, campaign_id: UUID | None) -> Run | None:
    """Return the run of one of the workspace's campaigns."""
    return db.session.scalar(
        select(Run).where(Run.workspace_id == workspace.id, Run.campaign_id == campaign_id)
    )


def wait_of(campaign_id: UUID, *, now: datetime) -> Wait | None:
    """Return what a campaign waits for: a cap, or servers in trouble; none when it may go on."""
    run = db.session.get(Run, campaign_id)
    if run is None or run.waits_until is None or run.waits_until <= now:
        return None
    return Wait(run.wait_reason, run.waits_until)


def counts(workspace: Workspace, run: Run) -> list[StateCount]:
    """Return how many deliveries are in each state that there are any in, by the table of states."""
    rows = db.session.execute(
        select(DeliveryCount.state, func.sum(DeliveryCount.count))
        .join(Run, Run.campaign_id == DeliveryCount.campaign_id)
        .where(Run.workspace_id == workspace.id, DeliveryCount.campaign_id == run.campaign_id)
        .group_by(DeliveryCount.state)
    )
    found = {state: int(number) for state, number in rows}
    return [StateCount(state, found[state]) for state in DeliveryState if found.get(state)]


def deliveries_in(workspace: Workspace, run: Run, standing: Standing) -> Select[Delivery]:
    """Select a campaign's deliveries of one standing."""
    if standing is Standing.PREPARED:
        return _waiting(workspace, run)
    chosen = select(Delivery).where(
        Delivery.workspace_id == workspace.id, Delivery.campaign_id == run.campaign_id
    )
    if standing is Standing.ACCEPTED:
        return chosen.where(Delivery.state == DeliveryState.ACCEPTED)
    return chosen.where(Delivery.attention == standing.value)


def _waiting(workspace: Workspace, run: Run) -> Select[Delivery]:
    """Select what is not sent yet: in batches, or waiting for itself without having been tried."""
    batches = select(Batch.id).where(Batch.campaign_id == run.campaign_id)
    left = db.session.scalars(batches.limit(_FEW_BATCHES + 1)).all()
    waiting = select(Delivery).where(
        Delivery.workspace_id == workspace.id,
        Delivery.state == DeliveryState.PREPARED,
        Delivery.attention.is_(None),
    )
    if len(left) > _FEW_BATCHES:
        # They are many: the campaign's own index meets some at once.
        return waiting.where(
            Delivery.campaign_id == run.campaign_id,
            Delivery.batch_id.in_(batches) | Delivery.next_try_at.is_not(None),
        )
    soonest = (
        select(Delivery.id, Delivery.attempt)
        .where(Delivery.campaign_id == run.campaign_id, Delivery.next_try_at.is_not(None))
        .order_by(Delivery.next_try_at)
        .limit(_SOONEST)
        .subquery()
    )
    in_batches = select(Delivery.id).where(Delivery.batch_id.in_(left))
    alone = select(soonest.c.id).where(soonest.c.attempt == 0)
    return waiting.where(Delivery.id.in_(union_all(in_batches, alone)))


def skip_reasons(workspace: Workspace, run: Run) -> list[tuple[SkipReason, int]]:
    """Return how many were skipped for which reason, most first."""
    rows = db.session.execute(
        select(DeliveryCount.reason, DeliveryCount.count)
        .join(Run, Run.campaign_id == DeliveryCount.campaign_id)
        .where(
            Run.workspace_id == workspace.id,
            DeliveryCount.campaign_id == run.campaign_id,
            DeliveryCount.state == DeliveryState.SKIPPED,
            DeliveryCount.count > 0,
        )
        .order_by(DeliveryCount.count.desc())
    )
    return [(SkipReason(reason), number) for reason, number in rows]


def give_up_after_hours(workspace: Workspace) -> int:
    """Return how long what servers put off is tried."""
    return (
        db.session.scalar(
            select(SendingLimits.give_up_after_hours).where(SendingLimits.workspace_id == workspace.id)
        )
        or GIVE_UP_AFTER_HOURS
    )


def decisions_of(workspace: Workspace, run: Run, *, most: int = 10) -> Sequence[Decision]:
    """Return what was decided last about a campaign's deliveries, newest first."""
    return db.session.scalars(
        select(Decision)
        .where(Decision.workspace_id == workspace.id, Decision.campaign_id == run.campaign_id)
        .order_by(Decision.id.desc())
        .limit(most)
    ).all()


def delivery_to(workspace: Workspace, run: Run, address: str) -> Sequence[Delivery]:
    """Return a campaign's delivery to one whole address, whatever its state: by index, not by search."""
    return db.session.scalars(
        select(Delivery)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(
            Subscriber.workspace_id == workspace.id,
            Subscriber.email_key == address_key(address),
            Delivery.campaign_id == run.campaign_id,
        )
    ).all()


def attempts_of(workspace: Workspace, deliveries: Sequence[Delivery]) -> dict[UUID, list[Attempt]]:
    """Return the tries that were not accepted, oldest first, by delivery."""
    rows = db.session.scalars(
        select(Attempt)
        .where(
            Attempt.workspace_id == workspace.id,
            Attempt.delivery_id.in_([delivery.id for delivery in deliveries]),
        )
        .order_by(Attempt.id)
    )
    tries: dict[UUID, list[Attempt]] = {}
    for attempt in rows:
        tries.setdefault(attempt.delivery_id, []).append(attempt)
    return tries


def all_senders(workspace: Workspace) -> Select[Sender]:
    """Return the select of the workspace's senders, not yet ordered."""
    return select(Sender).where(Sender.workspace_id == workspace.id)


def all_sending_domains(workspace: Workspace) -> Select[SendingDomain]:
    """Return the select of the workspace's sending domains with their keys, not yet ordered."""
    return (
        select(SendingDomain)
        .where(SendingDomain.workspace_id == workspace.id)
        .options(selectinload(SendingDomain.keys))
    )


def all_transports(workspace: Workspace) -> Select[Transport]:
    """Return the select of the workspace's servers, not yet ordered."""
    return select(Transport).where(Transport.workspace_id == workspace.id)


def senders_of(workspace: Workspace) -> Sequence[Sender]:
    """Return the workspace's senders, the first one first."""
    return db.session.scalars(all_senders(workspace).order_by(Sender.id)).all()


def sending_domains_of(workspace: Workspace) -> Sequence[SendingDomain]:
    """Return the workspace's sending domains by name, with their keys."""
    return db.session.scalars(all_sending_domains(workspace).order_by(SendingDomain.domain)).all()


def dkim_key_of(sending_domain: SendingDomain, public_id: str) -> DkimKey:
    """Return one of a domain's keys.

    :raises NotFound: there is none with this id
    """
    identifier = parse_id(DkimKey.prefix, public_id)
    found = next((key for key in sending_domain.keys if key.id == identifier), None)
    if found is None:
        raise NotFound("There is no such key.")
    return found


def domains_without_key(workspace: Workspace) -> list[str]:
    """Return the domains of the workspace's senders that no sending domain stands for, as A-labels."""
    known = {each.domain for each in sending_domains_of(workspace)}
    used = {ascii_domain(sender.email).rpartition("@")[2].lower() for sender in senders_of(workspace)}
    return sorted(
        domain for domain in used if not any(domain == one or domain.endswith(f".{one}") for one in known)
    )


def slowed_domains(routes: Iterable[str], *, since: datetime) -> Sequence[LearnedPace]:
    """Return the mailbox domains that asked some servers to slow down, and have not recovered."""
    return db.session.scalars(
        select(LearnedPace)
        .where(
            LearnedPace.route.in_(list(routes)),
            LearnedPace.changed_at >= since,
            LearnedPace.per_second < FREE_PER_SECOND,
        )
        .order_by(LearnedPace.per_second)
        .limit(_SLOWED_SHOWN)
    ).all()
