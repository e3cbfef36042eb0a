"""The demo world: a bakery's newsletter with a history, in a workspace of its own.

It sends nothing: what looks sent was never in a queue, and its addresses lead nowhere.
Removing it is removing its workspace, so that nothing of it ever mixes with real people.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select

from mailer.accounts.found import found_workspace
from mailer.accounts.models import Membership, User, Workspace
from mailer.audience.fields import create_field
from mailer.audience.lists import ListSettings, create_list
from mailer.audience.models import (
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionStatus,
    subscriber_tags,
)
from mailer.audience.tags import tags_named
from mailer.campaigns.choose_tracking import prepared_for_tracking
from mailer.campaigns.draft import Draft, create_draft
from mailer.campaigns.launch import freeze_message
from mailer.campaigns.models import CampaignStatus
from mailer.campaigns.rebuild import rebuild_report
from mailer.campaigns.words import design_of
from mailer.composing.models import Format
from mailer.composing.queries import published_templates
from mailer.consent.models import Act, Channel, ConsentRecord, Suppression, SuppressionReason
from mailer.consent.record import keep_words
from mailer.db import db
from mailer.delivery.models import Delivery, Run, Sender
from mailer.errors import Forbidden
from mailer.lib.addresses import address_key
from mailer.lib.ids import uuid7
from mailer.patience import patiently
from mailer.rendering.freeze import freeze
from mailer.seeds import bakery
from mailer.seeds.moments import id_at
from mailer.seeds.people import PROVIDERS, Person, people
from mailer.seeds.results import Reader, results_of
from mailer.segments.save import create_segment
from mailer.tracking.models import Click, Open

READERS: Final = 2_000
_MONTHS: Final = timedelta(days=548)
#: How many never confirmed, of those who came lately.
_UNCONFIRMED: Final = 0.06
_LATELY: Final = timedelta(days=21)
#: How many leave for reasons of their own, over the whole time.
_LEAVES: Final = 0.05


@dataclass
class _Guest:
    """One made-up subscriber and everything that is about them."""

    person: Person
    reader: Reader
    fields: dict[str, Any]
    lists: list[MailingList] = field(default_factory=list)
    tags: list[UUID] = field(default_factory=list)
    is_pending: bool = False
    left_others_at: datetime | None = None


def demo_of(user: User) -> Workspace | None:
    """Return the demo world that someone has, or None."""
    return db.session.scalar(
        select(Workspace).join(Membership).where(Membership.user_id == user.id, Workspace.is_demo).limit(1)
    )


def plant(owner: User, *, now: datetime) -> Workspace:
    """Make the demo world for someone, once; return it, or the one that they have."""
    known = demo_of(owner)
    if known is not None:
        return known
    chance = random.Random(18)  # noqa: S311  - the same world each time
    workspace = found_workspace(bakery.NAME, owner, time_zone=bakery.TIME_ZONE)
    workspace.is_demo = True
    workspace.postal_address, workspace.accent_color = bakery.ADDRESS, bakery.ACCENT
    name, email, reply_to = bakery.SENDER
    db.session.add(Sender(workspace_id=workspace.id, name=name, email=email, reply_to=reply_to))
    for label, key, kind, choices in bakery.FIELDS:
        create_field(workspace.id, label, key=key, type=kind, choices=choices)
    lists = [_make_list(workspace, one, now - _MONTHS) for one in bakery.LISTS]
    guests = _guests(workspace, lists, now=now, chance=chance)
    _insert_guests(workspace, guests)
    weekly = lists[0]
    readers = [guest.reader for guest in guests if weekly in guest.lists and not guest.is_pending]
    for words in bakery.SENT:
        _send(workspace, weekly, words, readers, owner=owner, now=now, chance=chance)
    create_draft(workspace.id, _draft(workspace, bakery.DRAFT, weekly), by=owner.id)
    _insert_places(workspace, weekly, guests)
    _insert_suppressions(workspace, guests)
    for name, conditions in bakery.SEGMENTS:
        tree = {"type": "group", "match": "all", "conditions": conditions}
        create_segment(workspace.id, name, tree, now=now, actor_id=owner.id)
    return workspace


@patiently()
def remove(workspace: Workspace) -> None:
    """Delete a demo world and everything in it.

    :raises Forbidden: it is a real workspace
    """
    if not workspace.is_demo:
        raise Forbidden("Only a demo world can be removed like this; this is a real workspace.")
    # What there is most of goes first, one statement each: left to the workspace's own
    # cascade, every row would be looked for once for each of its parents.
    for model in (Open, Click, Delivery, ConsentRecord, Subscription, Subscriber):
        db.session.execute(
            delete(model).where(model.workspace_id == workspace.id),
            execution_options={"synchronize_session": False},
        )
    db.session.execute(
        delete(Workspace).where(Workspace.id == workspace.id),
        execution_options={"synchronize_session": False},
    )
    db.session.expire_all()


def _make_list(workspace: Workspace, one: bakery.BakeryList, at: datetime) -> MailingList:
    made = create_list(
        workspace.id,
        ListSettings(
            one.name,
            description=one.description,
            opt_in=one.opt_in,
            visibility=one.visibility,
            consent_words=bakery.CONSENT_WORDS,
        ),
    )
    made.created_at = at
    return made


def _guests(
    workspace: Workspace, lists: Sequence[MailingList], *, now: datetime, chance: random.Random
) -> list[_Guest]:
    tags = {tag.name: tag.id for tag in tags_named(workspace.id, [name for name, _ in bakery.TAGS])}
    guests = []
    made_up = people(seed=18, domains=PROVIDERS)
    for person, joined_at in zip(made_up, _arrivals(now, chance), strict=False):
        reader = Reader(
            id=id_at(joined_at),
            email=person.email,
            joined_at=joined_at,
            # Some read everything, many read now and then.
            interest=min(0.97, chance.betavariate(1.3, 1.5) + 0.02),
            locale=person.locale,
        )
        guest = _Guest(person, reader, _fields(person, chance))
        guest.lists = [
            made for made, one in zip(lists, bakery.LISTS, strict=True) if chance.random() < one.share
        ] or [lists[0]]
        guest.tags = [tags[name] for name, share in bakery.TAGS if chance.random() < share]
        guest.is_pending = now - joined_at < _LATELY and chance.random() < _UNCONFIRMED
        if chance.random() < _LEAVES and not guest.is_pending:
            reader.left_at = joined_at + (now - joined_at) * chance.uniform(0.1, 0.95)
        if chance.random() < _LEAVES and not guest.is_pending:
            guest.left_others_at = joined_at + (now - joined_at) * chance.uniform(0.2, 1)
        guests.append(guest)
    return guests


def _arrivals(now: datetime, chance: random.Random) -> Iterator[datetime]:
    """Yield when people came: ever more of them, few at night, a market day now and then."""
    markets = [chance.uniform(0.15, 1) for _ in range(6)]
    shares = []
    for _ in range(READERS):
        share = chance.random() ** 0.5
        if chance.random() < 0.12:
            share = min(0.999, abs(chance.choice(markets) - chance.expovariate(1 / 0.004)))
        shares.append(share)
    start = now - _MONTHS
    for share in sorted(shares):
        moment = start + _MONTHS * share
        yield min(moment, now - timedelta(minutes=5))


def _fields(person: Person, chance: random.Random) -> dict[str, Any]:
    fields: dict[str, Any] = {"city": person.city}
    if chance.random() < 0.6:
        fields["favourite_bread"] = chance.choice(bakery.BREADS)
    if chance.random() < 0.4:
        fields["loyalty_points"] = int(chance.expovariate(1 / 120))
    if chance.random() < 0.25:
        fields["birthday"] = (
            f"{chance.randint(1950, 2004)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        )
    return fields


def _insert_guests(workspace: Workspace, guests: Sequence[_Guest]) -> None:
    db.session.execute(
        insert(Subscriber),
        [
            {
                "id": guest.reader.id,
                "created_at": guest.reader.joined_at,
                "updated_at": guest.reader.joined_at,
                "workspace_id": workspace.id,
                "email": guest.person.email,
                "email_key": address_key(guest.person.email),
                "name": guest.person.name,
                "locale": guest.person.locale,
                "time_zone": guest.person.time_zone,
                "fields": guest.fields,
            }
            for guest in guests
        ],
    )
    db.session.execute(
        insert(subscriber_tags),
        [{"subscriber_id": guest.reader.id, "tag_id": tag} for guest in guests for tag in guest.tags],
    )


def _draft(workspace: Workspace, words: bakery.Words, weekly: MailingList) -> Draft:
    name, email, reply_to = bakery.SENDER
    return Draft(
        name=words.name,
        subject=words.subject,
        preheader=words.preheader,
        from_name=name,
        from_email=email,
        reply_to=reply_to,
        format=Format.MARKDOWN,
        body=words.body,
        template=next(iter(published_templates(workspace.id)), None),
        lists=[weekly],
    )


def _send(
    workspace: Workspace,
    weekly: MailingList,
    words: bakery.Words,
    readers: Sequence[Reader],
    *,
    owner: User,
    now: datetime,
    chance: random.Random,
) -> None:
    """Write down a campaign as one that was sent, and what became of it."""
    assert words.ago is not None
    campaign = create_draft(workspace.id, _draft(workspace, words, weekly), by=owner.id)
    message = freeze_message(campaign, prepared_for_tracking(campaign, freeze(design_of(campaign))))
    launched = (now - words.ago).replace(hour=8, minute=30, second=0, microsecond=0)
    ended = launched + timedelta(minutes=1)
    campaign.created_at, campaign.updated_at = launched - timedelta(hours=26), launched
    campaign.message, campaign.status = message, CampaignStatus.FINISHED
    campaign.launched_at, campaign.prepared_at, campaign.finished_at = launched, launched, ended
    db.session.flush()
    db.session.add(
        Run(
            campaign_id=campaign.id,
            workspace_id=workspace.id,
            message_id=message.id,
            list_ids=[str(weekly.id)],
            started_at=launched,
            prepared_at=launched,
            ended_at=ended,
        )
    )
    links = len(message.links) if message.trap_link is None else message.trap_link
    pulls = [*words.pulls, *[0.02] * links][:links]
    results = results_of(
        campaign, weekly.id, readers, appeal=words.appeal, pulls=pulls, now=now, chance=chance
    )
    db.session.flush()
    # Deliveries first: the others refer to them.
    for model in sorted(results.rows, key=lambda model: model is not Delivery):
        if results.rows[model]:
            db.session.execute(insert(model), results.rows[model])
    rebuild_report(campaign)


def _insert_places(workspace: Workspace, weekly: MailingList, guests: Sequence[_Guest]) -> None:
    """Put everyone on their lists as they stand now, with the proof of how it came to that."""
    places: list[dict[str, Any]] = []
    proofs: list[dict[str, Any]] = []
    words = keep_words(workspace.id, bakery.CONSENT_WORDS)
    for guest in guests:
        for mailing_list in guest.lists:
            left_at = guest.reader.left_at if mailing_list is weekly else guest.left_others_at
            places.append(_place(workspace, mailing_list, guest, left_at))
            proofs.extend(_proofs(workspace, mailing_list, guest, left_at, words))
    db.session.execute(insert(Subscription), places)
    db.session.execute(insert(ConsentRecord), proofs)


def _place(
    workspace: Workspace, mailing_list: MailingList, guest: _Guest, left_at: datetime | None
) -> dict[str, Any]:
    joined_at = guest.reader.joined_at
    status = SubscriptionStatus.UNSUBSCRIBED if left_at else SubscriptionStatus.ACTIVE
    return {
        "id": uuid7(),
        "created_at": joined_at,
        "workspace_id": workspace.id,
        "list_id": mailing_list.id,
        "subscriber_id": guest.reader.id,
        "status": SubscriptionStatus.PENDING if guest.is_pending else status,
        "started_at": None if guest.is_pending else joined_at + timedelta(minutes=3),
        "ended_at": left_at,
        "confirmation_sent_at": joined_at,
    }


def _proofs(
    workspace: Workspace,
    mailing_list: MailingList,
    guest: _Guest,
    left_at: datetime | None,
    words: str | None,
) -> Iterator[dict[str, Any]]:
    joined_at, because_of = guest.reader.joined_at, guest.reader.because_of
    steps: list[tuple[Act, Channel, datetime, UUID | None]] = [
        (Act.REQUESTED, Channel.SIGNUP_PAGE, joined_at, None)
    ]
    if not guest.is_pending:
        steps.append((Act.CONFIRMED, Channel.CONFIRMATION_PAGE, joined_at + timedelta(minutes=3), None))
    if left_at:
        is_by_mail = because_of is not None and left_at == guest.reader.left_at
        via = Channel.ONE_CLICK if is_by_mail else Channel.PREFERENCE_PAGE
        steps.append((Act.UNSUBSCRIBED, via, left_at, because_of if is_by_mail else None))
    for act, via, at, delivery_id in steps:
        yield {
            "id": id_at(at),
            "created_at": at,
            "workspace_id": workspace.id,
            "subscriber_id": guest.reader.id,
            "list_id": mailing_list.id,
            "act": act,
            "via": via,
            "words_hash": None if act is Act.UNSUBSCRIBED else words,
            "locale": guest.person.locale,
            "delivery_id": delivery_id,
        }


def _insert_suppressions(workspace: Workspace, guests: Sequence[_Guest]) -> None:
    rows = [
        {
            "created_at": guest.reader.suppressed_at,
            "workspace_id": workspace.id,
            "email_key": address_key(guest.person.email),
            "reason": SuppressionReason.HARD_BOUNCE,
            "detail": "550 5.1.1 The email account that you tried to reach does not exist",
            "delivery_id": guest.reader.because_of,
        }
        for guest in guests
        if guest.reader.has_bounced
    ]
    if rows:
        db.session.execute(insert(Suppression), rows)
