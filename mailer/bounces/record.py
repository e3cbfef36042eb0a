"""Writing down what came back, and what follows from it.

What says that an address is dead suppresses it now; what may pass does so only when it
keeps coming and nothing arrives in between. A complaint always does. What is about us or
our message never does: it would cost subscribers who did nothing wrong.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from mailer import signals
from mailer.audience.models import Subscriber
from mailer.bounces.models import BounceRules, Effect, Return, Trust, Via
from mailer.bounces.parsers.reasons import Reason
from mailer.bounces.parsers.returned import Kind
from mailer.bounces.recognise import Recognised
from mailer.bounces.sums import count_fate, count_reader
from mailer.consent.models import Channel, Evidence, SuppressionReason
from mailer.consent.suppress import close_stream, suppress
from mailer.consent.unsubscribe import leave
from mailer.db import db, insert_missing
from mailer.delivery import ledger
from mailer.delivery.models import Delivery, DeliveryState, Message, Run
from mailer.errors import Invalid
from mailer.lib.ids import uuid7


@dataclass(frozen=True)
class Told:
    """What came back about one address.

    :param source_key: what it is known by where it came from
    :param is_wish_to_stop: of a complaint: somebody does not want our mail
    """

    kind: Kind
    email: str
    source_key: str
    is_hard: bool | None = None
    reason: Reason | None = None
    status: str = ""
    code: str = ""
    feedback_type: str = ""
    is_wish_to_stop: bool = False
    subject: str = ""
    words: str = ""


def record(told: Told, about: Recognised, *, workspace_id: UUID, via: Via, now: datetime) -> Return | None:
    """Write down one thing that came back and do what follows; None when it was written down before."""
    delivery = about.delivery
    returned_id = uuid7()
    # Whom we wrote to, where that is known: servers report aliases and what they made of them.
    email = delivery.email if delivery is not None and about.trust is not Trust.ADDRESS else told.email
    inserted = insert_missing(
        Return,
        [
            {
                "id": returned_id,
                "created_at": now,
                "workspace_id": workspace_id,
                "campaign_id": delivery.campaign_id if delivery else None,
                "delivery_id": delivery.id if delivery else None,
                "subscriber_id": delivery.subscriber_id if delivery else None,
                "kind": told.kind,
                "email": _plain(email, 320).lower(),
                "is_hard": told.is_hard,
                "reason": told.reason,
                "status": told.status[:12],
                "code": told.code[:3],
                "feedback_type": _plain(told.feedback_type, 40),
                "subject": _plain(told.subject, 300),
                "words": _plain(told.words, 4_000),
                "via": via,
                "trust": about.trust,
                "effect": Effect.NOTHING,
                "source_key": told.source_key[:120],
            }
        ],
        returning=Return.id,
    )
    if not inserted:
        return None
    returned = db.session.get_one(Return, returned_id)
    count_reader(returned)
    if delivery is not None and about.trust is not Trust.ADDRESS:
        _resolve_doubt(delivery, now=now)
        count_fate(returned, delivery, now=now)
        returned.effect = _follow(returned, delivery, told, now=now)
        db.session.flush()
    signals.came_back.send(returned)
    return returned


def rules_of(workspace_id: UUID) -> BounceRules:
    """Return a workspace's rules; those that everybody begins with when it has none of its own."""
    found = db.session.get(BounceRules, workspace_id)
    return found or BounceRules(workspace_id=workspace_id, soft_limit=5, within_days=30)


def _follow(returned: Return, delivery: Delivery, told: Told, *, now: datetime) -> Effect:
    if told.kind is Kind.COMPLAINT and told.is_wish_to_stop:
        return _after_complaint(returned, delivery, returned.feedback_type or "abuse")
    if told.kind is Kind.BOUNCE and told.is_hard:
        return _suppress(returned, SuppressionReason.HARD_BOUNCE, returned.words)
    if told.kind is Kind.BOUNCE and told.reason is not None and told.reason.is_about_address:
        return _after_soft(returned, now=now)
    if told.kind is Kind.UNSUBSCRIBE:
        return _unsubscribe(returned, delivery, told, now=now)
    return Effect.NOTHING


def _suppress(returned: Return, reason: SuppressionReason, detail: str) -> Effect:
    try:
        suppress(
            returned.workspace_id, returned.email, reason, detail=detail, delivery_id=returned.delivery_id
        )
    except Invalid:  # what was mailed once is no address any more
        return Effect.NOTHING
    if returned.delivery_id is not None:
        signals.addresses_refused.send([returned.delivery_id])
    return Effect.SUPPRESSED


def _after_complaint(returned: Return, delivery: Delivery, detail: str) -> Effect:
    """Stop campaigns to whoever complained, and close the stream of the message that it was about."""
    effect = _suppress(returned, SuppressionReason.COMPLAINT, detail)
    stream = db.session.scalar(select(Message.stream).where(Message.id == delivery.message_id))
    if effect is Effect.SUPPRESSED and stream:
        close_stream(
            returned.workspace_id, stream, returned.email, SuppressionReason.COMPLAINT, detail=detail
        )
    return effect


def _after_soft(returned: Return, *, now: datetime) -> Effect:
    """Suppress an address whose soft bounces have become too many without anything arriving between."""
    rules = rules_of(returned.workspace_id)
    soft = select(func.count(func.distinct(Return.delivery_id)), func.min(Return.created_at)).where(
        Return.workspace_id == returned.workspace_id,
        Return.email == returned.email,
        Return.kind == Kind.BOUNCE,
        Return.is_hard.is_(False),
        Return.trust != Trust.ADDRESS,
        Return.created_at > max(now - timedelta(days=rules.within_days), _last_success(returned)),
    )
    count, first = db.session.execute(soft).one()
    if count < rules.soft_limit:
        return Effect.NOTHING
    days = max((now - first).days, 1)
    words = f"{count} soft bounces within {days} day{'s' if days > 1 else ''}; the last: {returned.words}"
    return _suppress(returned, SuppressionReason.HARD_BOUNCE, words)


def _last_success(returned: Return) -> datetime:
    """Return when mail to an address last arrived for certain: somebody opened it, or nothing came back."""
    has_come_back = (
        select(Return.id).where(Return.delivery_id == Delivery.id, Return.kind == Kind.BOUNCE).exists()
    )
    settled = returned.created_at - timedelta(days=2)
    found = db.session.scalar(
        select(
            func.max(func.coalesce(Delivery.human_opened_at, Delivery.human_clicked_at, Delivery.ended_at))
        ).where(
            Delivery.subscriber_id == returned.subscriber_id,
            Delivery.state == DeliveryState.ACCEPTED,
            ~has_come_back,
            or_(Delivery.human_opened_at.is_not(None), Delivery.ended_at < settled),
        )
    )
    return found or returned.created_at - timedelta(days=3_650)


def _unsubscribe(returned: Return, delivery: Delivery, told: Told, *, now: datetime) -> Effect:
    """Honour a wish to leave that came by mail: by a token's proof, or from the reader's own address."""
    is_own = told.email.lower() == delivery.email.lower()
    if delivery.subscriber_id is None or not (returned.trust is Trust.TOKEN or is_own):
        return Effect.NOTHING
    subscriber = db.session.get_one(Subscriber, delivery.subscriber_id)
    words = returned.subject or returned.words[:200]
    evidence = Evidence(via=Channel.ONE_CLICK, words=f"By mail: {words}"[:2_000], delivery_id=delivery.id)
    ended = leave(subscriber, _lists_of(delivery), evidence=evidence, now=now)
    return Effect.UNSUBSCRIBED if ended else Effect.NOTHING


def _lists_of(delivery: Delivery) -> list[UUID]:
    """Return the lists that a delivery's campaign went to, which its reader leaves."""
    run = db.session.get(Run, delivery.campaign_id) if delivery.campaign_id is not None else None
    if run is not None:
        return [UUID(list_id) for list_id in run.list_ids]
    return [delivery.list_id] if delivery.list_id is not None else []


def _resolve_doubt(delivery: Delivery, *, now: datetime) -> None:
    """Whatever came back had been taken over by the server that did not say so."""
    if delivery.state is DeliveryState.IN_DOUBT and delivery.campaign_id is not None:
        ledger.mark_arrived(delivery.campaign_id, deliveries=[delivery.id], now=now)


def _plain(text: str, longest: int) -> str:
    return "".join(character for character in text if character.isprintable() or character in "\n\t")[
        :longest
    ]
