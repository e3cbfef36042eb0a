"""What the rooms below announce, written down for the endpoints that asked for it.

Each receiver asks first whether anybody wants to know, so that what nobody asked for costs
one look into memory.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mailer import signals
from mailer.audience.models import Import, MailingList, Subscriber, Subscription
from mailer.audience.representation import shown_subscribers
from mailer.bounces.models import Return
from mailer.bounces.parsers.returned import Kind
from mailer.db import db
from mailer.delivery.models import Delivery, DeliveryState, Message, MessageKind, SkipReason
from mailer.lib.clock import utcnow
from mailer.lib.ids import public_id
from mailer.tracking.verdicts import Verdict, first_look
from mailer.webhooks.catalogue import (
    CampaignTold,
    EmailTold,
    ErasedTold,
    ExportTold,
    ImportTold,
    PlaceTold,
    as_json,
)
from mailer.webhooks.tell import is_asked_for, tell, tell_many

_OF_RETURNS = {
    Kind.BOUNCE: "email.bounced",
    Kind.COMPLAINT: "email.complained",
    Kind.DELIVERED: "email.delivered",
}
_OF_CAMPAIGNS = {
    "scheduled": "campaign.scheduled",
    "sending": "campaign.started",
    "paused": "campaign.paused",
    "finished": "campaign.finished",
    "cancelled": "campaign.cancelled",
}
_CAMPAIGN = "cmp"
#: Why the gate keeps a mail back that says something of its address, rather than of the campaign.
_SUPPRESSED = frozenset({SkipReason.SUPPRESSED, SkipReason.UNSUBSCRIBED})
#: What only some events say of a mail.
_PARTICULARS = ("hard", "reason", "scheduled_at", "link", "machine")


@signals.subscriber_saved.connect
def tell_saved(subscriber: Subscriber, *, is_new: bool, **_: Any) -> None:
    """Somebody is new, or is known better."""
    name = "subscriber.created" if is_new else "subscriber.updated"
    if is_asked_for(subscriber.workspace_id, name):
        tell(subscriber.workspace_id, name, as_json(shown_subscribers([subscriber])[0]), now=utcnow())


@signals.subscribers_erased.connect
def tell_erased(workspace_id: UUID, *, ids: Iterable[UUID], **_: Any) -> None:
    """Somebody is here no more."""
    if is_asked_for(workspace_id, "subscriber.deleted"):
        erased = [as_json(ErasedTold(id=public_id(Subscriber.prefix, one))) for one in ids]
        tell_many(workspace_id, [("subscriber.deleted", data) for data in erased], now=utcnow())


@signals.subscribers_merged.connect
def tell_merged(kept: Subscriber, *, gone: Subscriber, **_: Any) -> None:
    """Somebody goes on as somebody else."""
    tell_erased(kept.workspace_id, ids=[gone.id])


@signals.subscribed.connect
def tell_subscribed(subscription: Subscription, *, is_confirmed: bool = False, **_: Any) -> None:
    """Somebody joined a list."""
    _tell_place("subscriber.confirmed" if is_confirmed else "subscriber.subscribed", subscription)


@signals.unsubscribed.connect
def tell_unsubscribed(subscription: Subscription, **_: Any) -> None:
    """Somebody left a list."""
    _tell_place("subscriber.unsubscribed", subscription)


@signals.campaign_moved.connect
def tell_moved(campaign: Any, **_: Any) -> None:
    """A campaign is in another state."""
    name = _OF_CAMPAIGNS.get(campaign.status.value, "")
    if not name or not is_asked_for(campaign.workspace_id, name):
        return
    tell(campaign.workspace_id, name, as_json(CampaignTold.of(campaign)), now=utcnow())


@signals.import_ended.connect
def tell_imported(source: Import, **_: Any) -> None:
    """An import is over."""
    if not is_asked_for(source.workspace_id, "import.completed"):
        return
    counts = {
        name: getattr(source, f"{name}_count") for name in ("added", "updated", "refused", "subscribed")
    }
    tell(source.workspace_id, "import.completed", as_json(ImportTold.of(source, **counts)), now=utcnow())


@signals.export_ended.connect
def tell_exported(export: Any, **_: Any) -> None:
    """An export is over."""
    if is_asked_for(export.workspace_id, "export.completed"):
        tell(export.workspace_id, "export.completed", as_json(ExportTold.of(export)), now=utcnow())


@signals.tries_ended.connect
def tell_tries(accepted: Sequence[Any], *, others: Sequence[Any], **_: Any) -> None:
    """Tries to send ended: taken, refused or put off."""
    happened: dict[UUID, list[tuple[str, Any, str, bool | None]]] = defaultdict(list)
    for workspace_id, group in _by_workspace(accepted).items():
        if is_asked_for(workspace_id, "email.sent"):
            happened[workspace_id] += [
                ("email.sent", result.delivery, result.outcome.reply, None) for result in group
            ]
    for end in others:
        name = _name_of(end)
        if name and is_asked_for(end.delivery.workspace_id, name):
            hard = True if name == "email.bounced" else None
            happened[end.delivery.workspace_id].append((name, end.delivery, end.reply, hard))
    for workspace_id, group in happened.items():
        ours = _system_messages(
            [delivery.message_id for _, delivery, *_ in group if not delivery.campaign_id]
        )
        told = [
            (name, as_json(_email(delivery, reply=reply, hard=hard)))
            for name, delivery, reply, hard in group
            if delivery.message_id not in ours
        ]
        tell_many(workspace_id, told, now=utcnow())


@signals.skipped.connect
def tell_skipped(deliveries: Collection[UUID], *, reason: SkipReason, **_: Any) -> None:
    """Addresses that are not to be mailed were not."""
    if reason in _SUPPRESSED and deliveries:
        first = next(iter(deliveries))
        workspace_id = db.session.scalar(select(Delivery.workspace_id).where(Delivery.id == first))
        _tell_deliveries("email.suppressed", workspace_id, deliveries, reason=reason.value)


@signals.messages_scheduled.connect
def tell_scheduled(workspace_id: UUID, *, deliveries: Collection[UUID], **_: Any) -> None:
    """Messages wait for their time."""
    _tell_deliveries("email.scheduled", workspace_id, deliveries)


@signals.came_back.connect
def tell_returned(returned: Return, **_: Any) -> None:
    """A bounce, a complaint or a notice of delivery came back."""
    name = _OF_RETURNS.get(returned.kind, "")
    if not name or not is_asked_for(returned.workspace_id, name) or returned.delivery_id is None:
        return
    delivery = db.session.get(Delivery, returned.delivery_id)
    if delivery is not None:
        told = _email(delivery, reply=returned.words[:500], hard=returned.is_hard)
        tell(returned.workspace_id, name, as_json(told), now=utcnow())


@signals.readings_stored.connect
def tell_readings(readings: Sequence[Any], *, deliveries: dict[UUID, Any], **_: Any) -> None:
    """Mails were opened, or links in them followed."""
    happened: dict[UUID, list[tuple[str, Any]]] = defaultdict(list)
    for reading in readings:
        workspace_id = deliveries[reading.delivery_id].workspace_id
        name = "email.opened" if reading.link_number is None else "email.clicked"
        if is_asked_for(workspace_id, name):
            happened[workspace_id].append((name, reading))
    for workspace_id, group in happened.items():
        rows = db.session.scalars(
            select(Delivery).where(Delivery.id.in_({one.delivery_id for _, one in group}))
        )
        read = {row.id: row for row in rows}
        told = [
            (
                name,
                as_json(
                    _email(read[one.delivery_id], link=one.link_number, machine=_is_machine(one.user_agent))
                ),
            )
            for name, one in group
        ]
        tell_many(workspace_id, told, now=utcnow())


def _tell_deliveries(
    name: str, workspace_id: Any, deliveries: Collection[UUID], *, reason: str | None = None
) -> None:
    if not is_asked_for(workspace_id, name):
        return
    rows = db.session.scalars(select(Delivery).where(Delivery.id.in_(deliveries)).order_by(Delivery.id)).all()
    ours = _system_messages([row.message_id for row in rows if not row.campaign_id])
    told = [
        (name, as_json(_email(row, reason=reason, scheduled_at=row.next_try_at if reason is None else None)))
        for row in rows
        if row.message_id not in ours
    ]
    tell_many(workspace_id, told, now=utcnow())


def _tell_place(name: str, subscription: Subscription) -> None:
    if is_asked_for(subscription.workspace_id, name):
        told = PlaceTold(
            list=public_id(MailingList.prefix, subscription.list_id),
            status=subscription.status,
            subscriber=shown_subscribers([subscription.subscriber])[0],
        )
        tell(subscription.workspace_id, name, as_json(told), now=utcnow())


def _by_workspace(results: Sequence[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = defaultdict(list)
    for result in results:
        grouped[result.delivery.workspace_id].append(result)
    return grouped


def _is_machine(user_agent: str) -> bool | None:
    verdict = first_look(user_agent)[0]
    return None if verdict is Verdict.UNKNOWN else not verdict.is_human


def _name_of(end: Any) -> str:
    if end.state is DeliveryState.ACCEPTED:
        return "email.sent"
    if end.state is DeliveryState.PREPARED:
        return "email.delivery_delayed"
    if end.state is DeliveryState.REJECTED:
        return "email.bounced" if end.is_dead_address else "email.failed"
    return ""


def _system_messages(message_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some messages that are about this product itself: nobody else's business."""
    if not message_ids:
        return set()
    found = select(Message.id).where(Message.id.in_(message_ids), Message.kind == MessageKind.SYSTEM)
    return set(db.session.scalars(found))


def _email(
    delivery: Any,
    *,
    reply: str = "",
    **particulars: Any,
) -> EmailTold:
    return EmailTold(
        id=public_id(Delivery.prefix, delivery.id),
        message=public_id(Message.prefix, delivery.message_id),
        campaign=public_id(_CAMPAIGN, delivery.campaign_id) if delivery.campaign_id else None,
        subscriber=public_id(Subscriber.prefix, delivery.subscriber_id) if delivery.subscriber_id else None,
        email=delivery.email,
        reply=reply,
        **{name: particulars.get(name) for name in _PARTICULARS},
    )
