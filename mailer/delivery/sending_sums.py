"""How the mail of each sending domain fares with each mailbox provider, by ten minutes.

What the guard watches, and what pages about domains, providers and days are read from:
sums that are kept with every outcome, never counted when somebody looks.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update

from mailer.db import db
from mailer.delivery.models import Attempt, Delivery, DeliveryState, Message, SendingSum
from mailer.driver import Change
from mailer.lib.addresses import ascii_domain
from mailer.lib.mailbox_providers import provider_of

SLOT: Final = timedelta(minutes=10)
#: In the place of a campaign's id, for mail that belongs to none: a key cannot be null.
NO_CAMPAIGN: Final = UUID(int=0)
_ROWS_AT_ONCE: Final = 5_000


class Fate(StrEnum):
    """What a delivery can come to; the columns of ``SendingSum``."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    HELD = "held"
    #: For good, whatever the reason.
    REJECTED = "rejected"
    #: Of those, the ones whose address is dead.
    REFUSED = "refused"
    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaints"


class Fared(NamedTuple):
    """Deliveries of one message that came to the same at one moment."""

    workspace_id: UUID
    campaign_id: UUID | None
    message_id: UUID
    emails: Sequence[str]
    fate: Fate
    at: datetime


_ENDS: Final = {DeliveryState.ACCEPTED: Fate.ACCEPTED, DeliveryState.REJECTED: Fate.REJECTED}
_KEYS: Final = ("workspace_id", "domain", "provider", "campaign_id", "slot")
_MOST_DOMAINS: Final = 1_000
#: The From domains of messages, by their ids.
_domains: Final[dict[UUID, str]] = {}
_Key = tuple[UUID, str, str, UUID, datetime]


def count_fates(fared: Iterable[Fared]) -> None:
    """Add what became of deliveries to the sums."""
    fared = list(fared)
    domains = _domains_of({each.message_id for each in fared})
    sums: defaultdict[_Key, Counter[str]] = defaultdict(Counter)
    for workspace_id, campaign_id, message_id, emails, fate, at in fared:
        domain, slot = domains[message_id], slot_of(at)
        for provider, number in Counter(map(provider_of, emails)).items():
            sums[workspace_id, domain, provider, campaign_id or NO_CAMPAIGN, slot][fate] += number
    _add(sums)


def remember_domain(message_id: UUID, domain: str) -> None:
    """Spare a look for a message that somebody has just read, before the transaction that counts."""
    if len(_domains) >= _MOST_DOMAINS:
        _domains.clear()
    _domains[message_id] = domain


def fates_of_try(outcome: str, *, is_dead_address: bool) -> list[Fate]:
    """Return as what one try counts, beside the end that it may have led to."""
    fates = [fate for fate in (Fate.DEFERRED, Fate.HELD) if fate.value == outcome]
    return [*fates, Fate.REFUSED] if is_dead_address else fates


def slot_of(at: datetime) -> datetime:
    """Return the beginning of the ten minutes that a moment is in."""
    return at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)


def recount_fates(campaign_id: UUID) -> None:
    """Make a campaign's sums again from its deliveries and their tries; what came back is left as it is."""
    mine = (*_ENDS.values(), Fate.DEFERRED, Fate.HELD, Fate.REFUSED)
    db.session.execute(
        update(SendingSum)
        .where(SendingSum.campaign_id == campaign_id)
        .values({fate.value: 0 for fate in mine})
        .execution_options(synchronize_session=False)
    )
    about = (Delivery.workspace_id, Delivery.campaign_id, Delivery.message_id, Delivery.email)
    ended = select(*about, Delivery.state, Delivery.ended_at).where(
        Delivery.campaign_id == campaign_id, Delivery.state.in_(list(_ENDS))
    )
    tried = (
        select(*about, Attempt.outcome, Attempt.is_dead_address, Attempt.created_at)
        .join(Delivery, Delivery.id == Attempt.delivery_id)
        .where(Delivery.campaign_id == campaign_id)
    )
    for rows in db.session.execute(ended).partitions(_ROWS_AT_ONCE):
        count_fates(
            Fared(*row[:3], [row.email], _ENDS[row.state], row.ended_at) for row in rows if row.ended_at
        )
    for tries in db.session.execute(tried).partitions(_ROWS_AT_ONCE):
        count_fates(
            Fared(*row[:3], [row.email], fate, row.created_at)
            for row in tries
            for fate in fates_of_try(row.outcome, is_dead_address=row.is_dead_address)
        )
    db.session.execute(
        delete(SendingSum).where(
            SendingSum.campaign_id == campaign_id, *(getattr(SendingSum, fate.value) == 0 for fate in Fate)
        )
    )


def _domains_of(message_ids: Set[UUID]) -> Mapping[UUID, str]:
    """Return the From domains of messages, as A-labels; of those that are gone, an empty text.

    They are remembered, since a message never changes, and a campaign's comes with each of its batches.
    """
    # Not the difference of sets, which would hash everything that is remembered.
    if unknown := {message_id for message_id in message_ids if message_id not in _domains}:
        rows = db.session.execute(select(Message.id, Message.from_email).where(Message.id.in_(unknown)))
        for message_id, email in rows:
            remember_domain(message_id, ascii_domain(email).rpartition("@")[2])
    return {message_id: _domains.get(message_id, "") for message_id in message_ids}


def _add(sums: Mapping[_Key, Counter[str]]) -> None:
    none: dict[str, Any] = {fate.value: 0 for fate in Fate}
    # Always in the same order, so that two workers never wait for each other's rows.
    rows = [{**none, **dict(zip(_KEYS, key, strict=True)), **sums[key]} for key in sorted(sums)]
    _ADDING.make(*rows)


def _adding(dialect: Any) -> Any:
    insert = dialect.insert(SendingSum.__table__)
    columns = SendingSum.__table__.c
    return insert.on_conflict_do_update(
        index_elements=_KEYS,
        set_={fate.value: columns[fate.value] + insert.excluded[fate.value] for fate in Fate},
    )


_ADDING: Final = Change(_adding)
